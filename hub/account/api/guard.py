"""The process's one hashing thread, and how fast one may guess or have mails sent."""

from functools import cache

from hub.account.api.hashing import Hasher
from hub.account.api.throttle import Throttle, plate_keys


class ThrottledError(Exception):
    """Too many tries; `seconds` until the next one."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@cache
def current_hasher() -> Hasher:
    """Made at the first use."""
    return Hasher()


@cache
def current_throttle() -> Throttle:
    """Made at the first use."""
    return Throttle()


def hasher() -> Hasher:
    """argon2id in one thread."""
    return current_hasher()


def throttle() -> Throttle:
    """Remembered failures."""
    return current_throttle()


def require_calm(wait_ms: int) -> None:
    """ThrottledError when one must wait."""
    if wait_ms:
        raise ThrottledError(-(-wait_ms // 1000))


def allow_plate(address: str, now: int, stay: str = "") -> None:
    """Counts a plate that somebody typed, for a new stay or a known one; ThrottledError when these are too many."""
    require_calm(throttle().take(plate_keys(stay, address), now))
