"""How a snapshot looks on the wire and who may listen."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

HEARTBEAT = b": still here\n\n"  # a comment: proxies see traffic, EventSource ignores it
RESYNC = b"event: resync\ndata: {}\n\n"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Limits:
    """Open streams: `per_address` fits a whole WiFi node behind one address, `total` the process's file limit."""

    per_address: int = 256
    total: int = 19_000


@dataclass(frozen=True)
class Pace:
    """How often the source is asked, an idle stream hears a heartbeat, and how long one send may take."""

    tick_seconds: float = 0.5
    heartbeat_seconds: float = 15.0
    send_seconds: float = 10.0  # a client that takes no byte for so long is dropped


def encode(event_id: str, body: bytes) -> bytes:
    """One SSE event `snapshot`; a line break in the body becomes a second data line, as the format wants it."""
    data = b"\ndata: ".join(body.splitlines() or [b""])
    return b"id: %b\nevent: snapshot\ndata: %b\n\n" % (event_id.encode(), data)


def event_id(epoch: str, sequence: int) -> str:
    """Names a snapshot; `epoch` is new at each start of the process, so an old id is never mistaken."""
    return f"{epoch}-{sequence}"


def sequence_of(last_event_id: str, epoch: str) -> int | None:
    """The sequence number in an id of this start of the process; None for any other text."""
    start, _, number = last_event_id.rpartition("-")
    return int(number) if start == epoch and number.isascii() and number.isdigit() and len(number) < 16 else None


def etag(body: bytes) -> str:
    """A strong ETag of the body."""
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def is_current(if_none_match: str, tag: str) -> bool:
    """True when the client has this version already (RFC 9110, 13.1.2: weak comparison)."""
    known = [candidate.strip().removeprefix("W/") for candidate in if_none_match.split(",")]
    return "*" in known or tag in known


def admits(address: str, open_here: int, open_total: int, limits: Limits) -> bool:
    """May one more stream be opened? A proxy on this machine counts addresses itself, so loopback has no own limit."""
    if open_total >= limits.total:
        return False
    return address in LOOPBACK or open_here < limits.per_address


def allowed_origins(public_url: str) -> frozenset[str]:
    """Origins whose pages may read the stream: the public one; on a demo machine under each of its loopback names."""
    parts = urlsplit(public_url)
    port = f":{parts.port}" if parts.port else ""
    hosts = {"localhost", "127.0.0.1", "[::1]"} if parts.hostname in LOOPBACK else {parts.hostname or ""}
    return frozenset(f"{parts.scheme}://{host}{port}" for host in hosts)
