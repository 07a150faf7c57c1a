"""2,000 nodes against one hub: message rate, CPU share and memory of the hub, the fleet page's p95: `make bench-fleet`.

Every node sends its status and one durable message a minute to a real Mosquitto, over 20 connections; ingest, worker,
live and web are processes of their own on SQLite. Each node has a configuration that the worker must tell it first.
"""

import http.client
import json
import os
import platform
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge import wire
from hub import setup
from hub.account import api as account
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.settings import Settings
from tests.bench.bigtown import part
from tests.bench.live import quantile
from tests.bench.memory import pss_mb
from tests.servers import Mosquitto, free_port, wait_for_port

NODES, A_SITE, CONNECTIONS, PERIOD_S = 2000, 10, 20, 60.0
SETTLE_S, QUIET_S, PAGES = 70.0, 60.0, 120
FIRST_LOOKS, ALONE_S, FILES = 8, 10.5, 20  # so long after the last page nothing of it is used again
WANTED_CPU, WANTED_P95_MS = 40, 150
PARTS = ("ingest", "worker", "web", "live")
PATHS = (
    "/admin/knoten",
    "/admin/knoten?ordnung=clients",
    "/admin/knoten?q=0017",
    "/admin/knoten?zustand=good&ordnung=certificate&seite=20",
    "/admin/knoten?was=backup&ordnung=load&ab=1",
    "/admin/knoten?software=stadtknoten%201.1.0&ring=rest",
    "/admin/knoten?ort=9.090000,49.230000,9.105000,49.240000",
)
EXPORTS = (("/admin/knoten.geojson", b"FeatureCollection"), ("/admin/knoten.json", b"node-1999"))


def town(directory: Path) -> Path:
    """A town of 1,000 WiFi nodes and 1,000 boards at 200 sites, on the real town's map."""
    source = Settings().town_dir
    shutil.copytree(source, directory)
    chance, nodes, sites = random.Random(7), [], []
    for number in range(NODES):
        site = f"site{number // A_SITE:03d}"
        place = {"lat": 49.238 + chance.gauss(0, 0.006), "lon": 9.102 + chance.gauss(0, 0.009)}
        if number % A_SITE == 0:
            sites.append({"id": site, "name": {"de": site, "en": site}, "short": {"de": site, "en": site}, **place})
        name = f"node-{number:04d}"
        entry = {"id": name, "site": site, "name": {"de": f"Knoten {number:04d}", "en": f"Node {number:04d}"}, **place}
        more = (
            {"role": "wifi", "capacity": 100} if number % 2 else {"role": "sensors", "bays": [bay(number), bay(number)]}
        )
        nodes.append(entry | more)
    (directory / "nodes.json").write_text(json.dumps({"nodes": nodes}))
    (directory / "sites.json").write_text(json.dumps({"sites": sites}))
    return directory


def bay(number: int) -> str:
    """The one bay of a board."""
    return f"site{number // A_SITE:03d}-{number % A_SITE + 1:03d}"


class Nodes:
    """Sends what 2,000 nodes say, spread over a minute, until it is stopped."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self._stop = threading.Event()
        self._clients = [self._client(port, number) for number in range(CONNECTIONS)]
        self._seq = [0] * NODES
        self._began = now_ms()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more."""
        self._stop.set()
        self._thread.join(10)
        for client in self._clients:
            client.disconnect()
            client.loop_stop()

    @staticmethod
    def _client(port: int, number: int) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, f"bench-{number}", protocol=MQTTProtocolVersion.MQTTv5)
        client.max_inflight_messages_set(500)
        client.connect("127.0.0.1", port)
        client.loop_start()
        return client

    def _run(self) -> None:
        begin, step = time.monotonic(), PERIOD_S / NODES
        for turn in range(10**9):
            if self._stop.wait(max(0.0, begin + turn * step - time.monotonic())):
                return
            self._speak(turn % NODES)

    def _speak(self, number: int) -> None:
        name, client = f"node-{number:04d}", self._clients[number % CONNECTIONS]
        now = now_ms()
        stamps: dict[str, object] = {
            "ts": wire.format_ms(now),
            "synced": True,
            "boot": f"b{number}",
            "up_ms": now % 10**9,
        }
        client.publish(
            wire.up(name, "status"), wire.encode("status", stamps | self._status(number, now)), qos=1, retain=True
        )
        self._seq[number] += 1
        body = stamps | {"outbox": f"o{number}", "seq": self._seq[number]}
        if number % 2:
            client.publish(
                wire.up(name, "portal"), wire.encode("portal", body | {"event": "accept", "clients": 7}), qos=1
            )
        else:
            state = wire.BAY_STATES[self._seq[number] % 2]
            client.publish(wire.up(name, "bay"), wire.encode("bay", body | {"bay": bay(number), "state": state}), qos=1)
        self.sent += 2

    def _status(self, number: int, now: int) -> dict[str, object]:
        return {
            "state": "online",
            "outbox": f"o{number}",
            "software": f"stadtknoten 1.{number % 3}.0",
            "protocol": "MQTT 5",
            "uptime_s": 86_400 + (now - self._began) // 1000,
            "waiting": 0,
            "temperature_c": 40 + number % 30,
            "memory_mb": 31.2,
            "load_percent": number % 90,
            "clients": number % 95,
            "capacity": 100,
            "bays": [] if number % 2 else [bay(number)],
            "config_v": 1,
            "throttled": 0,
            "disk_free_mb": 9000,
            "disk_worn_percent": 10,
            "certificate_until": wire.format_ms(now + (30 + number % 60) * 86_400_000),
        }


