"""Money back, and money that comes later: cancelling, giving back, settling and waiving what is open."""

import json

from hub.core import audit
from hub.core.db import Session
from hub.payments import api as payments
from hub.payments.api import PaymentCompleted
from hub.till.api import parking, sales, tickets
from hub.till.api.ground import RefusedError
from hub.till.api.sales import Sale
from hub.till.api.tills import Till
from hub.till.rules import sales as rules
from hub.till.rules.catalogue import Operation, Town
from hub.till.rules.sales import CANCELLED, CASH, OPEN, OWED, PAID, WAIVED, WALLET, Standing
from hub.till.store import book as store
from hub.till.store import tickets as ticket_store
from hub.till.store import tills
from hub.till.store.tables import SaleRow

_LOOKED_AT = 50  # newest sales and entries of a guest


def cancel(session: Session, town: Town, till: Till, number: str, now: int) -> Sale:
    """Takes a sale back before its day is closed; again it changes nothing. RefusedError."""
    tills.lock(session, till.name)
    row = _known(session, till, number)
    problem = rules.may_cancel(_standing(row), is_closed=_is_closed(session, row))
    if problem:
        raise RefusedError(problem)
    if row.state != CANCELLED:
        tickets.take_back(session, f"sale:{row.id}", now)
        parts, due = _sums(town, row), _no_visit(session, town, row)
        _give_back(session, town, row, parts, "cancel", now)
        parking.charge(session, due, now)
        store.change_sale(session, row.id, state=CANCELLED, refunded=row.cents)
        _note(session, row, f"cancel:{number}", rules.CANCEL, row.way, parts, now, sign=-1)
    return sales.shown(town, _known(session, till, number))


def refund(session: Session, town: Town, till: Till, number: str, cents: int, key: str, now: int) -> Sale:
    """Gives cents of a sale back, once for this key; RefusedError: state, amount, key."""
    tills.lock(session, till.name)
    row = _known(session, till, number)
    before = store.entry(session, till.name, f"refund:{key}")
    if before is not None:
        if (before.sale_id, before.cents) != (row.id, -cents):
            raise RefusedError("key")
        return sales.shown(town, row)
    problem = rules.may_refund(_standing(row), cents)
    if problem:
        raise RefusedError(problem)
    is_all = row.refunded + cents == row.cents
    if is_all:
        tickets.take_back(session, f"sale:{row.id}", now)
    due = _no_visit(session, town, row) if is_all else []
    parts = rules.shared(_sums(town, row), _given(session, row), cents)
    _give_back(session, town, row, parts, f"till-{key}", now)
    parking.charge(session, due, now)
    store.change_sale(session, row.id, refunded=row.refunded + cents)
    _note(session, row, f"refund:{key}", rules.REFUND, row.way, parts, now, sign=-1)
    return sales.shown(town, _known(session, till, number))


def on_payment(session: Session, town: Town, event: PaymentCompleted) -> None:
    """What was open has been paid: the till's book says so."""
    if event.purpose not in town.operations or ":" not in event.reference:  # no sale: machines pay thousands a second
        return
    row = store.by_payment(session, event.payment_id)
    if row is None or row.state != OWED:
        return
    tills.lock(session, row.till)
    again = store.by_payment(session, event.payment_id)
    if again is None or again.state != OWED:
        return
    parts = _sums(town, again)
    store.change_sale(session, again.id, state=PAID, way=WALLET)
    _note(session, again, f"open:{again.number}", rules.SETTLED, OPEN, parts, event.now, sign=-1)
    _note(session, again, f"paid:{again.number}", rules.SETTLED, WALLET, parts, event.now)
    operation = town.operations.get(sales.shown(town, again).operation)
    if operation is not None and again.person_id is not None:
        lines = sales.read_lines(again)
        tickets.issue(session, operation, lines, f"sale:{again.id}", again.owner, again.person_id, event.now)


