"""Stays without an account: paid by card before they begin, prolonged by paying more.

A stay waits (`awaiting`) until the provider says that the money is there, also when that comes late. What was paid for
nothing (twice, or too late to be of use) goes back by itself.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import date

from hub.core.db import Session
from hub.parking.api import bills, stays
from hub.parking.api.bills import Derivation, RefusedError
from hub.parking.api.purse import PURPOSE, WalletPurse
from hub.parking.api.stays import Order
from hub.parking.rules import stays as rules
from hub.parking.rules.stays import AWAITING, CANCELLED, CARD, ENDED, RUNNING
from hub.parking.store import cards
from hub.parking.store import stays as store
from hub.parking.store.cards import OPEN, REFUNDED, USED, CardPaymentRow
from hub.parking.store.stays import StayRow
from hub.payments import api as payments

FORGET_MS = 9 * 86_400_000  # providers are asked for a week; what nobody paid for until then is deleted


@dataclass(frozen=True)
class Waiting:
    """What somebody has to pay for a stay that is not paid yet; `is_begun`: a provider was chosen."""

    payment_id: str
    cents: int
    is_begun: bool


def order(session: Session, purse: WalletPurse, wanted: Order, now: int) -> str:
    """Prepares a stay for which a card pays, and returns its token; one that costs nothing begins at once.

    RefusedError: plate, max_stay, residents_only, end (none was chosen).
    """
    end = wanted.planned_end
    if end is None:
        raise RefusedError("end")
    wanted = replace(wanted, holder="", person_id=None, source=CARD)
    plate = _plate(wanted.plate)
    longest = bills.longest_end(wanted.tariff, end, now)
    used = bills.used_free(session, plate, wanted.tariff, now)
    bill = bills.bill(wanted.tariff, now, end, "", used)
    if not bill.cents:
        return stays.start(session, purse, wanted, now)
    token = secrets.token_urlsafe(24)
    facts = {name: getattr(wanted, name) for name in ("site", "tariff", "bay", "holder", "source", "planned_end")}
    facts |= {"watches_bay": bills.refunds_unused(wanted.tariff), "longest_end": longest, "used_free": used}
    stay_id = store.add(session, **facts, token=token, state=AWAITING, plate=plate, started_at=now)
    why = bills.with_period(bills.derivation(bill), now, end)
    payment = purse.ask(session, f"card:{token}", token, wanted.site, bill.cents, why, now)
    facts = {"base_end": None, "new_end": end, "cents": bill.cents, "created_at": now}
    cards.add(session, payment_id=payment, stay_id=stay_id, state=OPEN, **facts)
    return token


def prolong(session: Session, purse: WalletPurse, token: str, minutes: int, now: int) -> str:
    """Asks for the money for a later end; the payment's number, empty when more time costs nothing and is given.

    Two who press the same at once get one payment. RefusedError: gone, max_stay, residents_only.
    """
    row = store.find(session, token, lock=True)
    if row is None or row.state != RUNNING or row.source != CARD or row.planned_end is None:
        raise RefusedError("gone")
    new_end = row.planned_end + minutes * rules.MINUTE
    if minutes < 1 or (row.longest_end and new_end > row.longest_end):
        longest = (row.longest_end - row.started_at) // rules.MINUTE if row.longest_end else 0
        raise RefusedError("max_stay", longest)
    bill = bills.bill(row.tariff, row.started_at, new_end, row.exempt, row.used_free)
    cents = bill.cents - row.held_cents
    if cents <= 0:
        store.change(session, row.id, RUNNING, planned_end=new_end)
        return ""
    why = bills.with_period(bills.derivation(bill), row.started_at, new_end)
    before = (
        f"davon schon bezahlt: {bills.euro(row.held_cents)}",
        f"of which paid before: {bills.euro(row.held_cents, 'en')}",
    )
    why = Derivation((*why.de, before[0]), (*why.en, before[1])) if row.held_cents else why
    payment = purse.ask(session, f"card:{token}:{row.planned_end}:{new_end}", token, row.site, cents, why, now)
    facts = {"base_end": row.planned_end, "new_end": new_end, "cents": cents, "created_at": now}
    cards.add(session, payment_id=payment, stay_id=row.id, state=OPEN, **facts)
    return payment


def on_paid(session: Session, purse: WalletPurse, event: payments.PaymentCompleted) -> None:
    """The money is there: the stay begins or goes on; what is of no use goes back."""
    if event.purpose != PURPOSE:
        return
    paid = cards.get(session, event.payment_id)
    row = cards.stay(session, paid.stay_id) if paid is not None else None
    if paid is not None and paid.state != OPEN:
        return
    now, cents = event.now, 0
    if paid is not None and row is not None:
        begun = _begun_at(session, event.payment_id, now)
        cents = _begin(session, row, paid, begun) if paid.base_end is None else _go_on(session, row, paid, begun)
        cards.settle(session, paid.payment_id, USED if cents else REFUNDED)
    if cents < event.cents:
        payments.refunds.refund(session, event.payment_id, event.cents - cents, "of no use", "of no use", now)
    if paid is not None and row is not None and cents and paid.new_end <= now:
        stays.look_after(session, purse, row.id, now)  # it came so late that the time is over: registered all the same


def on_failed(session: Session, event: payments.PaymentFailed) -> None:
    """Nothing was paid: no stay is left. Money that comes all the same still begins it."""
    paid = cards.get(session, event.payment_id) if event.purpose == PURPOSE else None
    if paid is not None and paid.base_end is None and paid.state == OPEN:
        store.change(session, paid.stay_id, AWAITING, state=CANCELLED, ended_at=event.now)


def waiting(session: Session, token: str) -> Waiting | None:
    """What is open to pay for a stay that has not begun."""
    row = store.find(session, token)
    if row is None or row.state not in (AWAITING, CANCELLED):
        return None
    first = next((one for one in cards.of_stay(session, row.id) if one.state == OPEN), None)
    if first is None:
        return None
    attempts = payments.payments.attempts(session, first.payment_id)
    return Waiting(first.payment_id, first.cents, any(one.status == "pending" for one in attempts))


def tidy(session: Session, now: int) -> int:
    """Deletes stays that nobody paid for; how many."""
    return cards.forget_unpaid(session, now - FORGET_MS)


def _begin(session: Session, row: StayRow, paid: CardPaymentRow, begun: int) -> int:
    """Cents that are of use: all, or none when somebody began to pay when it was over."""
    if row.state not in (AWAITING, CANCELLED) or begun >= paid.new_end:
        return 0
    facts = {"state": RUNNING, "held_cents": paid.cents, "ended_at": None}
    done = store.give_plate(session, row.id, row.state, row.plate, row.token, **facts)
    return paid.cents if done else 0


def _go_on(session: Session, row: StayRow, paid: CardPaymentRow, begun: int) -> int:
    """Cents that are of use for a later end, also when the old end is over meanwhile but nobody drove away."""
    is_over = row.state == ENDED and row.ended_by == "plan"
    if not (row.state == RUNNING or is_over) or row.planned_end is None or paid.new_end <= row.planned_end:
        return 0
    if is_over and (begun >= row.planned_end or (row.cents or 0) < row.held_cents):  # some of it went back already
        return 0
    bill = bills.bill(row.tariff, row.started_at, paid.new_end, row.exempt, row.used_free)
    cents = max(0, min(paid.cents, bill.cents - row.held_cents))
    facts = {"planned_end": paid.new_end, "held_cents": row.held_cents + cents}
    used = _used_free(row) if is_over else {}
    if not is_over:
        return cents if store.change(session, row.id, RUNNING, **facts) else 0
    again = {"state": RUNNING, "ended_at": None, "ended_by": "", "cents": None, "lines": ""}
    done = store.give_plate(session, row.id, ENDED, row.plate, row.token, **facts, **again)
    store.use_free(session, row.plate, row.tariff, {day: -minutes for day, minutes in used.items()})
    return cents if done else 0


def _used_free(row: StayRow) -> dict[date, int]:
    """What its first end noted as used; it is noted again when the stay is settled again."""
    old = bills.bill(row.tariff, row.started_at, row.planned_end or row.started_at, row.exempt, row.used_free)
    return bills.free_minutes(old)


def _begun_at(session: Session, payment_id: str, now: int) -> int:
    """When somebody began the attempt that brought the money."""
    tried = payments.payments.attempts(session, payment_id)
    return min((one.created_at for one in tried if one.captured), default=now)


def _plate(typed: str) -> str:
    try:
        return rules.plate(typed)
    except ValueError:
        raise RefusedError("plate") from None
