"""Money back to where it came from: to the wallet at once, to a provider by a job that may be repeated."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.core import events, jobs
from hub.core.db import Session
from hub.payments.api import ledger
from hub.payments.api.events import PaymentRefunded
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules import payment as rules
from hub.payments.rules.ledger import Line, RefusedError, Transfer
from hub.payments.rules.payment import Payment
from hub.payments.store import payments as store
from hub.payments.store.payment_tables import AttemptRow, RefundRow

REFUND_JOB = "refund a payment"
BY_HAND = (rules.BY_TRANSFER, rules.BY_DEBIT, "xbezahldienste")  # nobody there takes orders to pay back


@dataclass(frozen=True)
class Refund:
    """One refund; state: asked (on its way), done, failed (it went to the wallet or back instead)."""

    id: int
    payment_id: str
    attempt_id: int | None
    cents: int
    state: str
    reason: str
    at: int


@dataclass(frozen=True)
class _Part:
    """A part of a refund with one destination."""

    cents: int
    target: str
    attempt_id: int | None = None


def refund(session: Session, payment_id: str, cents: int, key: str, reason: str, now: int) -> list[Refund]:
    """Gives cents of a payment back; the same key gives the first result again.

    RefusedError: amount (more than is left), key. A top-up's money comes out of the owner's wallet: funds.
    """
    row = store.get(session, payment_id, lock=True)
    if row is None:
        raise RefusedError("amount")
    before, key = store.payment(row), f"{payment_id}:{key}"
    known = [one for one in store.refunds_of(session, payment_id) if one.key.rpartition("/")[0] == key]
    if known:
        if sum(one.cents for one in known) != cents:
            raise RefusedError("key", key)
        return [_refund(one) for one in known]
    if not 0 < cents <= before.refundable:
        raise RefusedError("amount")
    earlier, left, made = _earlier(store.refunds_of(session, payment_id)), cents, []
    transfers: list[Transfer] = []
    for number, part in enumerate(_parts(session, before, cents)):
        split = _split(before, earlier, part.cents)
        lines = tuple(Line(source, part.target, share) for source, share in split.items() if source != part.target)
        transfers.append(Transfer(f"refund:{key}/{number}", lines, f"refund {payment_id}"))
        made.append(_add(session, payment_id, part, split, f"{key}/{number}", reason, now))
        earlier = {name: earlier.get(name, 0) + split.get(name, 0) for name in {*earlier, *split}}
        left -= part.cents
    for outcome in ledger.book(session, transfers, now):
        if isinstance(outcome, RefusedError):
            raise outcome
    store.change(session, payment_id, refunded=before.refunded + cents)
    for one in made:
        _follow(session, before, row.reference, one, now)
    return made


def give_back_extra(session: Session, payment_id: str, number: int, cents: int, now: int) -> None:
    """Sends money back that came twice for a payment of nobody in particular; by hand where nobody takes orders."""
    attempt = store.attempt(session, number)
    if attempt is None or attempt.method in BY_HAND:
        return
    key = f"{payment_id}:extra:{number}:{attempt.captured}"
    split = {ledger_rules.UNCLEAR: min(cents, attempt.captured - attempt.returned)}
    lines = [Line(ledger_rules.UNCLEAR, ledger_rules.REFUNDS, split[ledger_rules.UNCLEAR])]
    if not ledger.transfer(session, f"refund:{key}", lines, now, f"refund {payment_id}").is_new:
        return
    part = _Part(split[ledger_rules.UNCLEAR], ledger_rules.REFUNDS, number)
    one = _add(session, payment_id, part, split, key, "paid twice", now)
    _follow(session, None, "", one, now)


def _parts(session: Session, payment: Payment, cents: int) -> list[_Part]:
    """Where it goes: what came out of the wallet returns there first, then one attempt after the other."""
    refunds = [one for one in store.refunds_of(session, payment.id) if one.state != "failed"]
    to_wallet = sum(one.cents for one in refunds if one.attempt_id is None)
    parts, left = [], cents
    share = min(left, max(0, payment.from_wallet - to_wallet))
    if share:
        parts.append(_Part(share, _payer(payment)))
        left -= share
    for attempt in store.attempts_of(session, payment.id):
        gone = sum(one.cents for one in refunds if one.attempt_id == attempt.id)
        share = min(left, attempt.captured - attempt.returned - gone)
        if share > 0:
            parts.append(_part(payment, attempt, share))
            left -= share
    if left:
        raise RefusedError("amount")
    return parts


def _part(payment: Payment, attempt: AttemptRow, cents: int) -> _Part:
    if attempt.method not in BY_HAND:
        return _Part(cents, ledger_rules.REFUNDS, attempt.id)
    if payment.purpose == rules.TOP_UP:
        raise RefusedError("by_hand")
    return _Part(cents, _payer(payment), attempt.id)


def _payer(payment: Payment) -> str:
    return ledger_rules.wallet(payment.owner) if payment.owner else ledger_rules.UNCLEAR


def _split(payment: Payment, earlier: Mapping[str, int], cents: int) -> dict[str, int]:
    """Out of which accounts it comes."""
    if payment.purpose == rules.TOP_UP:
        return {ledger_rules.wallet(payment.owner): cents}
    return rules.split_refund(payment.items, earlier, cents)


def _earlier(refunds: Sequence[RefundRow]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in refunds:
        if one.state != "failed":
            for name, cents in json.loads(one.split).items():
                sums[name] = sums.get(name, 0) + cents
    return sums


def _add(
    session: Session, payment_id: str, part: _Part, split: Mapping[str, int], key: str, reason: str, now: int
) -> Refund:
    state = "asked" if part.target == ledger_rules.REFUNDS else "done"
    values = {"payment_id": payment_id, "attempt_id": part.attempt_id, "cents": part.cents, "state": state, "at": now}
    number = store.add_refund(session, key=key, split=json.dumps(split), reason=reason[:60], **values)
    return Refund(number, payment_id, part.attempt_id, part.cents, state, reason, now)


def _follow(session: Session, payment: Payment | None, reference: str, one: Refund, now: int) -> None:
    if one.state == "asked" or payment is None:
        jobs.add(session, REFUND_JOB, {"refund": one.id}, now=now, unique_key=f"{REFUND_JOB} {one.id}", max_tries=40)
    else:
        _announce(session, payment, reference, one.cents, now)


def _announce(session: Session, payment: Payment, reference: str, cents: int, now: int) -> None:
    facts = (payment.id, payment.owner, payment.purpose, reference, cents)
    events.announce(session, PaymentRefunded(*facts, now))


def settle(session: Session, refund_id: int, now: int, *, is_done: bool) -> None:
    """The provider sent the money, or will not: then it goes to the payer's wallet, or back to where it came from."""
    found = store.refund(session, refund_id)
    row = store.get(session, found.payment_id, lock=True) if found is not None else None
    found = store.refund(session, refund_id)
    if found is None or row is None or found.state != "asked" or found.attempt_id is None:
        return
    attempt = store.attempt(session, found.attempt_id)
    if attempt is None:
        return
    payment = store.payment(row)
    if is_done:
        lines = [Line(ledger_rules.REFUNDS, store.as_attempt(attempt).clearing, found.cents)]
        store.change_attempt(session, attempt.id, refunded=attempt.refunded + found.cents)
    else:
        lines = [Line(ledger_rules.REFUNDS, name, cents) for name, cents in json.loads(found.split).items()]
        if ledger_rules.UNCLEAR not in json.loads(found.split):  # money that came twice was never part of the price
            store.change(session, row.id, refunded=row.refunded - found.cents)
    verb = "refunded" if is_done else "not refunded"
    ledger.transfer(session, f"refund:{refund_id}:settled", lines, now, f"{verb} {row.id}")
    store.change_refund(session, refund_id, "done" if is_done else "failed")
    if is_done:
        _announce(session, payment, row.reference, found.cents, now)


def find(session: Session, refund_id: int) -> Refund | None:
    """One refund."""
    row = store.refund(session, refund_id)
    return None if row is None else _refund(row)


def of_payment(session: Session, payment_id: str) -> list[Refund]:
    """A payment's refunds, the oldest first."""
    return [_refund(row) for row in store.refunds_of(session, payment_id)]


def _refund(row: RefundRow) -> Refund:
    return Refund(row.id, row.payment_id, row.attempt_id, row.cents, row.state, row.reason, row.at)
