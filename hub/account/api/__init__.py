"""Log-in, sessions and admins: what other parts may ask of the account module."""

import hashlib
import logging
import secrets
from dataclasses import dataclass
from functools import cache

from hub.account import rules, store
from hub.account.api.hashing import BusyError, Hasher
from hub.account.api.throttle import Throttle
from hub.core.clock import now_ms
from hub.core.db import Database, Session

__all__ = [
    "ADMIN",
    "BusyError",
    "Person",
    "ThrottledError",
    "authenticate",
    "create_admin",
    "disable",
    "logout",
    "open_session",
    "reset_admin",
    "session_person",
]

log = logging.getLogger(__name__)

ADMIN = "admin"


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in."""

    id: int
    name: str
    roles: frozenset[str]


class ThrottledError(Exception):
    """Too many wrong log-ins; `seconds` until the next try."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@cache
def _hasher() -> Hasher:
    return Hasher()


@cache
def _throttle() -> Throttle:
    return Throttle()


def create_admin(database: Database, name: str, password: str | None = None) -> str:
    """Makes an admin; returns the password (made up when None). ValueError says what is wrong."""
    name = rules.normal_name(name)
    chosen, hashed = _checked(name, password)

    def add(session: Session) -> None:
        if store.person_named(session, name) is not None:
            raise ValueError(f"there is already somebody named {name}; `admin reset {name}` gives a new password")
        store.add_person(session, name, hashed, ADMIN, now_ms())

    database.write(add)
    return chosen


def reset_admin(database: Database, name: str, password: str | None = None) -> str:
    """Gives a new password, opens the account again and ends all its sessions; returns the password."""
    name = rules.normal_name(name)
    chosen, hashed = _checked(name, password)

    def reset(session: Session) -> None:
        person = store.person_named(session, name)
        if person is None:
            raise ValueError(f"there is nobody named {name}; `admin create {name}` makes an account")
        store.set_password(session, person.id, hashed)
        store.set_disabled(session, person.id, False)
        store.end_sessions_of(session, person.id)

    database.write(reset)
    return chosen


def disable(database: Database, name: str) -> None:
    """Closes an account and ends its sessions. ValueError for an unknown name."""

    def close(session: Session) -> None:
        person = store.person_named(session, rules.normal_name(name))
        if person is None:
            raise ValueError(f"there is nobody named {name}")
        store.set_disabled(session, person.id, True)
        store.end_sessions_of(session, person.id)

    database.write(close)


def authenticate(database: Database, name: str, password: str, address: str, now: int) -> Person | None:
    """The person, or None for an unknown name, a wrong password and a closed account alike (in like time).

    ThrottledError after too many failures from this address, BusyError when too many log in at once.
    """
    name = rules.normal_name(name)[:100]
    if wait := _throttle().wait_ms(name, address, now):
        raise ThrottledError(-(-wait // 1000))
    with database.read() as session:
        row = store.person_named(session, name)
        stored = row.password_hash if row is not None and not row.disabled else None
        person = Person(row.id, row.name, store.roles_of(session, row.id)) if row is not None else None
    if not _hasher().verify(stored, password[: rules.MAX_PASSWORD + 1]) or person is None or stored is None:
        _throttle().note_failure(name, address, now)
        log.warning("a log-in failed from %s", address)
        return None
    _throttle().forgive(name, address)
    if _hasher().is_outdated(stored):
        renewed = _hasher().hash(password)
        database.write(lambda session: store.set_password(session, person.id, renewed))
    return person


def open_session(database: Database, person: Person, now: int, old_token: str = "") -> str:
    """A new session's token for the cookie; the one that the browser had before ends (no session fixation)."""
    token = secrets.token_urlsafe(32)

    def swap(session: Session) -> None:
        store.end_session(session, _digest(old_token))
        store.add_session(session, _digest(token), person.id, rules.new_session(now))

    database.write(swap)
    return token


def session_person(database: Database, token: str, now: int) -> Person | None:
    """Whose session this is; None when it ended, does not exist or the account was closed."""
    if not token:
        return None
    digest = _digest(token)
    with database.read() as session:
        found = store.session_with(session, digest)
        if found is None or found[1].disabled or not rules.is_alive(found[0], now):
            return None
        times, row = found
        person = Person(row.id, row.name, store.roles_of(session, row.id))
    if rules.needs_touch(times, now):
        database.write(lambda session: store.touch(session, digest, now))
    return person


def logout(database: Database, token: str) -> None:
    """Ends a session; an unknown token is no error."""
    database.write(lambda session: store.end_session(session, _digest(token)))


def _checked(name: str, password: str | None) -> tuple[str, str]:
    """(password, its hash); ValueError when name or password will not do."""
    problem = rules.name_problem(name) or (rules.password_problem(password, name) if password is not None else None)
    if problem:
        raise ValueError(problem)
    chosen = password if password is not None else secrets.token_urlsafe(15)
    return chosen, _hasher().hash(chosen)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
