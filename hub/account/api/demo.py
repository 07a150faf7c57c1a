"""Invented people of the demonstration. They have no password, and outside of it no session counts as one of them."""

from dataclasses import dataclass
from datetime import date

from hub.account.api import families, organisations, sessions, staff
from hub.account.api.keyring import new_handle
from hub.account.api.people import ADMIN, CASHIER, CLERK, EDITOR, TECHNICIAN, WARDEN, Person, Proof, find
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
    Persona("warden", "pia.streife@demo.example", "Pia Streife", (WARDEN,)),
    Persona("cashier", "yusuf.kasse@demo.example", "Yusuf Kasse", (CASHIER,)),
    Persona("technician", "dilan.mast@demo.example", "Dilan Mast", (TECHNICIAN,)),
    Persona("admin", "karla.leitung@demo.example", "Karla Leitung", (ADMIN,), is_identified=True),
)


def persona_of(person: Person) -> Persona | None:
    """Which of them somebody is."""
    return next((one for one in PERSONAS if one.mail == person.name), None)


def ensure(session: Session, now: int) -> None:
    """Makes the people that are missing, and gives back the roles that visitors took from them."""
    for persona in PERSONAS:
        row = people.person_named(session, persona.mail)
        person_id = row.id if row is not None else _make(session, persona, now)
        held = {role for role, _scope in people.roles_of(session, person_id)}
        for role in persona.roles:
            if role not in held:
                people.add_role(session, person_id, role)


def _make(session: Session, persona: Persona, now: int) -> int:
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
    person = find(session, row.id)
    if person is not None:
        _give_circles(session, persona, person, now)
    return row.id


def _give_circles(session: Session, persona: Persona, person: Person, now: int) -> None:
    if persona.key == "parent":
        for name, born in (("Mia", date(2021, 5, 4)), ("Ben", date(2023, 9, 17))):
            families.add_child(session, person, name, "Muster", born, now, date(2026, 1, 1))
    if persona.key == "company":
        organisations.create(session, person, "Salzgarten Beispiel GmbH", now)


def open_session(session: Session, key: str, now: int, device: str, old_token: str) -> str | None:
    """A session as one of the invented people; None for an unknown one."""
    proof = _proof(session, key)
    return None if proof is None else sessions.open_session(session, proof, now, device, old_token)


def confirm(session: Session, person: Person, token: str, now: int) -> str | None:
    """The same session, fresh again: what a passkey would do; None for anybody else."""
    persona = persona_of(person)
    proof = _proof(session, persona.key) if persona is not None else None
    return None if proof is None else sessions.raise_session(session, token, proof, now)


def _proof(session: Session, key: str) -> Proof | None:
    mail = next((one.mail for one in PERSONAS if one.key == key), "")
    row = people.person_named(session, mail)
    return None if row is None else Proof(row.id, _METHODS, trusted=True)
