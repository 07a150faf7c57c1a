"""Invented people of the demonstration. They have no key of any kind, so outside of it nobody can be one of them."""

from dataclasses import dataclass
from datetime import date

from hub.account.api import families, organisations, sessions, staff
from hub.account.api.keyring import new_handle
from hub.account.api.people import CLERK, EDITOR, Proof, find
from hub.account.store import people
from hub.core.db import Session

_DAY = 86_400_000
_METHODS = frozenset({"swk", "user"})  # as with a passkey, so that the levels can be seen


@dataclass(frozen=True)
class Persona:
    """Who one can be."""

    key: str
    mail: str
    name: str
    roles: tuple[str, ...] = ()
    is_identified: bool = False


PERSONAS = (
    Persona("citizen", "erika.muster@demo.example", "Erika Muster", is_identified=True),
    Persona("parent", "jonas.muster@demo.example", "Jonas Muster", is_identified=True),
    Persona("company", "aylin.beispiel@demo.example", "Aylin Beispiel"),
    Persona("clerk", "petra.amt@demo.example", "Petra Amt", (CLERK,)),
    Persona("editor", "timo.wort@demo.example", "Timo Wort", (EDITOR,)),
)


def ensure(session: Session, now: int) -> None:
    """Makes the people that are missing."""
    for persona in PERSONAS:
        if people.person_named(session, persona.mail) is None:
            _make(session, persona, now)


def _make(session: Session, persona: Persona, now: int) -> None:
    until = now + staff.IDENTIFIED_DAYS * _DAY if persona.is_identified else 0
    row = people.add_person(
        session,
        name=persona.mail,
        display_name=persona.name,
        handle=new_handle(),
        identified_until=until,
        created_at=now,
        seen_at=now,
    )
    for role in persona.roles:
        people.add_role(session, row.id, role)
    person = find(session, row.id)
    if person is None:
        return
    if persona.key == "parent":
        for name, born in (("Mia", date(2021, 5, 4)), ("Ben", date(2023, 9, 17))):
            families.add_child(session, person, name, "Muster", born, now, date(2026, 1, 1))
    if persona.key == "company":
        organisations.create(session, person, "Salzgarten Beispiel GmbH", now)


def open_session(session: Session, key: str, now: int, device: str, old_token: str) -> str | None:
    """A session as one of the invented people; None for an unknown one."""
    mail = next((one.mail for one in PERSONAS if one.key == key), "")
    row = people.person_named(session, mail)
    if row is None:
        return None
    return sessions.open_session(session, Proof(row.id, _METHODS), now, device, old_token)
