"""Parents act for their children; two parents share a child by an invitation."""

import secrets
from dataclasses import dataclass
from datetime import date

from hub.account.api.events import Invited
from hub.account.api.keyring import token_digest
from hub.account.api.organisations import INVITATION_MS, RefusedError
from hub.account.api.people import Person, record
from hub.account.store import circles, people
from hub.account.store import sessions as session_store
from hub.account.store.people import PersonRow
from hub.core import events
from hub.core.db import Session

MAX_CHILDREN = 20
_OLDEST_YEARS = 18
_ID = 16  # so much of a token's digest names an invitation


@dataclass(frozen=True)
class Pending:
    """An open invitation to act for a child, too."""

    id: str
    mail: str


@dataclass(frozen=True)
class Child:
    """A child and the names of those who may act for it; empty for another parent who gave no name."""

    id: int
    first_name: str
    last_name: str
    born: date
    guardians: tuple[str, ...]
    invited: tuple[Pending, ...]


def add_child(
    session: Session, person: Person, first_name: str, last_name: str, born: date, now: int, today: date
) -> int:
    """A child of this person; RefusedError: name, born."""
    first, last = " ".join(first_name.split()), " ".join(last_name.split())
    if not first or not last or max(len(first), len(last)) > 60 or not (first + last).replace(" ", "").isprintable():
        raise RefusedError("name")
    if not date(today.year - _OLDEST_YEARS - 1, 1, 1) < born <= today:
        raise RefusedError("born")
    people.lock_person(session, person.id)
    if len(circles.children_of(session, person.id)) >= MAX_CHILDREN:
        raise RefusedError("not_allowed")
    child = circles.add_child(session, first, last, born, now)
    circles.add_guardian(session, child, person.id, now)
    record(session, person.id, "child-added", now, whom=f"child:{child}")
    return child


def children(session: Session, person_id: int, now: int) -> list[Child]:
    """The person's children, the oldest first."""
    return [
        Child(
            row.id,
            row.first_name,
            row.last_name,
            row.born,
            tuple(_name(parent, person_id) for parent in circles.guardians(session, row.id)),
            tuple(
                Pending(one.token_hash[:_ID], one.mail) for one in circles.invitations(session, now, child_id=row.id)
            ),
        )
        for row in circles.children_of(session, person_id)
    ]


def _name(parent: PersonRow, reader: int) -> str:
    """What this reader may know: nobody's mail address but their own."""
    return parent.display_name or (parent.name if parent.id == reader else "")


def get(session: Session, person_id: int, child_id: int, now: int) -> Child | None:
    """The child, when this person may act for it."""
    return next((one for one in children(session, person_id, now) if one.id == child_id), None)


def circle(session: Session, person_id: int) -> frozenset[str]:
    """child:3 and person:8 of everybody who belongs to this person's children, without themselves."""
    found = set()
    for child in circles.children_of(session, person_id):
        found.add(f"child:{child.id}")
        found |= {f"person:{parent.id}" for parent in circles.guardians(session, child.id)}
    return frozenset(found - {f"person:{person_id}"})


def share(session: Session, person: Person, child_id: int, mail: str, now: int) -> None:
    """Invites the other parent."""
    circles.lock_child(session, child_id)
    if not circles.is_guardian(session, child_id, person.id):
        raise RefusedError("not_allowed")
    token = secrets.token_urlsafe(32)
    circles.add_invitation(
        session,
        token_hash=token_digest(token),
        organisation_id=None,
        child_id=child_id,
        mail=mail,
        role="guardian",
        until=None,
        invited_by=person.id,
        expires_at=now + INVITATION_MS,
    )
    record(session, person.id, "child-shared", now, whom=f"child:{child_id}")
    events.announce(session, Invited(mail, token, "", person.language, now))


def withdraw(session: Session, person: Person, child_id: int, invitation_id: str, now: int) -> None:
    """Ends an invitation to act for this child, too."""
    if not circles.is_guardian(session, child_id, person.id):
        raise RefusedError("not_allowed")
    for row in circles.invitations(session, now, child_id=child_id):
        if row.token_hash[:_ID] == invitation_id:
            circles.withdraw_invitation(session, row.token_hash)
            record(session, person.id, "invitation-withdrawn", now, whom=f"child:{child_id}")


def accept(session: Session, person: Person, token: str, now: int) -> int:
    """Becomes the child's other parent; returns the child's number."""
    row = circles.invitation(session, token_digest(token))
    if row is None or row.expires_at <= now or row.child_id is None:
        raise RefusedError("gone")
    if row.mail != person.name:
        raise RefusedError("other_address")
    circles.lock_child(session, row.child_id)
    taken = circles.take_invitation(session, token_digest(token))
    if taken is None or not circles.is_guardian(session, taken["child_id"], taken["invited_by"]):
        raise RefusedError("gone")
    child: int = taken["child_id"]
    circles.add_guardian(session, child, person.id, now)
    record(session, person.id, "child-joined", now, whom=f"child:{child}")
    return child


def leave(session: Session, person: Person, child_id: int, now: int) -> None:
    """Ends acting for a child; without any parent the child's entry is removed."""
    circles.lock_child(session, child_id)
    if not circles.is_guardian(session, child_id, person.id):
        raise RefusedError("not_allowed")
    session_store.stop_acting_for(session, f"child:{child_id}", person.id)
    circles.remove_guardian(session, child_id, person.id)
    record(session, person.id, "child-left", now, whom=f"child:{child_id}")
