"""Passwords, sessions and how fast one may guess. Times are milliseconds UTC."""

import re
from dataclasses import dataclass

MINUTE = 60_000
MIN_PASSWORD = 12  # characters, for a password that a person chose
MAX_PASSWORD = 256  # more would only cost time
SESSION_MS = 12 * 60 * MINUTE
IDLE_MS = 2 * 60 * MINUTE
TOUCH_MS = MINUTE  # "last seen" is written at most so often
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


@dataclass(frozen=True)
class Session:
    """When a session began, when it ends at the latest, when it was used last."""

    created_at: int
    expires_at: int
    last_seen_at: int


@dataclass(frozen=True)
class Limit:
    """At most `failures` wrong log-ins within `window_ms`."""

    failures: int
    window_ms: int = 15 * MINUTE


# A name alone has no limit: otherwise anybody could lock the admin out. Guessing from many addresses
# is held back by the one hashing thread (about ten tries a second for the whole world).
NAME_AND_ADDRESS = Limit(failures=5)
ADDRESS = Limit(failures=20)


def normal_name(name: str) -> str:
    """The form in which names are stored and compared."""
    return name.strip().lower()


def name_problem(name: str) -> str | None:
    """A sentence when `name` cannot be a log-in name."""
    if _NAME.fullmatch(name):
        return None
    return "a name has 2 to 40 characters: a-z, 0-9, dot, hyphen, underscore"


def password_problem(password: str, name: str) -> str | None:
    """A sentence when a password that a person chose is too weak (length counts, as BSI and NIST advise)."""
    if len(password) < MIN_PASSWORD:
        return f"a password has at least {MIN_PASSWORD} characters"
    if len(password) > MAX_PASSWORD:
        return f"a password has at most {MAX_PASSWORD} characters"
    if name in password.lower():
        return "a password does not contain the name"
    if len(set(password)) < 5:
        return "a password has at least 5 different characters"
    return None


def new_session(now: int) -> Session:
    """A session that begins now."""
    return Session(now, now + SESSION_MS, now)


def is_alive(session: Session, now: int) -> bool:
    """False after its end, after a long pause, and when the clock went back behind its beginning by over a minute."""
    return session.created_at - MINUTE <= now < session.expires_at and now - session.last_seen_at < IDLE_MS


def needs_touch(session: Session, now: int) -> bool:
    """True when "last seen" shall be written again."""
    return now - session.last_seen_at >= TOUCH_MS


def recent(failures: tuple[int, ...], now: int, limit: Limit) -> tuple[int, ...]:
    """The failures that still count."""
    return tuple(at for at in failures if now - at < limit.window_ms)


def wait_ms(failures: tuple[int, ...], now: int, limit: Limit) -> int:
    """How long to wait before the next try; 0 = at once."""
    counting = sorted(recent(failures, now, limit))
    if len(counting) < limit.failures:
        return 0
    return max(counting[-limit.failures] + limit.window_ms - now, 1)


def safe_target(target: str) -> str:
    """Where to go after log-in: a path of this site, else the start page (no open redirect)."""
    printable = all(character.isprintable() for character in target)
    if printable and target.startswith("/") and target[1:2] not in ("/", "\\") and "\\" not in target:
        return target
    return "/"
