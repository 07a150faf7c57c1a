"""Sales of a till: paid by pass or cash, cancelled, given back; each once, whatever is sent twice."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.core.db import Session
from hub.payments import api as payments
from hub.till.api import parking, passes, tickets
from hub.till.api.ground import RefusedError
from hub.till.api.parking import Granted
from hub.till.api.passes import Guest
from hub.till.api.tills import Counter, Till
from hub.till.rules import catalogue
from hub.till.rules import sales as rules
from hub.till.rules.catalogue import Line, Operation, Town
from hub.till.rules.sales import CASH, OPEN, OWED, PAID, WALLET
from hub.till.store import book as store
from hub.till.store import tills
from hub.till.store.tables import SaleRow


@dataclass(frozen=True)
class Wanted:
    """A sale as the till asks for it; `number` is its own name for it, `code` the guest's, empty for cash.

    `lines` are (article, count, price of one or None); `cents` is the sum that the clerk saw.
    """

    number: str
    way: str
    code: str
    lines: tuple[tuple[str, int, int | None], ...]
    cents: int
    cashier_id: int | None = None


@dataclass(frozen=True)
class Sale:
    """A sale as people see it; `titles` is what each line is called."""

    till: str
    number: str
    receipt: str
    operation: str
    way: str
    state: str
    reason: str
    owner: str
    payment_id: str
    lines: tuple[Line, ...]
    titles: tuple[Mapping[str, str], ...]
    taxes: Mapping[str, int]
    cents: int
    refunded: int
    is_offline: bool
    at: int


@dataclass(frozen=True)
class Sold:
    """What came of it; `is_new` False when it was made before."""

    sale: Sale
    is_new: bool
    guest: str = ""
    parking: tuple[Granted, ...] = ()


def sell(session: Session, counter: Counter, wanted: Wanted, now: int) -> Sold:
    """Sells, with a connection; RefusedError takes everything back."""
    tills.lock(session, counter.name)
    operation, lines = counter.operation, _priced(counter.operation, wanted)
    token = passes.token_of(wanted.code).id if wanted.code else ""
    digest = rules.digest(wanted.way, token, lines)
    before = store.sale(session, counter.name, wanted.number)
    if before is not None:
        if before.digest != digest:
            raise RefusedError("key")
        return Sold(shown(counter.town, before, operation), False)
    guest = None
    if wanted.code:
        guest = passes.take(session, counter, wanted.code, passes.PAY, wanted.number, now, now)
    elif wanted.way == WALLET or any(operation.articles[one.article].ticket for one in lines):
        raise RefusedError("pass")
    # stays before wallets: whoever ends a stay takes both in this order
    granted = grant(session, counter, guest, lines, now, now)
    payment_id = _pay(session, counter, wanted, lines, guest, now)
    facts: dict[str, Any] = {
        "number": wanted.number,
        "digest": digest,
        "token": token,
        "way": wanted.way,
        "state": PAID,
    }
    facts |= {"payment_id": payment_id, "cashier_id": wanted.cashier_id, "at": now, "is_offline": False}
    row = keep(session, counter, lines, guest, facts, now)
    return Sold(shown(counter.town, row, operation), True, guest.name if guest else "", tuple(granted))


def _priced(operation: Operation, wanted: Wanted) -> list[Line]:
    try:
        lines = catalogue.priced(operation, wanted.lines)
    except catalogue.CatalogueError as error:
        raise RefusedError(error.reason) from None
    if sum(one.total for one in lines) != wanted.cents:
        raise RefusedError("price")
    return lines


def grant(
    session: Session, counter: Counter, guest: Guest | None, lines: Sequence[Line], now: int, at: int
) -> Sequence[Granted]:
    """Whoever buys an entry is a guest, from the moment (`at`) on which it was sold."""
    if guest is None or not is_entry(counter.operation, lines):
        return []
    return parking.grant(session, counter, guest, now, at)


def is_entry(operation: Operation, lines: Sequence[Line]) -> bool:
    """Whether somebody enters who buys this."""
    known = operation.articles
    return any(one.article in known and known[one.article].entry for one in lines)


def _pay(
    session: Session, counter: Counter, wanted: Wanted, lines: Sequence[Line], guest: Guest | None, now: int
) -> str:
    """Books the money; the payment's id, empty for cash and for what costs nothing."""
    if not wanted.cents:
        return ""
    try:
        if wanted.way == CASH or guest is None:
            book_cash(session, counter, lines, wanted.number, now)
            return ""
        return payments.wallet.pay(session, order(counter, lines, guest.owner, wanted.number), now).payment_id
    except payments.RefusedError as error:
        raise RefusedError(error.reason) from None


