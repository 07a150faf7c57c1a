"""What a stay costs. All sums are whole numbers of a small part of a cent; they are rounded once, at the end.

Where a tariff is silent: charged around the clock; free minutes are taken from the charged time; intervals are cut out
of the charged time laid end to end and belong to the day in which they begin; a week is Monday to Sunday.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hub.parking.rules.tariff.calendar import Calendar, Day
from hub.parking.rules.tariff.model import Exemption, Step, Tariff, TariffError, Terms

SCALE = 36_000_000  # parts of a cent: a ten-thousandth of a cent an hour is still exact for each second
_DAY = timedelta(days=1)
_WEEK_S = 7 * 86_400
_NOTHING = Exemption()


class NotAllowedError(Exception):
    """Nobody may stay like this; `reason`: order, max_stay (`minutes`), residents_only."""

    def __init__(self, reason: str, minutes: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.minutes = reason, minutes


@dataclass(frozen=True)
class Entry:
    """One line of the derivation: what it is, the day it belongs to, its numbers (cents as fractions)."""

    kind: str
    day: date | None
    numbers: tuple[Fraction | int, ...]


@dataclass(frozen=True)
class Bill:
    """Whole cents and how they came about; seconds that passed, and that were charged for."""

    cents: int
    entries: tuple[Entry, ...]
    elapsed_s: int
    charged_s: int


class _Account:
    """Sums by day while a price is worked out, and its lines unless nobody wants them."""

    def __init__(self, *, tell: bool) -> None:
        self.by_day: dict[date, int] = {}
        self.entries: list[Entry] = []
        self._tell = tell

    def add(self, day: date, parts: int) -> None:
        self.by_day[day] = self.by_day.get(day, 0) + parts

    def say(self, kind: str, day: date | None, *numbers: Fraction | int) -> None:
        if self._tell:
            self.entries.append(Entry(kind, day, numbers))

    @property
    def total(self) -> int:
        return sum(self.by_day.values())


_Span = tuple[Day, int, bool]  # day, charged seconds, by the evening's flat price


class Pricer:
    """Prices of one tariff; ask it as often as you like, it remembers its days."""

    def __init__(self, tariff: Tariff, zone: ZoneInfo, is_holiday: Callable[[date], bool]) -> None:
        self.tariff = tariff
        self._calendar = Calendar(tariff, zone, is_holiday)

    def price(
        self, start: int, end: int, *, exempt: str | None = None, used_free_minutes: int = 0, tell: bool = True
    ) -> Bill:
        """The bill of a stay from `start` to `end` (seconds UTC); NotAllowedError when nobody may stay so.

        `used_free_minutes` were used before on the first day (once per plate, zone and day).
        """
        days = list(self._days(start, end))
        terms = days[0].terms
        _check(terms, days, start, end, exempt)
        account = _Account(tell=tell)
        relief = terms.exempt.get(exempt or "", _NOTHING)
        spans = list(_charged(days, start, end))
        seconds = sum(span[1] for span in spans)
        if relief.free:
            account.say("exempt", None)
        elif not spans:
            account.say("not_charged", None)
        else:
            left = _without_free(days[0], spans, relief, used_free_minutes, account)
            _cost(terms, left, seconds, account)
            _cap(days, account)
        total = _bounded(terms, account)
        cents = (2 * total + SCALE) // (2 * SCALE)
        account.say("total", None, cents)
        return Bill(cents, tuple(account.entries), end - start, seconds)

    def residents_from(self, start: int, exempt: str | None) -> int | None:
        """When time for residents only begins (seconds UTC, not before `start`) in the week after; None = never."""
        if exempt == "resident":
            return None
        for day in self._days(start, start + _WEEK_S):
            for low, high in day.residents:
                if high > start:
                    return max(low, start)
        return None

    def cents(self, start: int, end: int) -> int:
        """The amount alone."""
        return self.price(start, end, tell=False).cents

    def _days(self, start: int, end: int) -> Iterator[Day]:
        if end < start:
            raise NotAllowedError("order")
        day = self._calendar.day(self._calendar.local_date(start))
        yield day
        while day.end < end:
            day = self._calendar.day(day.date + _DAY)
            yield day


def _check(terms: Terms, days: Sequence[Day], start: int, end: int, exempt: str | None) -> None:
    if terms.max_stay is not None and end - start > terms.max_stay * 60:
        raise NotAllowedError("max_stay", terms.max_stay)
    if exempt == "resident":
        return
    if any(max(start, low) < min(end, high) for day in days for low, high in day.residents):
        raise NotAllowedError("residents_only")


def _charged(days: Sequence[Day], start: int, end: int) -> Iterator[_Span]:
    for day in days:
        for low, high, flat in day.charged:
            seconds = min(end, high) - max(start, low)
            if seconds > 0:
                yield day, seconds, flat


def _without_free(first: Day, spans: list[_Span], relief: Exemption, used: int, account: _Account) -> list[_Span]:
    """The spans without the free minutes at their beginning; of each day where the tariff says so."""
    free = max(0, max(first.terms.free_minutes, relief.free_minutes) - used) * 60
    left: list[_Span] = []
    day = first
    for one, seconds, flat in spans:
        if one is not day and one.terms.daily:
            free = max(one.terms.free_minutes, relief.free_minutes) * 60
        day = one
        taken = min(free, seconds)
        free -= taken
        if taken:
            account.say("free", one.date, Fraction(taken, 60))
        if seconds > taken:
            left.append((one, seconds - taken, flat))
    return left


def _cost(terms: Terms, left: list[_Span], charged: int, account: _Account) -> None:
    if terms.table:
        _by_table(terms, left, charged, account)
        return
    covered, index, flats = 0, 0, set()
    day: Day | None = None
    for one, seconds, flat in left:
        if day is not None and one is not day and one.terms.daily:
            index = 0
        day = one
        if flat:
            if one.date not in flats:
                flats.add(one.date)
                _flat(one, account)
        elif one.terms.per_minute is not None:
            _linear(one, seconds, one.terms.per_minute, account)
        else:
            covered, index = _units(one, seconds, covered, index, account)


def _by_table(terms: Terms, left: list[_Span], charged: int, account: _Account) -> None:
    """The whole charged stay picks the line, once; nothing at all while everything was free."""
    if not left:
        return
    row = next(one for one in terms.table if one.up_to is None or charged <= one.up_to * 60)
    account.add(left[0][0].date, _parts(row.cents))
    account.say("table", None, Fraction(charged, 60), row.up_to or 0, row.cents)


def _flat(day: Day, account: _Account) -> None:
    evening = day.terms.evening
    if evening is None:
        raise TariffError("a flat span without a flat price")
    account.add(day.date, _parts(evening.cents))
    account.say("evening", day.date, evening.cents)


def _linear(day: Day, seconds: int, rate: Fraction, account: _Account) -> None:
    parts = seconds * (_parts(rate) // 60)
    account.add(day.date, parts)
    account.say("linear", day.date, Fraction(seconds, 60), rate, Fraction(parts, SCALE))


def _units(day: Day, seconds: int, covered: int, index: int, account: _Account) -> tuple[int, int]:
    """(seconds that the last interval still covers, number of the next interval)."""
    if seconds <= covered:
        return covered - seconds, index
    unit = day.terms.unit_minutes * 60
    count = -(-(seconds - covered) // unit)
    for step, some in _prices(day.terms.steps, index, count):
        account.add(day.date, some * _parts(step.cents))
        account.say("units", day.date, some, day.terms.unit_minutes, step.cents, some * step.cents)
    return covered + count * unit - seconds, index + count


def _prices(steps: Sequence[Step], index: int, count: int) -> Iterator[tuple[Step, int]]:
    """Of the intervals index, index + 1 ...: how many have which price."""
    low = 0
    for step in steps:
        high = index + count if step.units is None else low + step.units
        some = min(high, index + count) - max(low, index)
        if some > 0:
            yield step, some
        low = high


def _cap(days: Sequence[Day], account: _Account) -> None:
    for day in days:
        cap, spent = day.terms.day_cap, account.by_day.get(day.date, 0)
        if cap is not None and spent > _parts(cap):
            account.by_day[day.date] = _parts(cap)
            account.say("day_cap", day.date, cap)
    weeks: dict[date, list[Day]] = {}
    for day in days:
        weeks.setdefault(day.date - day.date.weekday() * _DAY, []).append(day)
    for monday, members in weeks.items():
        cap = members[0].terms.week_cap
        over = sum(account.by_day.get(one.date, 0) for one in members) - _parts(cap) if cap is not None else 0
        if cap is not None and over > 0:
            account.add(members[-1].date, -over)
            account.say("week_cap", monday, cap)


def _bounded(terms: Terms, account: _Account) -> int:
    total = account.total
    if terms.minimum is not None and 0 < total < _parts(terms.minimum):
        account.say("minimum", None, terms.minimum)
        return _parts(terms.minimum)
    if terms.maximum is not None and total > _parts(terms.maximum):
        account.say("maximum", None, terms.maximum)
        return _parts(terms.maximum)
    return total


def _parts(cents: Fraction) -> int:
    found = cents * SCALE
    if found.denominator != 1:
        raise TariffError(f"{cents} cents cannot be counted exactly")
    return found.numerator
