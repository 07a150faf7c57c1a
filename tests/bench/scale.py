"""Growth: a day without the line, 10,000 bays, a year of history, and what 16 bays cost a node: `make bench-scale`."""

import http.client
import json
import os
import platform
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge import wire
from edge.agent import Agent
from edge.bays import Pinger
from edge.config import Broker, Config, State
from edge.mock import MockBoard
from edge.outbox import CHANGE, Message, Outbox
from edge.ticker import Ticker
from hub import setup
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.settings import Settings
from tests.bench.live import quantile
from tests.bench.memory import pss_mb
from tests.servers import Mosquitto, free_port, wait_for_port

HOUR_MS = 3_600_000
NODES, BAYS_A_NODE, CHANGES_A_BAY = 25, 16, 24  # 400 bays, 9,600 events
SITES, BAYS_A_SITE, CHANGES_PER_S, SECONDS = 200, 50, 50, 30
LIVE_S = 12.0


def town(directory: Path, sites: int, bays: int) -> Path:
    """Data files of a town with so many car parks, one board each."""
    directory.mkdir(parents=True)
    names = [f"site{number:03d}" for number in range(sites)]
    place = {"lat": 49.24, "lon": 9.1}
    facts = [
        {"id": name, "name": {"de": name, "en": name}, "short": {"de": name, "en": name}, **place} for name in names
    ]
    boards = [
        {"id": f"{name}-b1", "role": "sensors", "site": name, "name": {"de": name, "en": name}, **place}
        | {"bays": [f"{name}-001", f"{name}-{bays:03d}"]}
        for name in names
    ]
    (directory / "sites.json").write_text(json.dumps({"sites": facts}))
    (directory / "nodes.json").write_text(json.dumps({"nodes": boards}))
    return directory


def make_hub(directory: Path, port: int, sites: int, bays: int) -> dict[str, str]:
    """A migrated database with the town; the environment of the hub's processes."""
    facts = town(directory / "town", sites, bays)
    settings = Settings(state_dir=directory)
    setup.migrate(settings)
    database = Database(settings.database)
    database.write(lambda session: fleet.seed(session, facts))
    database.write(lambda session: parking.seed(session, facts))
    database.close()
    live = {"HUB_LIVE_PORT": str(free_port()), "HUB_PUBLIC_URL": "http://localhost:8080"}
    return {**os.environ, "HUB_STATE_DIR": str(directory), "HUB_BROKER_URL": f"mqtt://127.0.0.1:{port}", **live}


