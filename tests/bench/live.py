"""2,000 phones on the live stream beside a page that writes: does each get each tick, and who waits for whom?

`python -m tests.bench.live`: the live server, a Flask page on granian's WSGI server and the load run as processes
of their own, over real sockets on loopback. Prints figures; a slow machine is no failure.
"""

import argparse
import asyncio
import http.client
import json
import math
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
import psutil

from hub.core.db import Database
from hub.live import asgi, rules

CLIENTS = 2000
TICKS = 20
SETTLE_SECONDS = 3.0
PAGE_SECONDS = 10.0
PAGE_RATE = 50  # requests a second
_SITE = {"id": "thermarium", "name": "Parkplatz Thermarium", "lat": 49.24012, "lon": 9.10321, "capacity": 250}
_STATE = {"free": 120, "occupied": 128, "unknown": 1, "faulty": 1, "updated_at": "2026-12-10T14:32:05.000Z"}


def snapshot() -> bytes:
    """A body as large as Bad Rappenau's 16 car parks; it carries the moment of the tick (ns, system-wide clock)."""
    return json.dumps({"t": time.monotonic_ns(), "sites": [{**_SITE, **_STATE}] * 16}).encode()


def serve_live(port: int) -> None:
    """The live server with the product's own pace."""
    application = asgi.Application(snapshot, rules.allowed_origins("http://localhost:8080"), asgi.file_limits())
    asgi.run_application(application, "127.0.0.1", port)


def create_page() -> flask.Flask:
    """A page whose POST is one committed transaction."""
    page = flask.Flask(__name__)
    database = Database(f"sqlite:///{os.environ['BENCH_DIR']}/page.db")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS booking (id INTEGER PRIMARY KEY, at INTEGER)")
    statement = "INSERT INTO booking (at) VALUES (?)"

    @page.post("/book")
    def book() -> str:
        database.write(lambda session: session.connection().exec_driver_sql(statement, (time.time_ns(),)))
        return flask.render_template_string("<p>{{ words }}</p>", words="Gebucht " * 200)

    return page


def serve_page(port: int) -> None:
    """The page on the server that `hub serve --only web` uses."""
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "tests.bench.live:create_page",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=8,
        backpressure=1000,
        workers_kill_timeout=2,
        log_enabled=False,
    ).serve()


class Phone(asyncio.Protocol):
    """One SSE client: notes how long each tick took to arrive (seconds)."""

    def __init__(self, delays: dict[int, list[float]]) -> None:
        self._delays = delays
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"GET /api/parking/stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            _, found, body = event.partition(b'{"t": ')
            if found:
                tick = int(body[: body.index(b",")])
                self._delays.setdefault(tick, []).append((now - tick) / 1e9)


async def _phones(port: int, count: int, ticks: int) -> dict[int, list[float]]:
    loop, delays = asyncio.get_running_loop(), {}
    for start in range(0, count, 100):
        made = (loop.create_connection(lambda: Phone(delays), "127.0.0.1", port) for _ in range(start, start + 100))
        await asyncio.gather(*made)
    await asyncio.sleep(SETTLE_SECONDS)
    delays.clear()
    await asyncio.sleep(ticks + 0.5)
    return {tick: got for tick, got in delays.items() if tick > min(delays)}


def run_phones(port: int) -> None:
    """The load process; prints one JSON line."""
    asgi.file_limits()
    delays = asyncio.run(_phones(port, CLIENTS, TICKS))
    flat = sorted(delay for got in delays.values() for delay in got)
    last = max(delays)  # the newest tick may still be on its way when the measurement ends
    missing = sum(CLIENTS - len(got) for tick, got in delays.items() if tick != last)
    print(
        json.dumps({"ticks": len(delays), "missing": missing, "p50": quantile(flat, 0.5), "p99": quantile(flat, 0.99)})
    )


def page_times(port: int, seconds: float) -> list[float]:
    """Sorted answer times (s) of POSTs at a fixed rate on one kept connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    times, start = [], time.monotonic()
    for number in range(int(seconds * PAGE_RATE)):
        time.sleep(max(0.0, start + number / PAGE_RATE - time.monotonic()))
        begun = time.monotonic()
        connection.request("POST", "/book", b"")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        times.append(time.monotonic() - begun)
    return sorted(times)


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return values[max(math.ceil(share * len(values)) - 1, 0)]


def memory_mb(process: psutil.Process) -> float:
    """PSS of a process and its children in MB."""
    family = [process, *process.children(recursive=True)]
    return float(sum(member.memory_full_info().pss for member in family)) / 1e6


def measure(directory: str) -> dict[str, float]:
    """One run: the page alone, the page beside the phones, the page alone again."""
    live_port, page_port = free_port(), free_port()
    with program("serve_live", live_port, directory) as live, program("serve_page", page_port, directory) as page:
        wait_for(live_port), wait_for(page_port)
        page_times(page_port, 1.0)
        alone = page_times(page_port, PAGE_SECONDS / 2)
        load = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.live", "run_phones", str(live_port)], stdout=subprocess.PIPE, text=True
        )
        time.sleep(SETTLE_SECONDS + 4.0)
        beside = page_times(page_port, PAGE_SECONDS)
        memory = {"live_mb": memory_mb(psutil.Process(live.pid)), "page_mb": memory_mb(psutil.Process(page.pid))}
        figures = json.loads(load.communicate()[0])
        alone = sorted(alone + page_times(page_port, PAGE_SECONDS / 2))
    return {**figures, **memory, "alone": quantile(alone, 0.99), "beside": quantile(beside, 0.99)}


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as directory:
        got = measure(directory)
    memory = psutil.virtual_memory().total / 1e9
    print(f"machine: {os.cpu_count()} cores {platform.machine()}, {memory:.0f} GB, Python {platform.python_version()}")
    print(f"{CLIENTS} SSE clients, {len(snapshot())} bytes a tick, {got['ticks']:.0f} ticks, load on the same machine")
    print(f"ticks that did not arrive: {got['missing']:.0f} (goal 0)")
    print(f"tick to client: p50 {got['p50'] * 1e3:.0f} ms, p99 {got['p99'] * 1e3:.0f} ms (goal < 500 ms)")
    rise = got["beside"] - got["alone"]
    print(f"page with a commit, p99: alone {got['alone'] * 1e3:.1f} ms, beside {got['beside'] * 1e3:.1f} ms")
    print(f"  rise {rise * 1e3:.1f} ms (goal < 20 ms)")
    print(f"memory (PSS): live server {got['live_mb']:.0f} MB, page server {got['page_mb']:.0f} MB")


@contextmanager
def program(part: str, port: int, directory: str) -> Iterator[subprocess.Popen[bytes]]:
    """A part of this file as a process; ended with SIGTERM."""
    command = [sys.executable, "-m", "tests.bench.live", part, str(port)]
    process = subprocess.Popen(command, env={**os.environ, "BENCH_DIR": directory}, cwd=Path(__file__).parents[2])
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens; ConnectionError after 15 s."""
    for _ in range(150):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise ConnectionError(f"nobody listens on port {port}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("serve_live", "serve_page", "run_phones"))
    parser.add_argument("port", nargs="?", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.part is None:
        main()
    else:
        globals()[chosen.part](chosen.port)
