"""Who is online: the door between the web pages and whatever opens the way, the gate or the preview."""

from dataclasses import dataclass
from typing import Protocol


class AccessError(Exception):
    """The way could not be opened or asked for; the text is for the log, the visitor reads a plain sentence."""


@dataclass(frozen=True)
class Visitor:
    """A browser as the web page sees it: its IP address, and the preview's cookie ("" where there is none)."""

    address: str
    cookie: str = ""


@dataclass(frozen=True)
class Opened:
    """An accept that took effect: seconds granted, running sessions on this node, and whether one was extended."""

    seconds: int
    sessions: int
    extended: bool


class Access(Protocol):
    """What the web pages need to know and do."""

    preview: bool

    def remaining_s(self, visitor: Visitor) -> int | None:
        """Seconds the visitor is still online, or None while captive; AccessError if nobody can tell."""

    def open(self, visitor: Visitor, seconds: int) -> Opened:
        """Let the visitor out for `seconds`; AccessError if that failed."""
