"""Local unix socket: other programs of the node hand in their reports, which enter the same outbox.

One JSON object a line; the answer is {"ok": true, "seq": n} or {"ok": false, "error": "a plain sentence"}.
{"kind": "show"} stores nothing: its answer says how the agent is, for `stadtknoten-edge doctor`.
"""

import contextlib
import json
import logging
import os
import socketserver
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

_log = logging.getLogger(__name__)
MAX_LINE = 8 * 1024  # bytes
_SILENCE_S = 10.0
_MAX_CONNECTIONS = 16

Show = Callable[[], dict[str, object]]
Accept = Callable[[str, dict[str, object]], int]  # (kind, fields) -> seq; ValueError with a plain sentence


class Intake:
    """Listens on `<directory>/agent.sock` (mode 0660) until closed."""

    def __init__(self, directory: Path, accept: Accept, show: Show = dict) -> None:
        self.path = directory / "agent.sock"
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()  # left by a killed agent; a living one holds the directory's lock
        # A unix socket's path is limited to 107 bytes, a state directory's is not: go through an open directory.
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._server = _Server(f"/proc/self/fd/{descriptor}/agent.sock", accept, show)
        finally:
            os.close(descriptor)
        self.path.chmod(0o660)
        self._thread = threading.Thread(target=self._server.serve_forever, name="intake", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stops and removes the socket."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: str, accept: Accept, show: Show) -> None:
        self.accept, self.show = accept, show
        self.free = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        super().__init__(path, _Conversation)

    def handle_error(self, request: object, client_address: object) -> None:
        _log.exception("a report could not be taken")


class _Conversation(socketserver.StreamRequestHandler):
    timeout = _SILENCE_S
    server: _Server

    def handle(self) -> None:
        if not self.server.free.acquire(blocking=False):
            self._answer({"ok": False, "error": "too many programs talk to the agent at once"})
            return
        try:
            with contextlib.suppress(OSError):  # it went away or fell silent
                self._talk()
        finally:
            self.server.free.release()

    def _talk(self) -> None:
        while line := self.rfile.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                self._answer({"ok": False, "error": f"the report is longer than {MAX_LINE} bytes"})
                return
            self._answer(answer(line, self.server.accept, self.server.show))

    def _answer(self, body: dict[str, object]) -> None:
        self.wfile.write(json.dumps(body).encode() + b"\n")


def answer(line: bytes, accept: Accept, show: Show = dict) -> dict[str, object]:  # noqa: PLR0911 (one a refusal)
    """The answer to one line; the report is stored by `accept` when it is a valid one."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return {"ok": False, "error": "the report is not JSON"}
    if not isinstance(body, dict):
        return {"ok": False, "error": "the report is not a JSON object"}
    kind = body.pop("kind", None)
    if kind == "show":
        return {"ok": True, **show()}
    if kind not in ("portal", "alarm", "session"):
        return {"ok": False, "error": "kind must be portal, alarm or session"}
    try:
        return {"ok": True, "seq": accept(kind, body)}
    except ValueError as error:
        return {"ok": False, "error": str(error)}
    except (sqlite3.Error, OSError) as error:
        _log.error("a %s report could not be stored: %s", kind, error)
        return {"ok": False, "error": "the agent could not store the report"}
