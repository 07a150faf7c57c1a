"""The live server: a small ASGI application without Flask, because thousands of open streams need an event loop."""

import asyncio
import logging
import os
import random
import resource
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NoReturn

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from hub.live import rules
from hub.live.api import Ring, Source
from hub.settings import Settings

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LIMITS, _PACE = rules.Limits(), rules.Pace()
_STALE_SECONDS = 30.0
_GOODBYE_SECONDS = 1.0
_SPARE_FILES = 200  # descriptors for the database, the log and plain requests


class Application:
    """The ASGI application: stream, snapshot with ETag, health. `start` and `stop` run its ticker."""

    def __init__(
        self,
        source: Source,
        origins: frozenset[str],
        limits: rules.Limits = _LIMITS,
        pace: rules.Pace = _PACE,
    ) -> None:
        self.ring = Ring(epoch=f"{time.time_ns() // 1_000_000:x}")
        self.streams: Counter[str] = Counter()
        self._source, self._origins, self._limits, self._pace = source, origins, limits, pace
        self._thread = ThreadPoolExecutor(1, "snapshot")
        self._tasks: list[asyncio.Task[None]] = []
        self._last_success = 0.0
        self._failing = False

    @property
    def connections(self) -> int:
        """How many connections the server may hold: the streams and some room for plain requests."""
        return self._limits.total + _SPARE_FILES // 2

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        routes = {"/api/parking/stream": self._stream, "/api/parking/sites": self._sites, "/healthz": self._health}
        route = routes.get(scope["path"])
        if route is None:
            await self._answer(scope, send, 404, b'{"error":"There is no such page here."}')
        elif scope["method"] not in ("GET", "HEAD"):
            await self._answer(scope, send, 405, b'{"error":"Only GET is possible here."}', {b"allow": b"GET, HEAD"})
        else:
            await route(scope, receive, send)

    def start(self) -> None:
        """Starts asking the source; call it inside the running loop."""
        self._tasks = [asyncio.create_task(self._ask_every_tick()), asyncio.create_task(self._beat())]

    async def stop(self) -> None:
        """Ends all streams and gives them a moment to say goodbye."""
        for task in self._tasks:
            task.cancel()
        self.ring.close()
        deadline = time.monotonic() + _GOODBYE_SECONDS
        while self.streams.total() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _ask_every_tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._ask(loop)
            due = max(due + self._pace.tick_seconds, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            body = await loop.run_in_executor(self._thread, self._source)
        except Exception:  # a locked or restarting database must not end the streams
            if not self._failing:
                log.exception("no snapshot; trying again each tick")
            self._failing = True
            return
        self._failing, self._last_success = False, time.monotonic()
        if body != self.ring.body:
            self.ring.publish(body)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._pace.heartbeat_seconds)
            self.ring.wake()

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = scope["client"][0] if scope.get("client") else ""
        if self.ring.closed or not rules.admits(address, self.streams[address], self.streams.total(), self._limits):
            body = b'{"error":"Too many open streams. Please poll /api/parking/sites."}'
            await self._answer(scope, send, 503, body, {b"retry-after": b"30"})
            return
        headers = {b"content-type": b"text/event-stream", b"cache-control": b"no-store", b"x-accel-buffering": b"no"}
        if scope["method"] == "HEAD":
            await self._answer(scope, send, 200, b"", headers)
            return
        await send({"type": "http.response.start", "status": 200, "headers": self._headers(scope, headers)})
        with self._counted(address):
            await self._feed(_header(scope, b"last-event-id"), receive, send)

    async def _feed(self, last_event_id: str, receive: Receive, send: Send) -> None:
        ring, position = self.ring, self.ring.enter(last_event_id)
        departure = asyncio.ensure_future(_departure(receive))
        retry = b"retry: %d\n\n" % random.randint(1000, 4000)  # noqa: S311 (spreads the reconnects after a restart)
        chunk = retry + ring.since(position)
        try:
            while not departure.done() and not ring.closed:
                position = ring.sequence
                async with asyncio.timeout(self._pace.send_seconds):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                if position == ring.sequence:
                    await _either(ring.wait(), departure)
                chunk = ring.since(position) or rules.HEARTBEAT
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.info("dropped a client that reads too slowly")
        finally:
            departure.cancel()

    async def _sites(self, scope: Scope, receive: Receive, send: Send) -> None:
        ring = self.ring
        if not ring.sequence:
            body = b'{"error":"No figures yet. Please try again in a moment."}'
            await self._answer(scope, send, 503, body, {b"retry-after": b"2"})
            return
        headers = {b"etag": ring.etag.encode(), b"cache-control": b"no-cache"}
        if rules.is_current(_header(scope, b"if-none-match"), ring.etag):
            await self._answer(scope, send, 304, b"", headers)
        else:
            await self._answer(scope, send, 200, ring.body, headers)

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        fresh = time.monotonic() - self._last_success < _STALE_SECONDS and self._last_success > 0
        body = b'{"ok":%b,"streams":%d}' % (b"true" if fresh else b"false", self.streams.total())
        await self._answer(scope, send, 200 if fresh else 503, body)

    async def _answer(
        self, scope: Scope, send: Send, status: int, body: bytes, extra: dict[bytes, bytes] | None = None
    ) -> None:
        headers = {b"content-type": b"application/json", **(extra or {})}
        if status != 304 and not headers[b"content-type"].startswith(b"text/event-stream"):
            headers[b"content-length"] = b"%d" % len(body)
        await send({"type": "http.response.start", "status": status, "headers": self._headers(scope, headers)})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _headers(self, scope: Scope, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        origin = _header(scope, b"origin")
        cors = {b"access-control-allow-origin": origin.encode()} if origin in self._origins else {}
        return [*headers.items(), *cors.items(), (b"vary", b"Origin"), (b"x-content-type-options", b"nosniff")]

    @contextmanager
    def _counted(self, address: str) -> Iterator[None]:
        self.streams[address] += 1
        try:
            yield
        finally:
            self.streams[address] -= 1
            if not self.streams[address]:
                del self.streams[address]


def create(settings: Settings, source: Source, limits: rules.Limits | None = None) -> Application:
    """The application for these settings; `source` gives the newest sites body as JSON bytes."""
    return Application(source, rules.allowed_origins(settings.public_url), limits or file_limits())


def run(settings: Settings, source: Source) -> NoReturn:
    """Serves until SIGTERM or SIGINT, ends every open stream properly, then ends the process."""
    run_application(create(settings, source), settings.host, settings.live_port)


def run_application(application: Application, host: str, port: int) -> NoReturn:
    """The same for an application that is made already. OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()  # granian would end in a panic
    asyncio.run(serve(application, host, port))
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)  # a thread of granian that meets the interpreter's tear-down aborts the process


async def serve(application: Application, host: str, port: int) -> None:
    """Granian inside this process: main and worker apart would cost 20 MB more."""
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=2048,
        backpressure=application.connections,
        http1_settings=HTTP1Settings(max_buffer_size=16 * 1024),
        websockets=False,
        log_level=LogLevels.error,
    )
    server.workers_kill_timeout = 2
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    application.start()
    serving = asyncio.create_task(server.serve())
    await asyncio.wait({serving, asyncio.create_task(stopping.wait())}, return_when=asyncio.FIRST_COMPLETED)
    await application.stop()
    stop: Callable[[], None] = server.stop
    stop()
    await serving


def file_limits() -> rules.Limits:
    """As many streams as this process may have descriptors, after raising the soft limit to the hard one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return rules.Limits(total=max(most - _SPARE_FILES, 1))


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _either(first: asyncio.Future[None], second: asyncio.Future[None]) -> None:
    """Until one of both is done; cheaper than asyncio.wait, which makes tasks and sets."""
    if second.done():
        return

    def hurry(_: object) -> None:
        if not first.done():
            first.set_result(None)

    second.add_done_callback(hurry)
    await first
    second.remove_done_callback(hurry)
