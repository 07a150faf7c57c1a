"""Daily closings: numbered without gaps, each line of the book in exactly one of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hub.core import i18n
from hub.core.db import Session
from hub.till.api.ground import RefusedError
from hub.till.api.tills import Till
from hub.till.rules import closing as rules
from hub.till.rules.closing import DayRow, Entry, Totals
from hub.till.store import book as store
from hub.till.store import tills
from hub.till.store.tables import ClosingRow, EntryRow


@dataclass(frozen=True)
class Closing:
    """A closing of the lines `first` to `last` of a till's book, `at` ms."""

    till: str
    number: int
    first: int
    last: int
    at: int
    totals: Totals


@dataclass(frozen=True)
class BookLine:
    """A line of a till's book."""

    number: int
    key: str
    kind: str
    way: str
    cents: int
    at: int


def close(session: Session, till: Till, key: str, now: int) -> tuple[Closing, bool]:
    """Closes what was booked since the last closing; (closing, whether it is new). RefusedError nothing."""
    tills.lock(session, till.name)
    same = store.closing_by_key(session, till.name, key)
    if same is not None:
        return _closing(same), False
    before = store.last_closing(session, till.name)
    rows = store.entries(session, till.name, before.last if before is not None else 0)
    if not rows:
        raise RefusedError("nothing")
    number = before.number + 1 if before is not None else 1
    packed = json.dumps(rules.pack(rules.totals([_entry(row) for row in rows])))
    facts = {"key": key, "first": rows[0].number, "last": rows[-1].number, "totals": packed, "at": now}
    store.add_closing(session, till=till.name, number=number, **facts)
    made = store.closing(session, till.name, number)
    if made is None:
        raise RefusedError("nothing")
    return _closing(made), True


@dataclass(frozen=True)
class Day:
    """What all tills closed on a day; `open` is (till, operation, cents, lines) of what no closing has yet."""

    rows: tuple[DayRow, ...]
    closings: tuple[tuple[str, Closing], ...]
    open: tuple[tuple[str, str, int, int], ...]

    @property
    def gross(self) -> int:
        """All of it."""
        return sum(row.gross for row in self.rows)


def of_day(session: Session, day: date) -> Day:
    """The closings that were made on a day (Europe/Berlin), over all tills; what is open is of now."""
    since, until = (_begin(one) for one in (day, day + timedelta(days=1)))
    of_till = {row.name: row.operation for row in tills.listed(session)}
    made = [(of_till[row.till], _closing(row)) for row in store.closings_between(session, since, until)]
    rows = rules.together([(operation, one.totals) for operation, one in made])
    waiting = ((name, operation, *open_totals(session, name)) for name, operation in of_till.items())
    left = tuple((name, operation, found.gross, lines) for name, operation, found, lines in waiting if lines)
    return Day(rows, tuple(made), left)


def _begin(day: date) -> int:
    return int(datetime.combine(day, time(), i18n.TIMEZONE).timestamp() * 1000)


def open_totals(session: Session, till: str) -> tuple[Totals, int]:
    """Sums since the last closing, and of how many lines."""
    before = store.last_closing(session, till)
    rows = store.entries(session, till, before.last if before is not None else 0)
    return rules.totals([_entry(row) for row in rows]), len(rows)


def find(session: Session, till: str, number: int) -> Closing | None:
    """One closing."""
    row = store.closing(session, till, number)
    return None if row is None else _closing(row)


def listed(session: Session, till: str, limit: int = 60) -> Sequence[Closing]:
    """A till's closings, the newest first."""
    return [_closing(row) for row in store.closings(session, till, limit)]


def lines_of(session: Session, closing: Closing) -> list[BookLine]:
    """The lines that a closing is made of."""
    rows = store.entries(session, closing.till, closing.first - 1, closing.last)
    return [BookLine(row.number, row.key, row.kind, row.way, row.cents, row.at) for row in rows]


def _closing(row: ClosingRow) -> Closing:
    return Closing(row.till, row.number, row.first, row.last, row.at, rules.unpack(json.loads(row.totals)))


def _entry(row: EntryRow) -> Entry:
    return Entry(row.number, row.kind, row.way, json.loads(row.sums))
