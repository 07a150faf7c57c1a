"""For whom a session acts: its own person, an organisation or a child."""

from collections.abc import Collection
from dataclasses import dataclass

from hub.account.api import families, organisations
from hub.account.api.organisations import RefusedError
from hub.account.api.people import Person, record
from hub.account.store import circles, people, sessions
from hub.core.db import Session


@dataclass(frozen=True)
class Principal:
    """`key` is organisation:7 or child:3; `role` is the member's role or guardian; `until` ends a delegation (ms)."""

    key: str
    name: str
    role: str
    until: int | None = None


def choices(session: Session, person_id: int, now: int) -> list[Principal]:
    """Everybody for whom this person may act now."""
    firms = [
        Principal(f"organisation:{one.id}", one.name, one.role, one.until)
        for one in organisations.of(session, person_id, now)
        if one.is_current
    ]
    children = [
        Principal(f"child:{one.id}", f"{one.first_name} {one.last_name}", "guardian")
        for one in families.children(session, person_id, now)
    ]
    return firms + children


def principal(session: Session, person: Person, now: int) -> Principal | None:
    """For whom the session acts; None = for its own person, also when the right to act is over."""
    if not person.acting_for:
        return None
    return next((one for one in choices(session, person.id, now) if one.key == person.acting_for), None)


def act_for(session: Session, person: Person, key: str, now: int) -> None:
    """Switches; an empty key goes back to oneself. RefusedError when the person may not."""
    if key and key not in {one.key for one in choices(session, person.id, now)}:
        raise RefusedError("not_allowed")
    sessions.act_for(session, person.session_id, key)
    if key:
        record(session, person.id, "acting-for", now, whom=key)


def existing(session: Session, keys: Collection[str]) -> set[str]:
    """Those of the keys (person:7, organisation:3, child:5) that belong to somebody who is still here."""
    ids: dict[str, set[int]] = {}
    for key in keys:
        kind, _, number = key.partition(":")
        ids.setdefault(kind, set()).add(int(number) if number.isascii() and number.isdecimal() else 0)
    found = {
        "person": set(people.existing(session, ids.get("person", ()))),
        "organisation": circles.existing(session, circles.OrganisationRow, ids.get("organisation", ())),
        "child": circles.existing(session, circles.ChildRow, ids.get("child", ())),
    }
    return {f"{kind}:{number}" for kind, numbers in found.items() for number in numbers}
