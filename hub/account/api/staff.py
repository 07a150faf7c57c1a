"""What the citizens' office and admins do: identify in person, recover, give roles. Each is noted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.account import rules
from hub.account.api import codes, sessions
from hub.account.api.keyring import Keyring
from hub.account.api.people import ADMIN, ROLES, Person, make_person, record, record_change
from hub.account.store import keys, people
from hub.core.db import Session

IDENTIFIED_DAYS = 730  # as long as the town believes an identity that it saw
_DAY = 86_400_000


__all__ = [
    "IDENTIFIED_DAYS",
    "ROLES",
    "Card",
    "NotAllowedError",
    "card",
    "give_role",
    "identify",
    "known",
    "people_with_roles",
    "recover",
    "take_role",
]


class NotAllowedError(Exception):
    """This account must not be touched by this member of staff; `reason`: self, staff, unknown, no_admin."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Card:
    """An account as the citizens' office sees it."""

    id: int
    name: str
    display_name: str
    created_at: int
    identified_until: int


def card(session: Session, mail: str) -> Card | None:
    """The account with exactly this mail address: staff cannot browse."""
    row = people.person_named(session, rules.normal_name(mail))
    if row is None or row.disabled or not rules.is_mail(row.name):
        return None
    return Card(row.id, row.name, row.display_name, row.created_at, row.identified_until)


def identify(session: Session, clerk: Person, person_id: int, display_name: str, now: int) -> int:
    """Notes that the clerk saw an identity document; returns until when (ms) it counts. The person's keys count now."""
    _require_touchable(session, clerk, person_id)
    until = now + IDENTIFIED_DAYS * _DAY
    people.change_person(session, person_id, identified_until=until, display_name=rules.clean_label(display_name, 100))
    keys.trust_all(session, person_id)
    record_change(session, person_id, "identified", now, by=clerk.id)
    return until


def recover(session: Session, ring: Keyring, clerk: Person, person_id: int, now: int) -> str:
    """A one-time code for somebody who lost every key and stands at the counter."""
    row = _require_touchable(session, clerk, person_id)
    record_change(session, person_id, "recovery-code-given", now, by=clerk.id)
    return codes.make_recovery(session, ring, person_id, row.name, clerk.id, now)


def _require_touchable(session: Session, clerk: Person, person_id: int) -> people.PersonRow:
    """Nobody their own account, and only an admin the account of staff: a clerk must not become admin that way."""
    row = people.person(session, person_id)
    if row is None or row.disabled:
        raise NotAllowedError("unknown")
    if person_id == clerk.id:
        raise NotAllowedError("self")
    if people.roles_of(session, person_id) and ADMIN not in clerk.roles:
        raise NotAllowedError("staff")
    return row


def people_with_roles(session: Session) -> Sequence[Person]:
    """Everybody who has a role."""
    found: dict[int, Person] = {}
    for row, _role, _scope in people.staff(session):
        if row.id not in found:
            found[row.id] = make_person(session, row)
    return list(found.values())


def known(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Which of these people have an account: their number and, of staff alone, what colleagues call them."""
    colleagues = {row.id: row.display_name or row.name for row, _role, _scope in people.staff(session)}
    return {number: colleagues.get(number, "") for number in people.existing(session, ids)}


def give_role(session: Session, admin: Person, name: str, role: str, scope: str, now: int) -> None:
    """ValueError for an unknown role or a scope that is no id, NotAllowedError for an unknown person."""
    row = people.person_named(session, rules.normal_name(name))
    scope = scope.strip()
    if role not in ROLES or not rules.is_scope(scope):
        raise ValueError("there is no such role or scope")
    if row is None:
        raise NotAllowedError("unknown")
    people.add_role(session, row.id, role, scope)
    record(session, row.id, "role-given", now, by=admin.id, details=_details(role, scope))


def _details(role: str, scope: str) -> dict[str, str]:
    return {"role": role} | ({"scope": scope} if scope else {})


def take_role(session: Session, admin: Person, person_id: int, role: str, scope: str, now: int) -> None:
    """NotAllowedError for one's own admin role (somebody must be left) and for nobody. Ends the person's sessions."""
    people.lock_role(session, ADMIN)
    if (ADMIN, "") not in people.roles_of(session, admin.id):  # somebody took it a moment ago
        raise NotAllowedError("no_admin")
    if person_id == admin.id and role == ADMIN:
        raise NotAllowedError("self")
    if not people.remove_role(session, person_id, role, scope):
        raise NotAllowedError("unknown")
    record(session, person_id, "role-taken", now, by=admin.id, details=_details(role, scope))
    sessions.end_others(session, person_id, now, but=admin.session_id)
