"""Who is online: the door between the web pages and whatever opens the way, the gate or the preview."""

from dataclasses import dataclass
from typing import Protocol


class AccessError(Exception):
    """The way could not be opened or asked for; the text is for the log, `reason` ("quota", "full", "unknown" or "")
    tells which plain sentence the visitor reads."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Visitor:
    """A browser as the web page sees it: its IP address, and the preview's cookie ("" where there is none)."""

    address: str
    cookie: str = ""


@dataclass(frozen=True)
class Standing:
    """Where a visitor stands. `seconds` None = captive; `bytes_left` None = no quota; `spent_s`: the quota is used up
    for so many seconds. `closed` is a word why nobody (or not this device) is let in, `opens_ms` when that ends;
    `device` is the device's number for today, which a technician may be told."""

    seconds: int | None
    bytes_left: int | None = None
    spent_s: int | None = None
    closed: str = ""
    opens_ms: int | None = None
    device: str = ""


@dataclass(frozen=True)
class Opened:
    """An accept that took effect: seconds granted, running sessions on this node, whether one was extended, and the
    device's hash of the day with the session's end, for the town's other nodes ("" and 0 in the preview)."""

    seconds: int
    sessions: int
    extended: bool
    device: str = ""
    until_ms: int = 0


class Access(Protocol):
    """What the web pages need to know and do."""

    preview: bool

    def look(self, visitor: Visitor) -> Standing:
        """Whether the visitor is online and for how long; AccessError if nobody can tell."""

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        """Let the visitor out for `seconds`; AccessError if that failed."""

    def count(self) -> dict[str, int]:
        """sessions, spent, places, bytes; AccessError if nobody can tell."""