def part(environment: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    """A process of the hub."""
    return subprocess.Popen([sys.executable, "-m", "hub", *words], env=environment, stderr=subprocess.DEVNULL)


# --- a day without the line


def backlog(directory: Path, name: str, site: str) -> int:
    """Fills a node's outbox with a day's changes; repetitions were made only where the line was there. Returns rows."""
    chance, now = random.Random(name), time.time_ns() // 1_000_000
    outbox = Outbox(directory / "outbox.db")
    moments = sorted(now - chance.randrange(24 * HOUR_MS) for _ in range(BAYS_A_NODE * CHANGES_A_BAY))
    messages = [
        Message("bay", _body(f"{site}-{number % BAYS_A_NODE + 1:03d}", number // BAYS_A_NODE, moment), CHANGE)
        for number, moment in enumerate(moments)
    ]
    outbox.put(messages)
    rows = outbox.last
    outbox.close()
    return rows


def _body(bay: str, number: int, ts: int) -> dict[str, object]:
    return {"ts": wire.format_ms(ts), "synced": True, "bay": bay, "state": wire.BAY_STATES[number % 2]}


class Watch:
    """When live readings became visible in the database: (node, seq) -> seconds after they were made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._made: dict[tuple[str, int], float] = {}
        self.delays: list[float] = []
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def made(self, node: str, seq: int) -> None:
        with self._lock:
            self._made[node, seq] = time.monotonic()

    def end(self) -> list[float]:
        time.sleep(1.5)
        self._ended.set()
        self._thread.join()
        return sorted(self.delays)

    def _look(self) -> None:
        with sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, check_same_thread=False) as database:
            while not self._ended.wait(0.005):
                with self._lock:
                    waiting = list(self._made)
                for key in waiting:
                    query = "SELECT 1 FROM ingest_message WHERE node = ? AND seq = ?"
                    if database.execute(query, key).fetchone():
                        with self._lock:
                            self.delays.append(time.monotonic() - self._made.pop(key))


def run_nodes(directory: str, port: str) -> None:
    """The load process: 25 agents with full outboxes that connect when told to, and live readings when told to."""
    base = Path(directory)
    ticker, pinger = Ticker(0.5), Pinger(5.0)
    agents = []
    for number in range(NODES):
        name = f"site{number:03d}-b1"
        bays = ()
        state = State(base / "nodes" / name)
        config = Config(name, name, Broker("127.0.0.1", int(port)), state, bays, portal=False, status_s=3600)
        agents.append(Agent(config, ticker, pinger, MockBoard(bays)))
    ticker.start()
    print("ready", flush=True)
    chance = random.Random(1)
    connected = False
    for line in sys.stdin:
        if line.strip() == "connect" and not connected:
            connected = True
            for agent in agents:
                agent.start()
        elif line.strip() == "live":
            agent = chance.choice(agents)
            number = agents.index(agent)
            body = _body(
                f"site{number:03d}-{chance.randint(1, 16):03d}", chance.randint(0, 1), time.time_ns() // 1_000_000
            )
            row = agent.outbox.put([Message("bay", body, CHANGE)])[-1]
            ticker.wake(agent)
            print(f"{agent.config.name} {row.seq}", flush=True)


def replay() -> tuple[float, list[float], list[float]]:
    """(seconds to replay the day, live delays during it, live delays afterwards), of one run."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Mosquitto(directory / "mosquitto", extra=("max_inflight_messages 2000",)) as broker:
            environment = make_hub(directory, broker.port, NODES, BAYS_A_NODE)
            rows = 0
            for number in range(NODES):
                folder = directory / "nodes" / f"site{number:03d}-b1"
                folder.mkdir(parents=True)
                rows += backlog(folder, folder.name, f"site{number:03d}")
            ingest = part(environment, "ingest")
            load = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.scale", "nodes", name, str(broker.port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert load.stdin is not None
            assert load.stdout is not None
            load.stdout.readline()
            time.sleep(2)
            watch = Watch(directory / "hub.db")
            began = time.monotonic()
            print("connect", file=load.stdin, flush=True)
            took = _live_until_stored(load, watch, directory / "hub.db", rows, began)
            during = watch.end()
            after_watch = Watch(directory / "hub.db")
            _live(load, after_watch, LIVE_S / 2)
            after = after_watch.end()
            for process in (load, ingest):
                process.kill()
                process.wait()
    return took, during, after


def _live_until_stored(load: "subprocess.Popen[str]", watch: Watch, file: Path, rows: int, began: float) -> float:
    took = 0.0
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        while time.monotonic() - began < LIVE_S:
            _live(load, watch, 0.1)
            stored = database.execute("SELECT count(*) FROM ingest_message").fetchone()[0]
            if not took and stored >= rows:
                took = time.monotonic() - began
    return took or float("inf")


def _live(load: "subprocess.Popen[str]", watch: Watch, seconds: float) -> None:
    assert load.stdin is not None
    assert load.stdout is not None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        print("live", file=load.stdin, flush=True)
        node, seq = load.stdout.readline().split()
        watch.made(node, int(seq))
        time.sleep(0.1)


# --- 10,000 bays


class Phone(threading.Thread):
    """One SSE client: when each car park's number of free bays was first seen."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self.seen: dict[tuple[str, int], float] = {}
        self.now: dict[str, int] = {}

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("GET", "/api/parking/stream", headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        for line in answer:
            if line.startswith(b"data: {"):
                at = time.monotonic()
                for site in json.loads(line[6:]).get("sites", ()):
                    if self.now.get(site["id"]) != site["free"]:
                        self.now[site["id"]] = site["free"]
                        self.seen[site["id"], site["free"]] = at


def many_bays() -> list[float]:
    """Seconds from a bay's change, handed to the broker, to the phone that shows it; sorted."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Mosquitto(directory / "mosquitto", extra=("max_inflight_messages 2000",)) as broker:
            environment = make_hub(directory, broker.port, SITES, BAYS_A_SITE)
            ingest, live = part(environment, "ingest"), part(environment, "serve", "--only", "live")
            client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench", protocol=MQTTProtocolVersion.MQTTv5)
            client.max_inflight_messages_set(2000)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            try:
                wait_for_port(int(environment["HUB_LIVE_PORT"]))
                time.sleep(2)
                _say_all(client, directory / "hub.db")
                phone = Phone(int(environment["HUB_LIVE_PORT"]))
                phone.start()
                time.sleep(3)
                return _change(client, phone)
            finally:
                client.loop_stop()
                for process in (ingest, live):
                    process.kill()
                    process.wait()


def _say(client: mqtt.Client, site: str, seq: int, bay: int, state: str) -> None:
    body: dict[str, object] = {"outbox": "aa", "seq": seq, "ts": wire.format_ms(time.time_ns() // 1_000_000)}
    payload = wire.encode("bay", {**body, "synced": True, "bay": f"{site}-{bay:03d}", "state": state})
    client.publish(wire.up(f"{site}-b1", "bay"), payload, qos=1)


def _say_all(client: mqtt.Client, file: Path) -> None:
    """Every bay is free."""
    for site in range(SITES):
        for bay in range(1, BAYS_A_SITE + 1):
            _say(client, f"site{site:03d}", bay, bay, "free")
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        while database.execute("SELECT count(*) FROM ingest_message").fetchone()[0] < SITES * BAYS_A_SITE:
            time.sleep(0.1)


def _change(client: mqtt.Client, phone: Phone) -> list[float]:
    """Each change takes one more bay of the next car park, so that its number of free bays names the change."""
    made: dict[tuple[str, int], float] = {}
    start = time.monotonic()
    for number in range(CHANGES_PER_S * SECONDS):
        time.sleep(max(0.0, start + number / CHANGES_PER_S - time.monotonic()))
        site, turn = f"site{number % SITES:03d}", number // SITES + 1
        made[site, BAYS_A_SITE - turn] = time.monotonic()
        _say(client, site, BAYS_A_SITE + turn, turn, "occupied")
    time.sleep(4)
    return sorted(phone.seen.get(key, float("inf")) - at for key, at in made.items())


# --- a year of history


def year() -> tuple[int, list[float], float]:
    """(events, milliseconds of "occupancy by hour of week" of one car park and of all, seconds to sum up an hour)."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        make_hub(directory, 1, NODES, BAYS_A_NODE)
        database = Database(Settings(state_dir=directory).database)
        end = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)
        events = _fill_year(database, end)
        times: list[float] = []
        zone = ZoneInfo("Europe/Berlin")
        for site in ["site001", None] * 5:
            began = time.perf_counter()
            with database.read() as session:
                week = parking.by_hour_of_week(session, site, end - 365 * 24 * HOUR_MS, end, zone)
            times.append((time.perf_counter() - began) * 1000)
            assert len(week) == 168
            assert None not in week
        began = time.perf_counter()
        with database.read() as session:
            sums = parking.sum_up(session, end)
        took = time.perf_counter() - began
        assert sums.marks
        database.close()
    return events, times, took


def _fill_year(database: Database, end: int) -> int:
    """24 changes a day and bay as readings, and the hours they add up to, written in blocks."""
    start, events = end - 365 * 24 * HOUR_MS, 0
    for number in range(NODES):
        site, chance = f"site{number:03d}", random.Random(number)
        rows = [
            (
                f"{site}-{bay:03d}",
                start + hour * HOUR_MS + chance.randrange(HOUR_MS),
                "aa",
                hour,
                ("free", "occupied")[hour % 2],
                "b1",
                2_100_000,
            )
            for bay in range(1, BAYS_A_NODE + 1)
            for hour in range(365 * 24)
        ]
        hours = [(site, start + hour * HOUR_MS, 9 * HOUR_MS, 7 * HOUR_MS, 0, 0) for hour in range(365 * 24)]

        def work(session: object, rows: list = rows, hours: list = hours, site: str = site) -> None:
            run = session.connection().exec_driver_sql
            run(
                "INSERT INTO parking_reading (bay, ts, outbox, seq, state, boot, trusted_ms) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            run(
                "INSERT INTO parking_hour (site, hour_ms, free, occupied, unknown, faulty) VALUES (?, ?, ?, ?, ?, ?)",
                hours,
            )
            run("INSERT INTO parking_dirty (site, hour_ms, marks) VALUES (?, ?, 1)", [(site, end - HOUR_MS)])

        with database.engine.begin() as connection:
            from sqlalchemy.orm import Session

            work(Session(connection))
        events += len(rows)
    return events


# --- 16 bays on one node


def node_cost() -> tuple[float, float]:
    """(PSS in MB, percent of one core) of an agent with 8 ultrasonic, 7 digital and a magnetic bay, over 30 s."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Mosquitto(directory / "mosquitto") as broker:
            lines = [
                f'[node]\nname = "lake-b1"\nportal = false\n[broker]\nurl = "{broker.url}"\n'
                f'[state]\ndirectory = "{directory}/s"'
            ]
            for bay in range(8):
                pins = f"trigger = {bay + 4}\necho = {bay + 14}"
                lines.append(f'[[bays]]\nid = "lake-{bay + 1:03d}"\nsensor = "ultrasonic"\n{pins}')
            for bay, pin in enumerate((2, 3, 12, 13, 22, 23, 24)):
                lines.append(f'[[bays]]\nid = "lake-{bay + 9:03d}"\nsensor = "loop"\npin = {pin}')
            lines.append('[[bays]]\nid = "lake-016"\nsensor = "magnetometer"\nbaseline_ut = [20, -3, 44]')
            config = directory / "node.toml"
            config.write_text("\n".join(lines))
            command = [sys.executable, "-m", "edge", "--mock", "--config", str(config)]
            agent = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            process = psutil.Process(agent.pid)
            time.sleep(15)
            before = sum(process.cpu_times()[:2])
            time.sleep(30)
            spent = sum(process.cpu_times()[:2]) - before
            memory = pss_mb(agent.pid)
            agent.kill()
            agent.wait()
    return memory, spent / 30 * 100


def main() -> None:
    """Prints every figure."""
    if sys.argv[1:2] == ["nodes"]:
        run_nodes(*sys.argv[2:4])
        return
    print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    memory, share = node_cost()
    print(f"node with 16 bays (8 ultrasonic): {memory:.0f} MB PSS (at most 40), {share:.2f} % of a core (at most 2)")
    runs = [replay() for _ in range(3)]
    took = statistics.median(run[0] for run in runs)
    during = statistics.median(quantile(run[1], 0.99) for run in runs)
    after = statistics.median(quantile(run[2], 0.99) for run in runs)
    print(f"a day offline of {NODES * BAYS_A_NODE} bays: replayed in {took:.1f} s (under 10, median of {len(runs)})")
    print(f"  live readings p99: {during * 1e3:.0f} ms meanwhile, {after * 1e3:.0f} ms afterwards (1,000 more at most)")
    delays = many_bays()
    print(
        f"{SITES * BAYS_A_SITE:,} bays, {CHANGES_PER_S} changes/s: change to phone "
        f"p50 {quantile(delays, 0.5) * 1e3:.0f} ms, p99 {quantile(delays, 0.99) * 1e3:.0f} ms (under 1,000), "
        f"missed {sum(one == float('inf') for one in delays)}"
    )
    events, times, took = year()
    print(
        f"a year of 400 bays ({events / 1e6:.1f} M events): occupancy by hour of week, one car park "
        f"{statistics.median(times[::2]):.0f} ms, all {statistics.median(times[1::2]):.0f} ms (under 200); "
        f"one hour of all car parks summed up in {took * 1e3:.0f} ms"
    )


if __name__ == "__main__":
    main()
