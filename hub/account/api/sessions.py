"""Sessions: opening, raising, listing, ending. A token lives in the browser's cookie alone."""

import secrets
from dataclasses import dataclass, replace

from hub.account import rules
from hub.account.api.events import SessionsEnded
from hub.account.api.keyring import token_digest
from hub.account.api.people import Person, Proof, make_person, record
from hub.account.rules import Level
from hub.account.store import people, sessions
from hub.core import events
from hub.core.db import Database, Session

_SOME = 100  # sessions that end in one transaction


@dataclass(frozen=True)
class Listed:
    """A session as its owner sees it."""

    id: str
    device: str
    created_at: int
    last_seen_at: int
    level: Level
    current: bool


def open_session(session: Session, proof: Proof, now: int, device: str = "", old_token: str = "") -> str:
    """A new session's token; the one that the browser had before ends (no session fixation)."""
    public_id = secrets.token_urlsafe(12)
    _end(session, old_token, now, proof.person_id, public_id)
    row = people.person(session, proof.person_id)
    if row is None or row.disabled:
        raise ValueError("there is no such person")
    level, until = _level(proof, row.identified_until, now)
    token = secrets.token_urlsafe(32)
    state = rules.new_session(now, proof.methods, level, until)
    sessions.add(session, token_digest(token), public_id, row.id, state, device)
    people.change_person(session, row.id, seen_at=now)
    record(session, row.id, "login", now, device)
    return token


def raise_session(session: Session, token: str, proof: Proof, now: int) -> str:
    """Another log-in of the same person: fresh, perhaps surer; returns the session's new token.

    ValueError when the session is over or somebody else proved who they are.
    """
    found = sessions.find(session, token_digest(token))
    if found is None or found[1].id != proof.person_id:
        raise ValueError("this is another person's session")
    row, person = found
    level, until = _level(proof, person.identified_until, now)
    state = rules.raised(sessions.times(row), proof.methods, level, now, proof.proved_at)
    if until is not None:
        state = replace(state, level_until=min(state.level_until, until))
    fresh = secrets.token_urlsafe(32)
    if not sessions.replace(session, token_digest(token), token_digest(fresh), state):
        raise ValueError("this session ended a moment ago")
    return fresh


def _level(proof: Proof, identified_until: int, now: int) -> tuple[Level, int | None]:
    """(level, its end): what came from upstream counts for a while, the citizens' office until its date."""
    own = rules.level_of_login(proof.methods, identified_until, now, trusted=proof.trusted)
    if proof.level > own:
        return proof.level, (now if proof.proved_at is None else proof.proved_at) + rules.RAISED_MS
    return own, identified_until if own > Level.BASIS else None


def session_person(database: Database, token: str, now: int) -> Person | None:
    """Whose session this is; None when it ended, does not exist or the account was closed."""
    if not token:
        return None
    digest = token_digest(token)
    with database.read() as session:
        found = sessions.find(session, digest)
        if found is None or found[1].disabled or not rules.is_alive(sessions.times(found[0]), now):
            return None
        row, person_row = found
        state = sessions.times(row)
        person = replace(
            make_person(session, person_row),
            level=rules.level_now(state, now),
            fresh=rules.is_fresh(state, now),
            session_id=row.id,
            acting_for=row.acting_for,
            authenticated_at=state.authenticated_at,
            methods=state.methods,
        )
    if rules.needs_touch(state, now):
        database.write(lambda session: sessions.touch(session, digest, person.id, now))
    return person


def is_running(session: Session, session_id: str, now: int) -> bool:
    """Whether the session with this public id is neither ended nor over."""
    row = sessions.listed(session, session_id)
    return row is not None and rules.is_alive(sessions.times(row), now)


def end_over(session: Session, now: int) -> int:
    """Forgets some sessions that are over, and tells who listens; how many."""
    ended = sessions.end_over(session, now, _SOME)
    for person_id, session_id in ended:
        events.announce(session, SessionsEnded(person_id, (session_id,), now, ran_out=True))
    return len(ended)


def listed(session: Session, person: Person, now: int) -> list[Listed]:
    """The person's running sessions."""
    rows = sessions.of_person(session, person.id, now)
    return [
        Listed(
            row.id,
            row.device,
            row.created_at,
            row.last_seen_at,
            rules.level_now(sessions.times(row), now),
            row.id == person.session_id,
        )
        for row in rows
        if rules.is_alive(sessions.times(row), now)
    ]


def end_session(session: Session, token: str, now: int) -> None:
    """Ends a session; an unknown token is no error."""
    _end(session, token, now)


def _end(session: Session, token: str, now: int, next_person: int = 0, next_id: str = "") -> None:
    found = sessions.find(session, token_digest(token)) if token else None
    if found is None:
        return
    row, person = found
    sessions.end(session, row.token_hash)
    followed_by = next_id if next_person == person.id else ""
    events.announce(session, SessionsEnded(person.id, (row.id,), now, followed_by))


def end_listed(session: Session, person: Person, session_id: str, now: int) -> bool:
    """Ends one of the person's own sessions from afar; False when there is none."""
    if not sessions.end_listed(session, person.id, session_id):
        return False
    record(session, person.id, "session-ended", now)
    events.announce(session, SessionsEnded(person.id, (session_id,), now))
    return True


def end_others(session: Session, person_id: int, now: int, but: str = "") -> int:
    """Ends all sessions of a person except the one with the public id `but`; returns how many."""
    ended = sessions.end_all(session, person_id, but)
    if ended:
        events.announce(session, SessionsEnded(person_id, tuple(ended), now))
    return len(ended)
