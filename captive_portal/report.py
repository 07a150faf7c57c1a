"""Reports to the node's agent, off the request path: a bounded queue, a thread, and a count of what was lost."""

import json
import logging
import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from edge.wire import format_ms

_log = logging.getLogger(__name__)
_LONGEST_QUEUE = 500
_PATIENCE_S = 5.0

Clients = Callable[[], int | None]


class Reports:
    """Hands {"kind": "portal", ...} to agent.sock; keeps trying in order, drops the newest when the queue is full."""

    def __init__(self, socket_path: Path, clients: Clients = lambda: None) -> None:
        self.handed_over = 0
        self.lost = 0
        self._path, self._clients = str(socket_path), clients
        self._queue: queue.Queue[dict[str, object]] = queue.Queue(_LONGEST_QUEUE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        """Begin to hand over."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is still queued counts as lost."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)
        self.lost += self._queue.qsize()
        if self.lost:
            _log.warning("%d reports could not be handed to the agent", self.lost)

    @property
    def waiting(self) -> int:
        """Reports not yet handed over."""
        return self._queue.qsize()

    def portal(self, event: str, clients: int) -> None:
        """Queue an accept, extend or end with the number of clients; never blocks."""
        self._put({"kind": "portal", "event": event, "clients": clients})

    def session(self, device: str, until_ms: int) -> None:
        """Queue what the town's other nodes need to let this device in: its hash of the day and its end."""
        self._put({"kind": "session", "device": device, "until": format_ms(until_ms)})

    def alarm(self, code: str, text: str) -> None:
        """Queue something that a technician must know."""
        self._put({"kind": "alarm", "code": code, "text": text})

    def _put(self, report: dict[str, object]) -> None:
        try:
            self._queue.put_nowait(report)
        except queue.Full:
            self.lost += 1

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                report = self._queue.get(timeout=0.5)
            except queue.Empty:
                continue
            stations = self._clients() if report["kind"] == "portal" else None
            self._deliver(report if stations is None else {**report, "clients": stations})

    def _deliver(self, report: dict[str, object]) -> None:
        """Send until the agent took it or refused it; a refusal is final and counted."""
        while not self._stop.is_set():
            try:
                answer = self._send(report)
            except (OSError, ValueError):
                self._stop.wait(_PATIENCE_S)
                continue
            if answer.get("ok") is True:
                self.handed_over += 1
            else:
                self.lost += 1
                _log.warning("the agent refused a report: %s", answer.get("error"))
            return
        self.lost += 1

    def _send(self, report: dict[str, object]) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.connect(self._path)
            connection.sendall(json.dumps(report).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = json.loads(lines.readline(4096))
        if not isinstance(answer, dict):
            raise OSError("the agent answered something else than an object")
        return answer
