"""Growth: a day without the line, 10,000 bays, a year of history, and what 16 bays cost a node: `make bench-scale`."""

import http.client
import json
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
from hub.core.db import Database
from hub.parking import api as parking
from hub.settings import Settings
from tests.bench.bigtown import make_hub, part
from tests.bench.live import quantile
from tests.bench.memory import pss_mb
from tests.bench.replay import BAYS_A_NODE, HOUR_MS, NODES, replay
from tests.servers import Mosquitto, wait_for_port

SITES, BAYS_A_SITE, CHANGES_PER_S, SECONDS = 200, 50, 50, 30


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
