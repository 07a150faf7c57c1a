"""What stands on a person's pass."""

from dataclasses import dataclass

from hub.account import api as account
from hub.account.api import overview, passkeys
from hub.citypass import rules
from hub.core.db import Session

read_number = rules.read_number


@dataclass(frozen=True)
class CityPass:
    """The card; `confirmed_until` (ms) is 0 when nobody saw an identity document, `acts_for` empty for oneself."""

    number: str
    name: str
    level: int
    confirmed_until: int
    acts_for: str


def pass_of(session: Session, person: account.Person, secret: bytes, now: int) -> CityPass:
    """The card of somebody who is logged in; ValueError when the account is gone."""
    principal = account.acting.principal(session, person, now)
    return CityPass(
        number_of(session, person.id, secret),
        person.shown,
        int(person.level),
        overview.of(session, person, now).identified_until,
        principal.name if principal else "",
    )


def number_of(session: Session, person_id: int, secret: bytes) -> str:
    """The pass number; ValueError for nobody."""
    return rules.pass_number(secret, passkeys.handle_of(session, person_id))
