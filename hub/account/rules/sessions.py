"""How long a session lives, how sure it is, when the last log-in was."""

from dataclasses import dataclass, replace

from hub.account.rules.levels import Level

MINUTE = 60_000
HOUR = 60 * MINUTE
SESSION_MS = 12 * HOUR
IDLE_MS = 2 * HOUR
RAISED_MS = 2 * HOUR  # an upstream log-in or a step-up counts so long
FRESH_MS = 10 * MINUTE  # a log-in is fresh so long
TOUCH_MS = MINUTE  # "last seen" is written at most so often
SKEW_MS = MINUTE


@dataclass(frozen=True)
class Session:
    """When a session began, ends at the latest and was used last; when and how its person logged in last."""

    created_at: int
    expires_at: int
    last_seen_at: int
    authenticated_at: int = 0
    methods: frozenset[str] = frozenset()
    level: Level = Level.BASIS
    level_until: int = 0


def new_session(
    now: int, methods: frozenset[str] = frozenset(), level: Level = Level.BASIS, level_until: int | None = None
) -> Session:
    """A session that begins now; its level holds as long as it does unless `level_until` says less."""
    end = now + SESSION_MS
    return Session(now, end, now, now, methods, level, end if level_until is None else min(level_until, end))


def is_alive(session: Session, now: int) -> bool:
    """False after its end, after a long pause, and when the clock went back behind its beginning by over a minute."""
    return session.created_at - SKEW_MS <= now < session.expires_at and now - session.last_seen_at < IDLE_MS


def needs_touch(session: Session, now: int) -> bool:
    """True when "last seen" shall be written again."""
    return now - session.last_seen_at >= TOUCH_MS


def is_fresh(session: Session, now: int) -> bool:
    """True when the person proved a moment ago that it is them."""
    return -SKEW_MS <= now - session.authenticated_at < FRESH_MS


def level_now(session: Session, now: int) -> Level:
    """The level that the session has at this moment."""
    return session.level if now < session.level_until else Level.BASIS


def raised(session: Session, methods: frozenset[str], level: Level, now: int, proved_at: int | None = None) -> Session:
    """The session after another log-in of the same person: fresh, and never lower than before.

    `proved_at` is the moment of a proof that waited: freshness and level count from there.
    """
    kept = level_now(session, now)
    fresh = now if proved_at is None else max(session.authenticated_at, proved_at)
    until = min((now if proved_at is None else proved_at) + RAISED_MS, session.expires_at)
    if kept > level:
        level, until = kept, session.level_until
    return replace(session, authenticated_at=fresh, methods=session.methods | methods, level=level, level_until=until)
