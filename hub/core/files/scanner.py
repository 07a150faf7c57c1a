"""Asking ClamAV's daemon about bytes: the INSTREAM command over TCP or a unix socket."""

import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK = 64 * 1024
_ANSWER_BYTES = 4096
SECONDS = 30.0  # for the whole question, not for each step of it


class UnavailableError(Exception):
    """No verdict: the daemon is away, too slow, or could not look."""


@dataclass(frozen=True)
class Clamd:
    """clamd://host:port or unix:///path of a running clamd."""

    url: str
    seconds: float = SECONDS

    def is_clean(self, content: bytes) -> bool:
        """False when something was found; UnavailableError without a clear answer."""
        deadline = time.monotonic() + self.seconds
        try:
            with self._connect() as wire:
                answer = _ask(wire, content, deadline)
        except OSError as error:
            raise UnavailableError(type(error).__name__) from error
        if answer.endswith(": OK"):
            return True
        if answer.endswith(" FOUND"):
            return False
        raise UnavailableError("clamd gave no verdict")

    def _connect(self) -> socket.socket:
        parts = urlsplit(self.url)
        if parts.scheme == "clamd":
            return socket.create_connection((parts.hostname or "localhost", parts.port or 3310), self.seconds)
        wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        wire.settimeout(self.seconds)
        try:
            wire.connect(parts.path)
        except OSError:
            wire.close()
            raise
        return wire


def _ask(wire: socket.socket, content: bytes, deadline: float) -> str:
    wire.sendall(b"zINSTREAM\0")
    for at in range(0, len(content), _CHUNK):
        chunk = content[at : at + _CHUNK]
        _set_time_left(wire, deadline)
        wire.sendall(len(chunk).to_bytes(4, "big") + chunk)
    wire.sendall(bytes(4))
    answer = b""
    while b"\0" not in answer and len(answer) < _ANSWER_BYTES:
        _set_time_left(wire, deadline)
        part = wire.recv(_ANSWER_BYTES)
        if not part:
            raise ConnectionError("clamd hung up")
        answer += part
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _set_time_left(wire: socket.socket, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    wire.settimeout(left)
