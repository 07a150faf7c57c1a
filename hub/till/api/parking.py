"""The town's rule: guests of the pool get the parking fee back. The till says so once for each stay; a job pays.

A stay that still runs is paid back when it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.core import events, jobs
from hub.core.db import Session
from hub.parking.api import stays
from hub.parking.api.stays import StayChanged
from hub.payments import api as payments
from hub.till.api.events import ParkingRefunded
from hub.till.api.passes import Guest
from hub.till.api.tills import Counter
from hub.till.store import passes as store

PAY_JOB = "give a parking fee back"
_HOUR = 3_600_000
_KEY = "pool"


@dataclass(frozen=True)
class Granted:
    """A stay whose fee goes back; `cents` None while it runs."""

    site: str
    cents: int | None
    is_new: bool


def grant(session: Session, counter: Counter, guest: Guest, now: int) -> list[Granted]:
    """The guest's stays at the operation's car parks that run or ended some hours ago, each once."""
    operation = counter.operation
    if not operation.parking:
        return []
    since = now - operation.parking_hours * _HOUR
    found = stays.at_sites(session, guest.owner, operation.parking, since)
    granted = []
    for one in found:
        is_new = store.add_grant(session, one.token, counter.name, one.site, guest.owner, guest.person_id, now)
        if is_new and one.cents is not None:
            _plan(session, one.token, now)
        granted.append(Granted(one.site, one.cents, is_new))
    return granted


def on_stay(session: Session, event: StayChanged) -> None:
    """A stay that was granted while it ran has ended and is paid."""
    if event.kind == "settled" and store.grant(session, event.token) is not None:
        _plan(session, event.token, event.now)


def _plan(session: Session, stay: str, now: int) -> None:
    jobs.add(session, PAY_JOB, {"stay": stay}, now=now, unique_key=f"{PAY_JOB} {stay}", max_tries=40)


def pay(session: Session, stay: str, now: int) -> int:
    """Gives the fee of a stay back, once; the cents. What was given back before by others is not given again."""
    row = store.grant(session, stay, lock=True)
    if row is None or row.paid_at:
        return 0
    paid = payments.payments.by_key(session, f"stay:{stay}")
    cents = paid.payment.refundable if paid is not None else 0
    if not store.pay_grant(session, stay, cents, now) or paid is None or not cents:
        return 0
    payments.refunds.refund(session, paid.payment.id, cents, _KEY, "pool guest", now)
    if row.person_id is not None:
        events.announce(session, ParkingRefunded(row.person_id, paid.payment.id, row.site, cents, now))
    return cents


@dataclass(frozen=True)
class Refund:
    """A fee that went back (`paid_at`) or will."""

    site: str
    at: int
    cents: int
    paid_at: int


def of_owner(session: Session, owner: str, limit: int = 5) -> Sequence[Refund]:
    """An owner's newest refunds."""
    return [Refund(row.site, row.at, row.cents, row.paid_at) for row in store.grants_of(session, owner, limit)]
