"""Which seconds of a day are charged. Moments are whole seconds UTC, so that real time counts when clocks change."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.parking.rules.tariff.model import MIDNIGHT, Tariff, TariffError, Terms, Window

_DAY = timedelta(days=1)
_SUNDAY = 6


@dataclass(frozen=True)
class Day:
    """A calendar day: its ends, the charged spans (start, end, by the evening's flat price), those of residents."""

    date: date
    start: int
    end: int
    terms: Terms
    charged: tuple[tuple[int, int, bool], ...]
    residents: tuple[tuple[int, int], ...]


class Calendar:
    """The days of one tariff, each worked out once."""

    def __init__(self, tariff: Tariff, zone: ZoneInfo, is_holiday: Callable[[date], bool]) -> None:
        self._tariff, self._zone, self._is_holiday = tariff, zone, is_holiday
        self._days: dict[date, Day] = {}

    def local_date(self, moment: int) -> date:
        """The calendar day of a moment."""
        return datetime.fromtimestamp(moment, self._zone).date()

    def day(self, when: date) -> Day:
        """A day; TariffError when its windows overlap."""
        found = self._days.get(when)
        if found is None:
            found = self._days[when] = self._make(when)
        return found

    def _make(self, when: date) -> Day:
        terms = self._tariff.on(when)
        spans = self._spans(terms, terms.charged, when) if terms.season is None or terms.season.holds(when) else []
        return Day(
            when,
            self._moment(when, 0),
            self._moment(when + _DAY, 0),
            terms,
            tuple(self._split(terms, spans, when)),
            tuple(self._spans(terms, terms.residents_only, when, holidays=False)),
        )

    def _spans(
        self, terms: Terms, windows: tuple[Window, ...], when: date, *, holidays: bool = True
    ) -> list[tuple[int, int]]:
        """The parts of `windows` that lie on this day; also the rest of one that began the evening before."""
        found = []
        for window in windows:
            crosses = window.end <= window.start
            if self._weekday(terms, when, holidays=holidays) in window.days:
                found.append(
                    (self._moment(when, window.start), self._moment(when, MIDNIGHT if crosses else window.end))
                )
            if crosses and self._weekday(terms, when - _DAY, holidays=holidays) in window.days:
                found.append((self._moment(when, 0), self._moment(when, window.end)))
        found = sorted(span for span in found if span[0] < span[1])
        if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(found)):
            raise TariffError(f"{self._tariff.name}: two windows overlap on {when}")
        return found

    def _weekday(self, terms: Terms, when: date, *, holidays: bool) -> int:
        """0 to 6; on holidays Sunday or no day at all, where the tariff says so."""
        if holidays and terms.holidays != "usual" and self._is_holiday(when):
            return _SUNDAY if terms.holidays == "sunday" else -1
        return when.weekday()

    def _split(self, terms: Terms, spans: list[tuple[int, int]], when: date) -> list[tuple[int, int, bool]]:
        if terms.evening is None:
            return [(start, end, False) for start, end in spans]
        low, high = self._moment(when, terms.evening.start), self._moment(when, terms.evening.end)
        parts = []
        for start, end in spans:
            cuts = [start, min(max(low, start), end), min(max(high, start), end), end]
            parts += [(cuts[at], cuts[at + 1], at == 1) for at in range(3) if cuts[at] < cuts[at + 1]]
        return parts

    def _moment(self, when: date, minutes: int) -> int:
        if minutes == MIDNIGHT:
            when, minutes = when + _DAY, 0
        return int(
            datetime(when.year, when.month, when.day, minutes // 60, minutes % 60, tzinfo=self._zone).timestamp()
        )
