"""Starting, extending, correcting, ending parking stays, and paying for them exactly once.

Money is set aside in steps while a stay runs and settled at its end, so nobody parks for more than they have and
nobody has to think about the end. `Purse` is what holds the money.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hub.core import events
from hub.core.db import Session, UnavailableErrors
from hub.parking.api import bills, shown
from hub.parking.api.bills import Derivation, RefusedError
from hub.parking.api.shown import StayNow, later_ends
from hub.parking.rules import stays as rules
from hub.parking.rules.stays import CAMERA, CARD, ENDED, ENDING, RUNNING, USUAL, BayNow, Patience
from hub.parking.store import cards
from hub.parking.store import stays as store
from hub.parking.store.stays import StayRow, TakenError

__all__ = ["Order", "Purse", "RefusedError", "StayChanged", "StayNow", "later_ends"]
log = logging.getLogger(__name__)

PREVIEW_MS = 60 * rules.MINUTE  # money for the first hour is set aside at the start


class ShownBay(Protocol):
    """A bay as `parking.api.bays` shows it."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def state(self) -> str:
        """free, occupied, unknown or faulty."""

    @property
    def since(self) -> int | None:
        """Since when, ms."""


class Purse(Protocol):
    """Where the money is: set aside under a key, then settled once; what is too much goes back."""

    def hold(self, session: Session, key: str, number: int, holder: str, cents: int, now: int) -> bool:
        """Sets more money aside; False when there is too little. The same number again changes nothing."""

    def settle(
        self, session: Session, key: str, holder: str, site: str, held: int, cents: int, lines: Derivation, now: int
    ) -> None:
        """Takes `cents` of the `held` ones that were set aside and gives the rest back; once for each key."""

    def give_back(self, session: Session, key: str, payments: Sequence[str], cents: int, now: int) -> None:
        """Sends cents of payments by card back, the newest payment first; once for each key."""


@dataclass(frozen=True)
class Order:
    """What a driver asks for; `holder` pays, `planned_end` ms or None = until I drive away."""

    site: str
    tariff: str
    plate: str
    holder: str
    person_id: int | None
    source: str
    bay: str | None = None
    planned_end: int | None = None
    exempt: str = ""


@dataclass(frozen=True)
class StayChanged:
    """Something about a stay that its driver should hear; kind: ending, settled, reminder, no_money."""

    person_id: int | None
    token: str
    kind: str
    site: str
    cents: int
    end: int | None
    now: int


def patience(grace_s: int, objection_s: int) -> Patience:
    """The same in the units of settings: seconds."""
    return Patience(grace_s * 1000, objection_s * 1000)


def start(session: Session, purse: Purse, order: Order, now: int) -> str:
    """Begins a stay and returns its token; RefusedError says why not. Without a holder it is owed for.

    The payer's own stay that runs already is given again; somebody else's stay for the same plate is not spoken of.
    """
    try:
        plate = rules.plate(order.plate)
    except ValueError:
        raise RefusedError("plate") from None
    used = bills.used_free(session, plate, order.tariff, now)
    longest = bills.longest_end(order.tariff, order.planned_end, now, order.exempt)
    first = _ahead(order.planned_end, longest, now + PREVIEW_MS)
    cents = bills.bill(order.tariff, now, first, order.exempt, used).cents
    token = secrets.token_urlsafe(24)
    asked = ("site", "tariff", "bay", "exempt", "holder", "person_id", "source", "planned_end")
    facts = {name: getattr(order, name) for name in asked}
    facts |= {"plate": plate, "used_free": used, "state": RUNNING, "started_at": now, "longest_end": longest}
    known, stay_id = _add(session, order, token, facts)
    if known:
        return known
    if order.holder and cents:
        if not purse.hold(session, _key(token), 0, order.holder, cents, now):
            raise RefusedError("money")
        store.change(session, stay_id, RUNNING, held_cents=cents, holds=1)
    return token


def _add(session: Session, order: Order, token: str, facts: dict[str, Any]) -> tuple[str, int]:
    """("", number) of a new stay, or (token, 0) of the one that this payer has here already; RefusedError running."""
    plate = facts["plate"]
    for held in store.names(plate, order.holder or token):
        try:
            return "", store.add(session, **facts, **held, token=token)
        except TakenError:
            mine = store.own_running(session, plate, order.holder, order.person_id)
        if mine is not None and mine.site == order.site:
            return mine.token, 0
        if mine is not None:
            break
    raise RefusedError("running")


def find(session: Session, token: str, now: int, language: str = "de", patience: Patience = USUAL) -> StayNow | None:
    """A stay with its price so far, or as it was settled."""
    row = store.find(session, token)
    if row is None:
        return None
    payments = tuple(one.payment_id for one in cards.of_stay(session, row.id) if one.state == cards.USED)
    return shown.shown(row, now, language, patience, payments)


def of_holder(session: Session, holder: str, now: int, limit: int = 50, language: str = "de") -> list[StayNow]:
    """A holder's newest stays."""
    return [shown.shown(row, now, language) for row in store.of_holder(session, holder, limit)]


