"""Forms that wait while their sender logs in (again), so that nothing that was typed is lost."""

import json
import secrets
from dataclasses import dataclass

from hub.account import rules
from hub.account.api.guard import require_calm, throttle
from hub.account.api.keyring import Keyring
from hub.account.api.throttle import held_keys
from hub.account.store import codes
from hub.core.db import Session


@dataclass(frozen=True)
class Held:
    """Where the form goes, and its fields."""

    path: str
    fields: tuple[tuple[str, str], ...]


def allow(person_id: int | None, address: str, now: int) -> None:
    """Counts a kept form; ThrottledError when it was too often, by one person or from one address."""
    require_calm(throttle().take(held_keys(person_id, address), now))


def hold(
    session: Session,
    ring: Keyring,
    path: str,
    fields: list[tuple[str, str]],
    browser: str,
    person_id: int | None,
    now: int,
) -> str:
    """Keeps a form for an hour, sealed; returns its id."""
    held_id = secrets.token_urlsafe(18)
    codes.hold(
        session,
        id=held_id,
        browser=browser,
        person_id=person_id,
        path=path[:500],
        fields=ring.sealer("held").seal(json.dumps(fields)),
        expires_at=now + rules.HOUR,
    )
    return held_id


def find(session: Session, ring: Keyring, held_id: str, browser: str, person_id: int, now: int) -> Held | None:
    """The form, for the same browser and person only."""
    row = codes.held(session, held_id)
    if row is None or row.browser != browser or row.expires_at <= now or row.person_id not in (None, person_id):
        return None
    fields = json.loads(ring.sealer("held").open(row.fields))
    return Held(row.path, tuple((str(name), str(value)) for name, value in fields))