def make_hub(directory: Path, port: int) -> tuple[dict[str, str], str]:
    """A hub with the town, a configuration for each node and somebody who is logged in; (environment, cookie)."""
    facts = town(directory / "town")
    settings = Settings(state_dir=directory, town=str(facts))
    setup.migrate(settings)
    database = Database(settings.database)
    for module in (fleet, parking):
        database.write(lambda session, module=module: module.seed(session, facts))
    by = fleet.By("bench", "cli", now_ms())
    wifi = {"zone": "Europe/Berlin", "hours": [[["06:00", "23:00"]]] * 7}
    for number in range(NODES):
        name = f"node-{number:04d}"
        if number % 2:
            database.write(lambda session, name=name: fleet.set_wifi(session, name, wifi, by))
        else:
            database.write(lambda session, name=name: fleet.set_config(session, name, {"max_flips": 8}, {}, by))
    password = account.create_admin(database, "leitstelle")
    person = account.login.authenticate(database, "leitstelle", password, "127.0.0.1", now_ms())
    if person is None:
        raise RuntimeError("the administrator cannot log in")
    cookie = database.write(lambda session: account.sessions.open_session(session, person, now_ms()))
    database.close()
    ports = {"HUB_PORT": str(free_port()), "HUB_LIVE_PORT": str(free_port())}
    broker = {"HUB_BROKER_URL": f"mqtt://127.0.0.1:{port}", "HUB_TOWN": str(facts)}
    return {
        **os.environ,
        "HUB_STATE_DIR": str(directory),
        **ports,
        **broker,
        "HUB_PUBLIC_URL": "http://localhost:1",
    }, cookie


def cpu_seconds(processes: Sequence[psutil.Process]) -> list[float]:
    """User and system time of each process with its children."""
    found = []
    for process in processes:
        family = [process, *process.children(recursive=True)]
        found.append(sum(sum(one.cpu_times()[:2]) for one in family))
    return found


def page_ms(port: int, cookie: str, path: str, mark: bytes = b'id="liste"') -> float:
    """Milliseconds of one page; RuntimeError unless it is the page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.perf_counter()
    connection.request("GET", path, headers={"Cookie": f"sk_session={cookie}"})
    answer = connection.getresponse()
    text = answer.read()
    took = (time.perf_counter() - began) * 1000
    connection.close()
    if answer.status != 200 or mark not in text:
        raise RuntimeError(f"{path}: {answer.status}")
    return took


def measure(directory: Path, broker: Mosquitto) -> None:
    """Prints every figure."""
    environment, cookie = make_hub(directory, broker.port)
    commands = (("ingest",), *(("serve", "--only", name) for name in PARTS[1:]))
    running = [part(environment, *command) for command in commands]
    processes = [psutil.Process(process.pid) for process in running]
    port = int(environment["HUB_PORT"])
    try:
        wait_for_port(port)
        nodes = Nodes(broker.port)
        time.sleep(SETTLE_S)  # every node has spoken once, every configuration is told
        before, sent, began = cpu_seconds(processes), nodes.sent, time.monotonic()
        time.sleep(QUIET_S)
        seconds = time.monotonic() - began
        shares = [(after - first) / seconds * 100 for first, after in zip(before, cpu_seconds(processes), strict=True)]
        print(f"{NODES} nodes, {(nodes.sent - sent) / seconds:.0f} messages/s, no page asked for:")
        for name, share, process in zip(PARTS, shares, running, strict=True):
            print(f"  {name:7} {share:5.1f} % of a core, {pss_mb(process.pid):5.0f} MB PSS")
        print(f"  hub     {sum(shares):5.1f} % of a core (under {WANTED_CPU} wanted)")
        for path in PATHS:  # the first page of a process compiles its template
            page_ms(port, cookie, path)
        times = sorted(page_ms(port, cookie, PATHS[number % len(PATHS)]) for number in range(PAGES))
        first = []
        for _ in range(FIRST_LOOKS):
            time.sleep(ALONE_S)
            first.append(page_ms(port, cookie, PATHS[0]))
        files = {mark: sorted(page_ms(port, cookie, path, mark) for _ in range(FILES)) for path, mark in EXPORTS}
        bare = sorted(page_ms(port, cookie, "/healthz", b"") for _ in range(PAGES))
        median, p95 = statistics.median(times), quantile(times, 0.95)
        print(f"fleet page with it: median {median:.0f} ms, p95 {p95:.0f} ms (at most {WANTED_P95_MS} wanted)")
        print(
            f"the first page of somebody who comes: median {statistics.median(first):.0f} ms, worst {max(first):.0f} ms"
        )
        for (path, _mark), took in zip(EXPORTS, files.values(), strict=True):
            print(f"{path}, every node: median {statistics.median(took):.0f} ms, p95 {quantile(took, 0.95):.0f} ms")
        print(f"/healthz beside it: median {statistics.median(bare):.0f} ms, p95 {quantile(bare, 0.95):.0f} ms")
        nodes.stop()
        time.sleep(3)
        _prove(directory, nodes.sent)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(15)


def _prove(directory: Path, sent: int) -> None:
    database = Database(Settings(state_dir=directory).database)
    with database.read() as session:
        lines = fleet.lines(session, now_ms(), "de")
        heard = sum(line.last_seen is not None for line in lines)
        applied = sum(line.config == "applied" for line in lines)
        open_outages = len(fleet.outages_now(session))
    database.close()
    print(
        f"sent {sent} messages; {heard} of {NODES} nodes heard, {applied} configurations in use, {open_outages} outages"
    )


def main() -> None:
    """Everything in one empty directory."""
    print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Mosquitto(directory / "mosquitto", extra=("max_inflight_messages 2000",)) as broker:
            measure(directory / "hub", broker)


if __name__ == "__main__":
    main()