@dataclass(frozen=True)
class StayAt:
    """A stay at a car park; `cents` None while it is not settled."""

    token: str
    site: str
    cents: int | None


def at_sites(session: Session, holder: str, sites: Sequence[str], since: int, until: int) -> list[StayAt]:
    """A holder's stays at these car parks that began until a moment and run or ended since another one; nobody settles
    them meanwhile.
    """
    rows = store.lock_at(session, holder, sites, since, until)
    return [StayAt(row.token, row.site, row.cents) for row in rows]


def extend(session: Session, purse: Purse, token: str, planned_end: int | None, now: int) -> None:
    """Another planned end, or none; RefusedError when the tariff or the money does not allow it."""
    row = _running(session, token)
    if row.source == CARD:
        raise RefusedError("prepaid")
    if planned_end is not None and (planned_end <= now or (row.longest_end and planned_end > row.longest_end)):
        raise RefusedError("max_stay", _minutes(row))
    if not store.change(session, row.id, RUNNING, planned_end=planned_end, reminded=False):
        raise RefusedError("gone")
    if not _hold_up_to(session, purse, row, planned_end or now + PREVIEW_MS, now):
        raise RefusedError("money")


def correct_plate(session: Session, token: str, typed: str) -> None:
    """Another plate for a running stay: a typing error must not cost a fine."""
    row = _running(session, token)
    try:
        plate = rules.plate(typed)
    except ValueError:
        raise RefusedError("plate") from None
    mine = store.own_running(session, plate, row.holder, row.person_id)
    if mine is not None and mine.id != row.id:
        raise RefusedError("running")
    used = row.used_free if plate == row.plate else bills.used_free(session, plate, row.tariff, row.started_at)
    try:
        store.give_plate(session, row.id, RUNNING, plate, row.holder or token, used_free=used)
    except TakenError:
        raise RefusedError("running") from None


def stop(session: Session, purse: Purse, token: str, now: int, by: str = "driver") -> None:
    """Ends a running stay now and settles it; a stay that is over already stays as it is."""
    row = store.find(session, token, lock=True)
    if row is None:
        raise RefusedError("gone")
    if row.source == CARD and row.state == RUNNING and not bills.refunds_unused(row.tariff):
        if by != "driver":
            return  # paid until its end, wherever the car is
        raise RefusedError("prepaid")
    if row.state == RUNNING:
        _settle(session, purse, row, RUNNING, min(now, rules.end_of(shown.facts(row)) or now), by, now)
    elif row.state == ENDING:
        _settle(session, purse, row, ENDING, row.ended_at or now, row.ended_by, now)


def stop_all(session: Session, purse: Purse, holder: str, now: int) -> None:
    """Ends and settles every open stay that a holder pays for, before nobody can pay for it any more."""
    for row in store.open_stays(session, (RUNNING, ENDING), holder=holder):
        stop(session, purse, row.token, now)


def object_to_end(session: Session, token: str, now: int, patience: Patience = USUAL) -> None:
    """The driver says that the car is still there: the stay goes on, and its bay ends it no more."""
    row = store.find(session, token, lock=True)
    if row is None or not rules.may_object(shown.facts(row), now, patience):
        raise RefusedError("over")
    facts = {"state": RUNNING, "ended_at": None, "ended_by": "", "watches_bay": False}
    try:
        store.give_plate(session, row.id, ENDING, row.plate, row.holder or token, **facts)
    except TakenError:
        raise RefusedError("running") from None


def bays_of_open(session: Session, seen: Sequence[ShownBay]) -> dict[str, BayNow] | None:
    """The bays of open stays as they are now; None when no stay is open, and so there is nothing to do."""
    rows = store.open_stays(session, (RUNNING, ENDING), lock=False)
    wanted = {row.bay for row in rows if row.bay}
    found = {one.id: BayNow(one.state, one.since) for one in seen if one.id in wanted and one.since is not None}
    return found if rows else None


def tick(session: Session, purse: Purse, bays: Mapping[str, BayNow], now: int, patience: Patience = USUAL) -> int:
    """Looks after every open stay: ends, reminders, money set aside; returns how many changed."""
    try:
        with session.begin_nested():
            return sum(_look_after(session, purse, row, bays, now, patience) for row in _open(session))
    except UnavailableErrors:
        raise
    except Exception:
        log.warning("one of the stays cannot be looked after, so each is looked after by itself")
    changed = 0
    for row in _open(session):
        number = row.id
        try:
            with session.begin_nested():
                changed += _look_after(session, purse, row, bays, now, patience)
        except UnavailableErrors:
            raise
        except Exception:
            log.exception("the stay %d cannot be looked after", number)  # its tariff changed, say
    return changed


def _open(session: Session) -> Sequence[StayRow]:
    return store.open_stays(session, (RUNNING, ENDING))


def look_after(session: Session, purse: Purse, stay_id: int, now: int) -> None:
    """The same for one stay whose bay does not matter."""
    row = cards.stay(session, stay_id)
    if row is not None:
        _look_after(session, purse, row, {}, now, USUAL)


