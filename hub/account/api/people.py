"""People: who somebody is, and the history of an account."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.account import rules
from hub.account.api.events import SecurityChanged
from hub.account.rules import Level
from hub.account.store import people
from hub.core import audit, events
from hub.core.db import Session

ADMIN = "admin"
CLERK = "clerk"
EDITOR = "editor"
WARDEN = "warden"
CASHIER = "cashier"
TECHNICIAN = "technician"
ROLES = (ADMIN, CLERK, EDITOR, WARDEN, CASHIER, TECHNICIAN)


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in; `roles` hold everywhere, `grants` are all (role, scope) pairs ("" = everywhere)."""

    id: int
    name: str
    roles: frozenset[str]
    display_name: str = ""
    grants: frozenset[tuple[str, str]] = frozenset()
    level: Level = Level.BASIS
    fresh: bool = True
    session_id: str = ""
    acting_for: str = ""
    language: str = "de"
    authenticated_at: int = 0
    methods: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """What pages call this person."""
        return self.display_name or self.name

    def may(self, role: str, scope: str) -> bool:
        """Whether this person has the role everywhere or in this scope."""
        return (role, "") in self.grants or (role, scope) in self.grants


@dataclass(frozen=True)
class Proof:
    """How somebody proved who they are (methods as in RFC 8176); `needs_code`: a second factor is still missing.

    `trusted`: the second factor is surely the identified person's.
    `level` comes from upstream; `proved_at` (ms) is set when that proof waited before it was used.
    """

    person_id: int
    methods: frozenset[str]
    needs_code: bool = False
    level: Level = Level.BASIS
    proved_at: int | None = None
    trusted: bool = False


def make_person(session: Session, row: people.PersonRow) -> Person:
    """The person of a row."""
    grants = people.roles_of(session, row.id)
    roles = frozenset(role for role, scope in grants if not scope)
    return Person(row.id, row.name, roles, row.display_name, grants, language=row.language)


def find(session: Session, person_id: int) -> Person | None:
    """The person with this number, without a session; None when the account is closed."""
    row = people.person(session, person_id)
    return None if row is None or row.disabled else make_person(session, row)


def find_by_name(session: Session, name: str) -> Person | None:
    """The person with this log-in name or mail address."""
    row = people.person_named(session, rules.normal_name(name))
    return None if row is None else make_person(session, row)


def record(
    session: Session,
    person_id: int,
    kind: str,
    now: int,
    device: str = "",
    by: int | str | None = None,
    whom: str = "",
    details: Mapping[str, str] | None = None,
) -> None:
    """Writes into the account's history and the audit log.

    `by` is the person or the audit log's actor who did it, unless it was the owner; `whom` is organisation:7 or child:3
    when it was done for them.
    """
    people.note(session, person_id, kind, now, device)
    actor = by if isinstance(by, str) else f"person:{person_id if by is None else by}"
    actor = f"{actor} for {whom}" if whom else actor
    audit.note(session, f"account.{kind}", actor=actor, subject=f"person:{person_id}", now=now, details=details)


def record_change(session: Session, person_id: int, kind: str, now: int, by: int | None = None) -> None:
    """The same for a change of keys, which is also announced to its owner."""
    record(session, person_id, kind, now, by=by)
    events.announce(session, SecurityChanged(person_id, kind, now))


def rename(session: Session, person_id: int, display_name: str) -> None:
    """The name that pages show; ValueError when it is too long or holds strange characters."""
    cleaned = " ".join(display_name.split())
    if len(cleaned) > 100 or not cleaned.isprintable():
        raise ValueError("a name has at most 100 characters")
    people.change_person(session, person_id, display_name=cleaned)


def set_language(session: Session, person_id: int, language: str) -> None:
    """de or en, for mails."""
    people.change_person(session, person_id, language=language)
