"""Log-ins beside bare argon2, and what eight at once cost everybody else: `make bench-login`.

One at a time: the web process as it runs for people, a log-in with the right password over HTTP, and in turn with each
the bare argon2 check of the same hash in a process that does nothing else. Eight at once: people who are refused try
again when the page says so, or at once; somebody else asks for the snapshot, a phone listens to the live stream.
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import psutil
from argon2 import PasswordHasher

from edge import wire
from hub import app, intake, setup
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.ingest import api as ingest
from hub.settings import Settings
from tests.bench.live import free_port, quantile, wait_for

RUNS, LOGINS, AT_ONCE = 5, 60, 8
SECONDS, SNAPSHOTS_A_SECOND, CHANGE_SECONDS = 30.0, 40, 1.3
TICK_SECONDS, LATE_SECONDS = 1.0, 0.5
SITE, PASSWORD = "thermarium", "salz wasser rosen turm"


class Browser:
    """Somebody at the log-in page, over one kept connection."""

    def __init__(self, port: int, name: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._connection.request("GET", "/anmelden", headers={"Host": f"localhost:{port}"})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        token = text.split('name="csrf" value="')[1].split('"')[0]
        self._body = urlencode({"csrf": token, "name": name, "password": PASSWORD})
        self._headers = {
            "Host": f"localhost:{port}",
            "Cookie": answer.headers["Set-Cookie"].split(";")[0],
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def log_in(self) -> tuple[float, int, str]:
        """(seconds, status, Retry-After); every time a new session."""
        begun = time.perf_counter()
        self._connection.request("POST", "/anmelden", self._body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return time.perf_counter() - begun, answer.status, answer.headers.get("Retry-After", "")


def one_at_a_time(port: int, stored: str) -> tuple[list[float], list[float]]:
    """Sorted seconds of log-ins, and of bare checks that took turns with them."""
    browser, bare = Browser(port, "person1"), PasswordHasher()
    log_ins, checks = [], []
    for number in range(LOGINS + 5):
        took, status, _ = browser.log_in()
        assert status == 303, status
        begun = time.perf_counter()
        bare.verify(stored, PASSWORD)
        check = time.perf_counter() - begun
        if number >= 5:  # warm by then
            log_ins.append(took)
            checks.append(check)
    return sorted(log_ins), sorted(checks)


def run_logins(port: int, _live_port: int, *, patient: bool) -> None:
    """The load: eight people at once for some seconds; prints one JSON line."""
    counted: Counter[str] = Counter()
    end = time.monotonic() + SECONDS

    def person(number: int) -> None:
        browser = Browser(port, f"person{number}")
        while time.monotonic() < end:
            _, status, retry_after = browser.log_in()
            friendly = status == 503 and int(retry_after or 0) > 0
            counted["in" if status == 303 else "try again" if friendly else f"status {status}"] += 1
            if friendly and patient:
                time.sleep(min(int(retry_after), max(end - time.monotonic(), 0)))

    people = [threading.Thread(target=person, args=(number,)) for number in range(1, AT_ONCE + 1)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    print(json.dumps(counted))


run_patient, run_impatient = partial(run_logins, patient=True), partial(run_logins, patient=False)


def run_phone(_port: int, live_port: int) -> None:
    """A phone on the live stream; says when it is ready, then (occupied bays, moment) of each snapshot as JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", live_port, timeout=30)  # a heartbeat comes every 15 s
    connection.request("GET", "/api/parking/stream")
    answer, seen, end = connection.getresponse(), [], float("inf")
    while time.monotonic() < end:
        line = answer.readline()
        if line.startswith(b"data:"):
            sites = json.loads(line.removeprefix(b"data:"))["sites"]
            occupied = next(site["occupied"] for site in sites if site["id"] == SITE)
            if not seen:
                print("ready", flush=True)
                end = time.monotonic() + SECONDS + 3
            seen.append((occupied, time.time()))
    print(json.dumps(seen))


def publish(database: Database, state: str, until: float) -> dict[int, float]:
    """One bay changes every 1.3 s, so that no tick has two; occupied bays of the site -> when it was stored."""
    senders = intake.known_senders(database)
    bays = [(bay, node) for node, found in senders.items() for bay in sorted(found) if bay.startswith(SITE)]
    most = min(len(bays), int(SECONDS / CHANGE_SECONDS))
    stored, due = {}, time.monotonic()
    for count, (bay, node) in enumerate(bays[:most], 1):
        time.sleep(max(due - time.monotonic(), 0.0))
        due += CHANGE_SECONDS
        if time.monotonic() > until:
            break
        now = now_ms()
        reading = {"v": 1, "outbox": f"bench{now}", "seq": 1, "ts": wire.format_ms(now), "bay": bay, "state": state}
        message = ingest.Incoming(f"node/v1/{node}/bay", json.dumps(reading).encode(), now)
        database.write(ingest.Batch([message], senders, now).store)
        stored[count if state == "occupied" else most - count] = time.time()
    return stored


def snapshots(port: int, until: float) -> list[float]:
    """Sorted seconds that snapshot requests took, at a fixed rate on a kept connection."""
    connection, times = http.client.HTTPConnection("127.0.0.1", port, timeout=10), []
    due = time.monotonic()
    while time.monotonic() < until:
        time.sleep(max(due - time.monotonic(), 0.0))
        due += 1 / SNAPSHOTS_A_SECOND
        begun = time.monotonic()
        connection.request("GET", "/api/parking/sites")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        times.append(time.monotonic() - begun)
    return sorted(times)