def waive(session: Session, town: Town, receipt: str, actor: str, now: int) -> None:
    """Nobody will pay: RefusedError state when it is not open, or when its guest has been asked to pay."""
    row = store.by_receipt(session, receipt)
    if row is None:
        raise RefusedError("gone")
    tills.lock(session, row.till)
    again = store.sale(session, row.till, row.number)
    if again is None or again.state != OWED or again.payment_id:
        raise RefusedError("state")
    store.change_sale(session, again.id, state=WAIVED)
    _note(session, again, f"waiver:{again.number}", rules.WAIVER, OPEN, _sums(town, again), now, sign=-1)
    details: dict[str, str | int | bool] = {"kind": again.reason}
    audit.note(session, "till.claim-waived", actor=actor, subject=f"till:{row.till}", now=now, details=details)


def _known(session: Session, till: Till, number: str) -> SaleRow:
    row = store.sale(session, till.name, number)
    if row is None:
        raise RefusedError("gone")
    return row


def _standing(row: SaleRow) -> Standing:
    return Standing(row.state, row.cents, row.refunded)


def _no_visit(session: Session, town: Town, row: SaleRow) -> list[parking.Due]:
    """Parking fees that went back because of a sale that was none in the end; before anything is booked."""
    operation = sales.place_of(town, row)
    if not row.owner or operation is None:
        return []
    return parking.withdraw(session, row.till, row.owner, row.at, _other_visit(session, operation, row))


def _other_visit(session: Session, operation: Operation, row: SaleRow) -> tuple[str, int] | None:
    """(till, moment) of another entry of the same guest, that counts all the same."""
    hours = operation.parking_hours * 3_600_000
    for one in store.of_owner(session, row.owner, _LOOKED_AT, PAID):
        is_left = one.id != row.id and one.refunded < one.cents and abs(one.at - row.at) <= hours
        if is_left and sales.is_entry(operation, sales.read_lines(one)):
            return one.till, one.at
    for ticket in ticket_store.of_owners(session, [row.owner]):
        for use in ticket_store.redemptions_of(session, ticket.id, _LOOKED_AT):
            if ticket.operation == operation.id and abs(use.at - row.at) <= hours:
                return use.till, use.at
    return None


def _is_closed(session: Session, row: SaleRow) -> bool:
    last, made = store.last_closing(session, row.till), store.entry(session, row.till, f"sale:{row.number}")
    return last is not None and made is not None and made.number <= last.last


def _sums(town: Town, row: SaleRow) -> dict[str, int]:
    return dict(sales.shown(town, row).taxes)


def _given(session: Session, row: SaleRow) -> dict[str, int]:
    """Tax rate -> what went back before."""
    found: dict[str, int] = {}
    for entry in store.entries_of(session, row.id):
        for tax, cents in json.loads(entry.sums).items() if entry.kind == rules.REFUND else ():
            found[tax] = found.get(tax, 0) - cents
    return found


def _give_back(session: Session, town: Town, row: SaleRow, parts: dict[str, int], key: str, now: int) -> None:
    """To the drawer's other side, or to where the pass's money came from."""
    cents = sum(parts.values())
    if not cents:
        return
    try:
        if row.way == CASH:
            operation = sales.shown(town, row).operation
            book = [
                payments.Line(f"revenue:{operation}:{tax}", f"cash:{row.till}", part)
                for tax, part in parts.items()
                if part
            ]
            payments.transfer(session, f"till:{row.till}:{row.number}:{key}", book, now, f"back {row.till}"[:60])
        else:
            payments.refunds.refund(session, row.payment_id, cents, key, "till", now)
    except payments.RefusedError as error:
        raise RefusedError("amount" if error.reason != "key" else "key") from None


def _note(
    session: Session, row: SaleRow, key: str, kind: str, way: str, parts: dict[str, int], now: int, *, sign: int = 1
) -> None:
    signed = {tax: sign * cents for tax, cents in parts.items()}
    store.add_entry(session, row.till, key, row.id, kind, way, signed, now)
