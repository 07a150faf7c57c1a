"""A tariff as data. Times of day are minutes since local midnight, amounts are cents, exact as fractions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

MIDNIGHT = 24 * 60
KINDS = ("resident", "disabled", "ev")  # who may be exempt


class TariffError(ValueError):
    """A tariff's data says something that cannot be; the text names the place."""


@dataclass(frozen=True)
class Window:
    """From one time of day to another on some days (0 = Monday); `end` before `start` goes on past midnight."""

    days: frozenset[int]
    start: int = 0
    end: int = MIDNIGHT


@dataclass(frozen=True)
class Step:
    """The price of each of the next `units` intervals; None = of all that follow."""

    cents: Fraction
    units: int | None = None


@dataclass(frozen=True)
class Row:
    """A line of a table for whole stays: up to so many chargeable minutes (None = more) it costs so much."""

    up_to: int | None
    cents: Fraction


@dataclass(frozen=True)
class Exemption:
    """What a kind of driver need not pay: nothing at all, or not the first minutes."""

    free: bool = False
    free_minutes: int = 0


@dataclass(frozen=True)
class Flat:
    """One price for whatever part of an evening is used."""

    start: int
    end: int
    cents: Fraction


@dataclass(frozen=True)
class Season:
    """The days of the year on which anything is charged, both included: (month, day)."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Whether this day is in the season, which may go over the turn of the year."""
        today = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= today <= self.last
        return today >= self.first or today <= self.last


@dataclass(frozen=True)
class Terms:
    """What holds from a day on. One of `steps` (with `unit_minutes`), `per_minute` and `table` sets the price."""

    valid_from: date | None = None
    charged: tuple[Window, ...] = ()
    season: Season | None = None
    holidays: str = "usual"  # usual, sunday (as on Sundays) or free
    free_minutes: int = 0
    daily: bool = False  # free minutes and steps begin anew each calendar day
    unit_minutes: int = 0
    steps: tuple[Step, ...] = ()
    per_minute: Fraction | None = None
    table: tuple[Row, ...] = ()
    evening: Flat | None = None
    day_cap: Fraction | None = None
    week_cap: Fraction | None = None
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    max_stay: int | None = None  # minutes that pass, charged or not
    residents_only: tuple[Window, ...] = ()
    exempt: Mapping[str, Exemption] = field(default_factory=dict)


@dataclass(frozen=True)
class Tariff:
    """`terms` in the order of their first day; the first one holds from ever.

    `refunds_unused`: who paid before and leaves early gets the rest back.
    """

    name: str
    title: Mapping[str, str]
    terms: tuple[Terms, ...]
    vat_percent: Fraction | None = None
    refunds_unused: bool = False

    def on(self, day: date) -> Terms:
        """What holds on a day."""
        found = self.terms[0]
        for one in self.terms[1:]:
            if one.valid_from is not None and one.valid_from <= day:
                found = one
        return found