def _look_after(
    session: Session, purse: Purse, row: StayRow, bays: Mapping[str, BayNow], now: int, patience: Patience
) -> bool:
    stay, bay = shown.facts(row), bays.get(row.bay or "")
    if row.state == ENDING:
        over = rules.is_to_be_settled(stay, now, patience)
        return over and _settle(session, purse, row, ENDING, row.ended_at or now, row.ended_by, now)
    if (left := rules.left_at(stay, bay, now, patience)) is not None:
        facts = {**store.OVER, "state": ENDING, "ended_at": left, "ended_by": "sensor"}
        return store.change(session, row.id, RUNNING, **facts) and _tell(session, row, "ending", now)
    end = rules.end_of(stay)
    if end is not None and end <= now:
        return _settle(session, purse, row, RUNNING, end, "plan", now)
    if not _hold_up_to(session, purse, row, _ahead(end, None, now + rules.AHEAD_MS), now):
        return _settle(session, purse, row, RUNNING, now, "money", now) and _tell(session, row, "no_money", now)
    seen = rules.seen_occupied(stay, bay)
    if seen != row.occupied_at:
        store.change(session, row.id, RUNNING, occupied_at=seen)
    if rules.is_to_be_reminded(stay, now) and store.change(session, row.id, RUNNING, reminded=True):
        return _tell(session, row, "reminder", now)
    return seen != row.occupied_at


def _hold_up_to(session: Session, purse: Purse, row: StayRow, until: int, now: int) -> bool:
    """Sets aside what the stay will cost until then; True when there is enough."""
    more = bills.bill(row.tariff, row.started_at, until, row.exempt, row.used_free).cents - row.held_cents
    if more <= 0 or not row.holder:
        return True
    if not purse.hold(session, _key(row.token), row.holds, row.holder, more, now):
        return False
    store.change(session, row.id, row.state, held_cents=row.held_cents + more, holds=row.holds + 1)
    return True


def _settle(session: Session, purse: Purse, row: StayRow, state: str, end: int, by: str, now: int) -> bool:
    """Ends the stay and pays for it, in one transaction and once."""
    if by != "money":  # nobody set money aside while the worker was away
        _hold_up_to(session, purse, row, end, now)
    until = end if row.source != CARD or bills.refunds_unused(row.tariff) else row.planned_end or end
    bill = bills.bill(row.tariff, row.started_at, max(until, row.started_at), row.exempt, row.used_free)
    # an end at the last held minute never costs more than was set aside; without a holder all of it is owed
    cents = min(bill.cents, row.held_cents) if row.holder or row.source == CARD else bill.cents
    lines, twice = bills.derivation(bill), min(cents, _paid_twice(session, row, until))
    if twice:
        cents, lines = cents - twice, bills.less(lines, twice)
    facts = {**store.OVER, "state": ENDED, "ended_at": end, "ended_by": by, "cents": cents}
    if not store.change(session, row.id, state, **facts, lines=lines.pack()):
        return False
    store.use_free(session, row.plate, row.tariff, bills.free_minutes(bill))
    if row.source == CARD and row.held_cents > cents:
        payments = [one.payment_id for one in cards.of_stay(session, row.id) if one.state == cards.USED]
        purse.give_back(session, _key(row.token), payments, row.held_cents - cents, now)
    if row.holder:
        why = bills.with_period(lines, row.started_at, end)
        purse.settle(session, _key(row.token), row.holder, row.site, row.held_cents, cents, why, now)
    _tell(session, row, "settled", now, cents)
    return True


def _paid_twice(session: Session, row: StayRow, end: int) -> int:
    """Cents of a time for which somebody paid again, later: it was the same car. Two accounts pay each, or the first
    would learn of the second; whoever pays by card without an account may well be the driver of the first.
    """
    kept, spans, used_free = 0, [], 0
    for one in store.later_of(session, row, end):
        if CARD not in (row.source, one.source) and row.source != CAMERA:
            continue
        prepaid = one.planned_end if one.source == CARD and not bills.refunds_unused(one.tariff) else None
        start, until = max(row.started_at, one.started_at), min(end, prepaid or one.ended_at or end)
        if start < until:
            spans.append((start, until))
            kept += (one.cents or 0) if one.state == ENDED else one.held_cents
            used_free = max(used_free, one.used_free)
    priced = [bills.bill(row.tariff, *span, row.exempt, used_free).cents for span in rules.union(spans)]
    return min(kept, sum(priced))


def _tell(session: Session, row: StayRow, kind: str, now: int, cents: int = 0) -> bool:
    end = rules.end_of(shown.facts(row))
    events.announce(session, StayChanged(row.person_id, row.token, kind, row.site, cents, end, now))
    return True


def _ahead(planned: int | None, longest: int | None, until: int) -> int:
    return min(one for one in (planned, longest, until) if one is not None)


def _running(session: Session, token: str) -> StayRow:
    row = store.find(session, token, lock=True)
    if row is None or row.state != RUNNING:
        raise RefusedError("gone")
    return row


def _minutes(row: StayRow) -> int:
    return (row.longest_end - row.started_at) // rules.MINUTE if row.longest_end else 0


def _key(token: str) -> str:
    return f"stay:{token}"
