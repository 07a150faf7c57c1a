"""Sales that a till made without a connection: it signed them, keeps them, and sends them until it hears an answer.

Each is taken in once. The goods are gone, so money that cannot be had (an empty wallet, a code that is none) leaves an
open claim: shown to the guest when there is one, and to the clerk.
"""

import json
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from hub.core import audit, events, i18n
from hub.core.db import Session
from hub.payments import api as payments
from hub.till import gateway
from hub.till.api import passes, sales
from hub.till.api.events import ClaimOpened
from hub.till.api.ground import RefusedError
from hub.till.api.passes import Guest
from hub.till.api.sales import Sale
from hub.till.api.tills import Counter, Till
from hub.till.rules import catalogue
from hub.till.rules import sales as rules
from hub.till.rules.catalogue import CatalogueError, Line
from hub.till.rules.sales import CASH, OWED, PAID, WALLET
from hub.till.store import book as store
from hub.till.store import tills

CONTEXT = b"stadtknoten offer 1\0"
KNOWN, REFUSED = "known", "refused"


@dataclass(frozen=True)
class Offer:
    """An offer as it was sent: JSON text and its signature (64 bytes)."""

    body: str
    signature: bytes


@dataclass(frozen=True)
class Content:
    """What it says; `at` is the till's clock, ms."""

    number: str
    at: int
    way: str
    code: str
    lines: tuple[tuple[str, int, int | None], ...]
    cents: int


@dataclass(frozen=True)
class Answer:
    """What became of it: paid, open (a claim), known (taken in before) or refused, and why; paid with the reason
    `hours` was booked, but the till had been alone for too long.
    """

    number: str
    state: str
    reason: str
    sale: Sale | None = None


def accept(session: Session, counter: Counter, offer: Offer, content: Content, clock: int, now: int) -> Answer:
    """Takes in one offer; `clock` is what the till's clock shows now."""
    till, operation = counter.till, counter.operation
    if not till.public_key or not gateway.fits(till.public_key, CONTEXT + offer.body.encode(), offer.signature):
        return Answer(content.number, REFUSED, "signature")
    tills.lock(session, till.name)
    before = store.sale(session, till.name, content.number)
    if before is not None:
        return Answer(content.number, KNOWN, "", sales.shown(counter.town, before, operation))
    at = max(till.created_at, rules.corrected(content.at, clock, now))  # no till sells before there is one
    problem = rules.offer_problem(at, _issued(content.code), _ended(session, till), now)
    if problem:
        return Answer(content.number, REFUSED, problem)
    try:
        lines = catalogue.priced(operation, content.lines, signed=True)
    except CatalogueError as error:
        return Answer(content.number, REFUSED, error.reason)
    if sum(one.total for one in lines) != content.cents:
        return Answer(content.number, REFUSED, "total")
    hours, issued = counter.town.offline.hours, _issued(content.code)
    alone_since = tills.gap_at(session, till.name, at)
    late = rules.is_late(alone_since, at, issued, hours)
    return _sell(session, counter, content, lines, at, now, is_late=late)


def _issued(code: str) -> int | None:
    try:
        return passes.token_of(code).issued if code else None
    except RefusedError:
        return None


def _ended(session: Session, till: Till) -> int:
    """As it is now that nobody else can change it."""
    row = tills.named(session, till.name)
    return row.ended_at if row is not None else 1


def _sell(
    session: Session, counter: Counter, content: Content, lines: list[Line], at: int, now: int, *, is_late: bool
) -> Answer:
    guest, token, reason, payment_id = None, "", "", ""
    try:
        token = passes.token_of(content.code).id if content.code else ""
        if content.code or content.way == WALLET:
            guest = passes.take(session, counter, content.code, passes.PAY, content.number, at, now)
    except RefusedError as error:
        reason = error.reason if content.way == WALLET else ""
    sales.grant(session, counter, guest, lines, now, at)
    if not reason and content.cents:
        payment_id, reason = _pay(session, counter, content, lines, guest, at, now)
    facts: dict[str, Any] = {
        "number": content.number,
        "digest": rules.digest(content.way, token, lines),
        "token": token,
        "at": at,
    }
    facts |= {"way": content.way, "state": OWED if reason else PAID, "reason": reason[:12]}
    row = sales.keep(
        session, counter, lines, guest, {**facts, "payment_id": payment_id, "is_offline": True, "is_late": is_late}, now
    )
    if is_late:
        _report(session, counter, content.number, now)
    if reason and guest is not None:
        claim = ClaimOpened(guest.person_id, payment_id, counter.operation.id, content.cents, now)
        events.announce(session, claim)
    said = reason or ("hours" if is_late else "")
    return Answer(content.number, row.state, said, sales.shown(counter.town, row, counter.operation))


def _report(session: Session, counter: Counter, number: str, now: int) -> None:
    """Tells the control room: the till should have stopped selling, but what was sold stays sold."""
    facts: dict[str, str | int | bool] = {"number": number}
    subject = f"till:{counter.name}"
    audit.note(session, "till.sold-too-late", actor=subject, subject=subject, now=now, details=facts)


def _pay(
    session: Session, counter: Counter, content: Content, lines: list[Line], guest: Guest | None, at: int, now: int
) -> tuple[str, str]:
    """(payment, why it is open): out of the wallet, else the guest is asked to pay."""
    if content.way == CASH or guest is None:
        sales.book_cash(session, counter, lines, content.number, now)
        return "", ""
    order = sales.order(counter, lines, guest.owner, content.number)
    payments.ledger.locked_balance(session, f"wallet:{guest.owner}")  # other tills of the same guest wait
    by_pass, by_till = store.offline_sums(session, counter.name, guest.owner, _midnight(at))
    reason = "limit" if rules.over_limit(counter.town.offline, by_pass, by_till, content.cents) else ""
    if not reason:
        try:
            return payments.wallet.pay(session, order, now).payment_id, ""
        except payments.RefusedError as error:
            reason = error.reason
    return payments.wallet.ask(session, order, "/konto/karten", now).payment.id, reason


def _midnight(at: int) -> int:
    day = i18n.local(at).date()
    return int(datetime.combine(day, time(), i18n.TIMEZONE).timestamp() * 1000)


def content_of(facts: Any) -> Content:
    """What an offer's JSON says; ValueError, KeyError or TypeError for anything else."""
    lines = tuple((str(one[0]), _whole(one[1]), _whole(one[2])) for one in facts["lines"])
    way = str(facts["way"])
    if way not in (CASH, WALLET) or not 0 < len(lines) <= 50:
        raise ValueError("not an offer")
    return Content(str(facts["number"]), _whole(facts["at"]), way, str(facts["code"]), lines, _whole(facts["cents"]))


def read(body: str) -> Content:
    """The same of its text."""
    return content_of(json.loads(body))


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError("a whole number is needed")
    return value
