"""The town's rule: guests of the pool get the parking fee back. The till says so once for each stay; a job pays.

A stay that still runs is paid back when it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.core import events, jobs
from hub.core.db import Session
from hub.parking.api import stays
from hub.parking.api.stays import StayChanged
from hub.payments import api as payments
from hub.till.api.events import ParkingDue, ParkingRefunded
from hub.till.api.passes import Guest
from hub.till.api.tills import Counter
from hub.till.store import passes as store

PAY_JOB = "give a parking fee back"
_HOUR = 3_600_000
_KEY = "pool"
_PURPOSE = "parking"  # of stays that a wallet paid; their reference is the stay


@dataclass(frozen=True)
class Granted:
    """A stay whose fee goes back; `cents` None while it runs."""

    site: str
    cents: int | None
    is_new: bool


def grant(session: Session, counter: Counter, guest: Guest, now: int, at: int | None = None) -> list[Granted]:
    """The guest's stays at the operation's car parks that run or ended some hours ago, each once; seen from the
    moment of the visit (`at`, else now).
    """
    operation, visit = counter.operation, now if at is None else at
    if not operation.parking:
        return []
    since = visit - operation.parking_hours * _HOUR
    found = stays.at_sites(session, guest.owner, operation.parking, since, visit)
    granted = []
    for one in found:
        is_new = store.add_grant(session, one.token, counter.name, one.site, guest.owner, guest.person_id, visit)
        if is_new and one.cents is not None:
            _plan(session, one.token, now)
        granted.append(Granted(one.site, one.cents, is_new))
    return granted


def on_stay(session: Session, event: StayChanged) -> None:
    """A stay that was granted while it ran has ended and is paid."""
    if event.kind == "settled" and store.grant(session, event.token) is not None:
        _plan(session, event.token, event.now)


def _plan(session: Session, stay: str, now: int) -> None:
    jobs.add(session, PAY_JOB, {"stay": stay}, now=now, unique_key=f"{PAY_JOB} {stay} {now}", max_tries=40)


def pay(session: Session, stay: str, now: int) -> int:
    """Gives the fee of a stay back, once; the cents. What was given back before by others is not given again."""
    row = store.grant(session, stay, lock=True)
    if row is None or row.paid_at:
        return 0
    paid = [one.payment for one in payments.payments.of_reference(session, _PURPOSE, stay) if one.payment.refundable]
    cents = sum(one.refundable for one in paid)
    if not store.pay_grant(session, stay, cents, now) or not cents:
        return 0
    for one in paid:
        payments.refunds.refund(session, one.id, one.refundable, _KEY, "pool guest", now)
    if row.person_id is not None:
        events.announce(session, ParkingRefunded(row.person_id, paid[0].id, row.site, cents, now))
    return cents


@dataclass(frozen=True)
class Due:
    """A fee that went back and is due again; `paid_at` says when it went back."""

    stay: str
    site: str
    owner: str
    person_id: int | None
    cents: int
    paid_at: int


def withdraw(session: Session, till: str, owner: str, at: int, other: tuple[str, int] | None) -> list[Due]:
    """A visit (who, where and when) was none in the end: nothing goes back for it, and what did is due again.

    `other` is a visit (till, moment) that is a reason all the same.
    """
    due = []
    for row in store.grants_of_visit(session, till, owner, at):
        if other is not None:
            store.move_grant(session, row.stay, *other)
            continue
        if row.cents:
            due.append(Due(row.stay, row.site, row.owner, row.person_id, row.cents, row.paid_at))
        store.drop_grant(session, row.stay)
    return due


def charge(session: Session, due: Sequence[Due], now: int) -> None:
    """Takes fees out of wallets again; who has too little there is asked to pay."""
    for one in due:
        paid = payments.payments.of_reference(session, _PURPOSE, one.stay)[0]
        item = replace(paid.payment.items[0], cents=one.cents)
        order = payments.Order(f"stay:{one.stay}:{one.paid_at}", one.owner, _PURPOSE, one.stay, paid.title, (item,))
        try:
            payment_id = payments.wallet.pay(session, order, now).payment_id
        except payments.RefusedError:
            payment_id = payments.wallet.ask(session, order, "/konto/parken", now).payment.id
        if one.person_id is not None:
            events.announce(session, ParkingDue(one.person_id, payment_id, one.site, one.cents, now))


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