def order(counter: Counter, lines: Sequence[Line], owner: str, number: str) -> payments.Order:
    """The payment of a sale; its key makes it one payment."""
    bought = items(counter.operation, lines)
    title, key = ", ".join(one.text for one in bought)[:120], f"till:{counter.name}:{number}"
    return payments.Order(key, owner, counter.operation.id, key.removeprefix("till:"), title, bought)


def items(operation: Operation, lines: Sequence[Line]) -> tuple[payments.Item, ...]:
    """The lines as a payment has them."""
    return tuple(
        payments.Item(
            f"{one.count} × {operation.articles[one.article].title['de']}",
            one.total,
            operation.id,
            operation.articles[one.article].tax,
            text_en=f"{one.count} × {operation.articles[one.article].title['en']}",
        )
        for one in lines
    )


def book_cash(session: Session, counter: Counter, lines: Sequence[Line], number: str, now: int) -> None:
    """Coins in the drawer become income."""
    name, operation = counter.name, counter.operation
    book = [
        payments.Line(f"cash:{name}", f"revenue:{operation.id}:{tax}", cents)
        for tax, cents in sums(operation, lines).items()
        if cents
    ]
    payments.transfer(session, f"till:{name}:{number}", book, now, f"till {name}"[:60])


def sums(operation: Operation, lines: Sequence[Line]) -> dict[str, int]:
    """Tax rate -> cents."""
    return rules.sums(lines, {name: article.tax for name, article in operation.articles.items()})


def keep(
    session: Session,
    counter: Counter,
    lines: Sequence[Line],
    guest: Guest | None,
    facts: Mapping[str, Any],
    now: int,
) -> SaleRow:
    """Writes a sale (`facts` are columns of its row) into the till's book and makes its tickets."""
    who = {"owner": guest.owner if guest else "", "person_id": guest.person_id if guest else None}
    sale_id = store.add_sale(
        session,
        till=counter.name,
        receipt=secrets.token_urlsafe(16),
        lines=json.dumps([[one.article, one.count, one.cents] for one in lines]),
        cents=sum(one.total for one in lines),
        received_at=now,
        **who,
        **facts,
    )
    kind, way = (rules.CLAIM, OPEN) if facts["state"] == OWED else (rules.SALE, facts["way"])
    parts, number = sums(counter.operation, lines), facts["number"]
    store.add_entry(session, counter.name, f"sale:{number}", sale_id, kind, way, parts, now)
    if guest is not None and facts["state"] == PAID:
        tickets.issue(session, counter.operation, lines, f"sale:{sale_id}", guest.owner, guest.person_id, now)
    row = store.sale(session, counter.name, number)
    if row is None:
        raise RefusedError("gone")
    return row


def read_lines(row: SaleRow) -> list[Line]:
    """The lines of a sale."""
    return [Line(*one) for one in json.loads(row.lines)]


def shown(town: Town, row: SaleRow, operation: Operation | None = None) -> Sale:
    """A sale as people see it; articles that the town no longer has are called by their names."""
    lines, place = read_lines(row), operation or place_of(town, row)
    known = place.articles if place is not None else {}
    titles = tuple(known[one.article].title if one.article in known else {"de": one.article} for one in lines)
    taxes = rules.sums(lines, {one.article: known[one.article].tax if one.article in known else "0" for one in lines})
    names = ("till", "number", "receipt", "way", "state", "reason", "owner", "payment_id")
    facts = {name: getattr(row, name) for name in (*names, "cents", "refunded", "is_offline", "at")}
    return Sale(**facts, operation=place.id if place else "", lines=tuple(lines), titles=titles, taxes=taxes)


def place_of(town: Town, row: SaleRow) -> Operation | None:
    """Whose sale it is, None when the town no longer sells such a thing."""
    names = {one.article for one in read_lines(row)}
    return next((one for one in town.operations.values() if names <= one.articles.keys()), None)


def by_receipt(session: Session, town: Town, receipt: str) -> Sale | None:
    """The sale of a receipt's address."""
    row = store.by_receipt(session, receipt)
    return None if row is None else shown(town, row)


def newest(session: Session, town: Town, till: Till, limit: int = 20) -> list[Sale]:
    """A till's newest sales."""
    operation = town.operations.get(till.operation)
    return [shown(town, row, operation) for row in store.newest(session, till.name, limit)]


def too_late(session: Session, town: Town, since: int, till: str = "") -> list[Sale]:
    """Sales of tills that had been alone for too long, received since a moment (ms), the oldest first."""
    return [shown(town, row) for row in store.late(session, since, till)]


def claims(session: Session, town: Town, till: str = "") -> list[Sale]:
    """Sales that wait for their money, the oldest first."""
    return [shown(town, row) for row in store.in_state(session, OWED, till)]


def claims_of(session: Session, town: Town, owner: str) -> list[Sale]:
    """What an owner still owes."""
    return [shown(town, row) for row in store.of_owner(session, owner, 50, OWED)]
