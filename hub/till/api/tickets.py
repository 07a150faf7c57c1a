"""Season tickets and cards with entries: bought at a till or in the account, used by showing the pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hub.account import api as account
from hub.core import i18n
from hub.core.db import Session
from hub.payments import api as payments
from hub.till.api import parking, passes
from hub.till.api.ground import RefusedError
from hub.till.api.parking import Granted
from hub.till.api.passes import Guest
from hub.till.api.tills import Counter
from hub.till.rules import tickets as rules
from hub.till.rules.catalogue import Article, Line, Operation, Town
from hub.till.rules.tickets import Held
from hub.till.store import tickets as store
from hub.till.store import tills
from hub.till.store.tables import TicketRow


@dataclass(frozen=True)
class TicketNow:
    """A ticket; `left` None = as often as one likes; `problem` says why it opens nothing today."""

    id: int
    operation: str
    article: str
    title: Mapping[str, str]
    who: str
    owner: str
    left: int | None
    first: date
    last: date | None
    problem: str


@dataclass(frozen=True)
class Entered:
    """An entry; `is_new` False when the till said so before."""

    ticket: TicketNow
    count: int
    is_new: bool
    parking: list[Granted]


def issue(
    session: Session, operation: Operation, lines: Sequence[Line], source: str, owner: str, person_id: int, now: int
) -> None:
    """The tickets of a purchase; the same purchase again makes none."""
    today, position = i18n.local(now).date(), 0
    for line in lines:
        kind = operation.articles[line.article].ticket
        for _ in range(line.count if kind is not None else 0):
            assert kind is not None  # noqa: S101 (for the type checker: the range is empty without)
            first, last = kind.holds(today)
            who = {"owner": owner, "person_id": person_id, "source": source, "position": position}
            left = kind.entries or None
            dates = {"first": first, "last": last, "bought_at": now}
            store.add(session, **who, **dates, operation=operation.id, article=line.article, entries_left=left)
            position += 1


def take_back(session: Session, source: str, now: int) -> None:
    """Ends the tickets of a purchase; RefusedError used_up when somebody has entered with one."""
    mine = store.of_source(session, source)
    for row in mine:
        store.lock(session, row.id)
    if any(store.entered(session, row.id) for row in mine):
        raise RefusedError("used_up")
    store.end_source(session, source, now)


def of_owner(session: Session, town: Town, owner: str, now: int) -> list[TicketNow]:
    """An owner's tickets that may still be of use, the newest first."""
    today = i18n.local(now).date()
    shown = [_now(session, town, row, 1, today) for row in store.of_owners(session, [owner])]
    return [one for one in shown if one is not None and one.problem not in ("over", "used_up")]


def usable(session: Session, counter: Counter, guest: Guest, now: int) -> list[TicketNow]:
    """Tickets of this operation that the pass opens, those that hold today first."""
    today, holder = i18n.local(now).date(), f"person:{guest.person_id}"
    town, operation = counter.town, counter.operation
    family = account.families.circle(session, guest.person_id)
    found = []
    for row in store.of_owners(session, {guest.owner, holder, *family}):
        one = _now(session, town, row, 1, today)
        if one is None or row.operation != operation.id or one.problem in ("over", "used_up"):
            continue
        kind = operation.articles[row.article].ticket
        if kind is not None and rules.may_use(kind, _held(session, row, today), guest.owner, holder, family):
            found.append(one)
    return sorted(found, key=lambda one: (bool(one.problem), one.left is not None, one.id))


def redeem(
    session: Session, counter: Counter, *, code: str, key: str, ticket_id: int | None, count: int, now: int
) -> Entered:
    """Lets a guest in with a ticket, once for this key of the till; RefusedError says why not."""
    tills.lock(session, counter.name)
    town, today = counter.town, i18n.local(now).date()
    before = store.redemption(session, counter.name, key)
    guest = passes.take(session, counter, code, passes.REDEEM, key, now, now)
    if before is not None:
        return Entered(_shown(session, town, before.ticket_id, today), before.count, False, [])
    known = usable(session, counter, guest, now)
    chosen = next((one for one in known if ticket_id in (None, one.id)), None)
    if chosen is None:
        raise RefusedError("none")
    row, kind = store.lock(session, chosen.id), counter.operation.articles[chosen.article].ticket
    if row is None or kind is None or row.ended_at:
        raise RefusedError("none")
    problem = rules.problem(kind, _held(session, row, today), count, today)
    if problem:
        raise RefusedError(problem)
    store.use(session, row.id, count)
    store.add_redemption(session, till=counter.name, key=key, ticket_id=row.id, count=count, day=today, at=now)
    granted = parking.grant(session, counter, guest, now)
    return Entered(_shown(session, town, row.id, today), count, True, granted)


def offered(town: Town) -> list[tuple[Operation, list[Article]]]:
    """What can be bought in the account."""
    found = [
        (one, [article for article in one.articles.values() if article.online]) for one in town.operations.values()
    ]
    return [(operation, articles) for operation, articles in found if articles]


def buy(
    session: Session, town: Town, *, operation: str, article: str, owner: str, person_id: int, key: str, now: int
) -> str:
    """Buys a ticket out of a wallet; the payment. RefusedError: article, funds, day_limit."""
    place = town.operations.get(operation)
    chosen = place.articles.get(article) if place is not None else None
    if place is None or chosen is None or not chosen.online or chosen.cents is None or chosen.ticket is None:
        raise RefusedError("article")
    title = chosen.title["de"]
    item = payments.Item(title, chosen.cents, operation, chosen.tax, text_en=chosen.title["en"])
    order = payments.Order(f"ticket:{key}", owner, operation, f"ticket {article}", title, (item,))
    try:
        paid = payments.wallet.pay(session, order, now)
    except payments.RefusedError as error:
        raise RefusedError(error.reason) from None
    if paid.is_new:
        lines = [Line(article, 1, chosen.cents)]
        issue(session, place, lines, f"pay:{paid.payment_id}", owner, person_id, now)
    return paid.payment_id


def _shown(session: Session, town: Town, ticket_id: int, today: date) -> TicketNow:
    row = store.lock(session, ticket_id)
    found = _now(session, town, row, 1, today) if row is not None else None
    if found is None:
        raise RefusedError("none")
    return found


def _held(session: Session, row: TicketRow, today: date) -> Held:
    return Held(row.owner, row.entries_left, row.first, row.last, store.entered(session, row.id, today))


def _now(session: Session, town: Town, row: TicketRow, count: int, today: date) -> TicketNow | None:
    """None for an article that the town no longer knows."""
    operation = town.operations.get(row.operation)
    article = operation.articles.get(row.article) if operation is not None else None
    if article is None or article.ticket is None:
        return None
    problem = rules.problem(article.ticket, _held(session, row, today), count, today)
    facts = (row.id, row.operation, row.article, article.title, article.ticket.who, row.owner, row.entries_left)
    return TicketNow(*facts, row.first, row.last, problem)