def eight_at_once(port: int, live_port: int, database: Database, people: str) -> dict[str, float]:
    """Figures of one run; `people` is run_patient or run_impatient."""
    phone = _part("run_phone", port, live_port)
    assert phone.stdout is not None
    assert phone.stdout.readline() == "ready\n"
    load = _part(people, port, live_port)
    until = time.monotonic() + SECONDS
    found: dict[str, list[float]] = {}
    asking = [
        threading.Thread(target=lambda: found.update(web=snapshots(port, until))),
        threading.Thread(target=lambda: found.update(live=snapshots(live_port, until))),
    ]
    for one in asking:
        one.start()
    stored = publish(database, "occupied" if people == "run_patient" else "free", until)
    for one in asking:
        one.join()
    seen, counted = (json.loads(part.communicate()[0]) for part in (phone, load))
    arrived: dict[int, float] = {}
    for occupied, at in seen:
        arrived.setdefault(occupied, at)
    delays = sorted(arrived[count] - at for count, at in stored.items() if count in arrived)
    late = sum(delay > TICK_SECONDS + LATE_SECONDS for delay in delays)
    return {
        "web": quantile(found["web"], 0.99),
        "live": quantile(found["live"], 0.99),
        "changes": len(stored),
        "missed": len(stored) - len(delays) + late,
        "delay": delays[-1],
        "in": counted.pop("in", 0),
        "again": counted.pop("try again", 0),
        "strange": sum(counted.values()),
    }


def _part(name: str, port: int, live_port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.login", name, str(port), str(live_port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def town(directory: Path) -> Iterator[tuple[int, int, Settings]]:
    """The web and the live process on the town's own data; (port, live port, settings)."""
    port, live_port = free_port(), free_port()
    settings = Settings(state_dir=directory, port=port, live_port=live_port)
    setup.migrate(settings)
    setup.seed(settings)
    for number in range(1, AT_ONCE + 1):
        setup.set_admin(settings, f"person{number}", password=PASSWORD)
    ours = {"HUB_STATE_DIR": str(directory), "HUB_PORT": str(port), "HUB_LIVE_PORT": str(live_port)}
    command = [sys.executable, "-m", "hub", "serve", "--only"]
    running = [subprocess.Popen([*command, part], env={**os.environ, **ours}) for part in ("web", "live")]
    try:
        wait_for(port), wait_for(live_port)
        yield port, live_port, settings
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(10)


def main() -> None:
    """Measures and prints."""
    memory = psutil.virtual_memory().total / 1e9
    print(f"machine: {os.cpu_count()} cores {platform.machine()}, {memory:.0f} GB, Python {platform.python_version()}")
    stored = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1).hash(PASSWORD)
    with tempfile.TemporaryDirectory() as directory, town(Path(directory)) as (port, live_port, settings):
        say_one_at_a_time([one_at_a_time(port, stored) for _ in range(RUNS)])
        events.wire(app.events_of(settings))
        database = Database(settings.database)
        for people, words in (("run_patient", "after the pause that the page asks for"), ("run_impatient", "at once")):
            say_eight_at_once(eight_at_once(port, live_port, database, people), words)
        database.close()


def say_one_at_a_time(rounds: Sequence[tuple[list[float], list[float]]]) -> None:
    """Prints the ratios of every run and their median."""
    bare_ms = statistics.median(statistics.median(bare) for _, bare in rounds) * 1e3
    print(f"log-in with password, one at a time, {LOGINS} in each of {RUNS} runs; bare argon2 {bare_ms:.0f} ms:")
    ratios = {
        "p95 : p95 of bare argon2": [quantile(ours, 0.95) / quantile(bare, 0.95) for ours, bare in rounds],
        "p95 : its median": [quantile(ours, 0.95) / statistics.median(bare) for ours, bare in rounds],
        "median : its median": [statistics.median(ours) / statistics.median(bare) for ours, bare in rounds],
    }
    for name, found in ratios.items():
        each = ", ".join(f"{one:.2f}" for one in found)
        print(f"  {name} {statistics.median(found):.2f}x (goal 1.3x; {each})")


def say_eight_at_once(got: Mapping[str, float], words: str) -> None:
    """Prints the figures of one run."""
    print(f"{AT_ONCE} log-ins at once for {SECONDS:.0f} s, refused ones try again {words}:")
    print(f"  {got['in']:.0f} in, {got['again']:.0f} asked to try again (503), {got['strange']:.0f} else (goal 0)")
    print(f"  snapshot meanwhile, p99: web {got['web'] * 1e3:.0f} ms, live {got['live'] * 1e3:.0f} ms (goal < 100 ms)")
    print(
        f"  live ticks with news {got['changes']:.0f}, missed {got['missed']:.0f} (goal 0), latest {got['delay']:.2f} s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("run_patient", "run_impatient", "run_phone"))
    parser.add_argument("port", nargs="?", type=int, default=0)
    parser.add_argument("live_port", nargs="?", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.part is None:
        main()
    else:
        globals()[chosen.part](chosen.port, chosen.live_port)
