"""Pure decisions of the portal: session time, offices open now, what to show, which language.

Times are whole milliseconds UTC unless a name says otherwise; dates are `datetime.date` of the town's day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, radians

LEVELS = ("danger", "warning", "info")
CRYSTALS = 15
POOLS = ("outdoor_pool", "indoor_pool", "pool")
COUNCIL = ("rat", "council")


@dataclass(frozen=True)
class Words:
    """A piece of text and the language it is in; no language stands for the page's own."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Text:
    """One text in several languages."""

    by_language: dict[str, str] = field(default_factory=dict)

    def chosen(self, language: str) -> Words:
        """The text in `language`, else in English, else in German, else in whatever there is, with its language."""
        for code in (language, "en", "de", *self.by_language):
            if self.by_language.get(code):
                return Words(self.by_language[code], code)
        return Words("")

    def in_language(self, language: str) -> str:
        """The chosen text alone."""
        return self.chosen(language).text


@dataclass(frozen=True)
class News:
    title: Text
    text: Text
    day: date
    assumed: bool


@dataclass(frozen=True)
class Event:
    title: Text
    place: Text
    start: date
    end: date | None
    time: str
    kind: str
    assumed: bool
    stream: str = ""

    @property
    def last_day(self) -> date:
        """The day on which it ends."""
        return self.end or self.start


@dataclass(frozen=True)
class Advice:
    """A warning of the town; `level` is one of LEVELS."""

    level: str
    title: Text
    text: Text
    until_ms: int | None
    assumed: bool


@dataclass(frozen=True)
class Office:
    name: Text
    address: str
    open: tuple[tuple[int, int], ...]
    assumed: bool
    kind: str = ""


@dataclass(frozen=True)
class CarPark:
    name: Text
    tariff: Text
    lat: float
    lon: float
    capacity: int
    free: int | None
    assumed: bool


def remaining_s(until_ms: int, granted_s: int, now_ms: int) -> int:
    """Seconds a session still has: never negative and never more than were granted, even if the clock ran backwards."""
    return max(0, min(granted_s, -(-(until_ms - now_ms) // 1000)))


def open_until(office: Office, now_ms: int) -> int | None:
    """When the office that is open at `now_ms` closes; None while it is closed."""
    return max((to for start, to in office.open if start <= now_ms < to), default=None)


def opens_next(office: Office, now_ms: int) -> int | None:
    """When the closed office opens next; None if that is not known."""
    return min((start for start, _ in office.open if start > now_ms), default=None)


def offices_to_show(offices: Sequence[Office], now_ms: int, limit: int) -> list[Office]:
    """Open offices in the town's order; if none is open, the one that opens first."""
    opened = [office for office in offices if open_until(office, now_ms) is not None]
    if opened:
        return opened[:limit]
    waiting = [(start, office) for office in offices if (start := opens_next(office, now_ms)) is not None]
    return [office for _, office in sorted(waiting, key=lambda pair: pair[0])][:1]


def pool_to_show(offices: Sequence[Office], now_ms: int) -> Office | None:
    """The pool that is open, else the one that opens first, else the first one: the town always tells about it."""
    pools = [office for office in offices if office.kind in POOLS]
    return next(iter([*offices_to_show(pools, now_ms, 1), *pools]), None)


def council_meeting(events: Sequence[Event], today: date) -> Event | None:
    """The next meeting of the council."""
    return next(iter(events_to_show([event for event in events if event.kind in COUNCIL], today, 1)), None)


def events_to_show(events: Sequence[Event], today: date, limit: int) -> list[Event]:
    """What is on or coming, the next one first; an event of yesterday is gone."""
    coming = [event for event in events if event.last_day >= today]
    return sorted(coming, key=lambda event: max(event.start, today))[:limit]


def news_to_show(news: Sequence[News], limit: int) -> list[News]:
    """The newest first."""
    return sorted(news, key=lambda item: item.day, reverse=True)[:limit]


def warnings_to_show(warnings: Sequence[Advice], now_ms: int, limit: int) -> list[Advice]:
    """Those that still hold, the most serious first."""
    held = [item for item in warnings if item.until_ms is None or item.until_ms > now_ms]
    return sorted(held, key=lambda item: LEVELS.index(item.level))[:limit]


def car_parks_to_show(car_parks: Sequence[CarPark], near: tuple[float, float] | None, limit: int) -> list[CarPark]:
    """Car parks with a figure come before those without one; then the nearest, or the town's order."""

    def order(car_park: CarPark) -> tuple[bool, float]:
        return car_park.free is None, 0.0 if near is None else _distance(near, car_park)

    return sorted(car_parks, key=order)[:limit]


def _distance(near: tuple[float, float], car_park: CarPark) -> float:
    """A measure that grows with the distance; flat-earth is exact enough inside a town."""
    east = (car_park.lon - near[1]) * cos(radians(near[0]))
    return float((car_park.lat - near[0]) ** 2 + east**2)


def filled_crystals(capacity: int, free: int) -> int:
    """How many of the CRYSTALS are full: all only when no bay is free, none only when all are."""
    taken = capacity - free
    if taken <= 0 or capacity <= 0:
        return 0
    if free <= 0:
        return CRYSTALS
    return min(CRYSTALS - 1, max(1, round(taken * CRYSTALS / capacity)))


def choose_language(wanted: str | None, accept_language: str, offered: Sequence[str]) -> str:
    """The asked-for language if offered, else the best of Accept-Language, else English for other phones."""
    if wanted in offered:
        return str(wanted)
    ranked = sorted(_ranges(accept_language), key=lambda pair: -pair[1])
    for tag, quality in ranked:
        if quality > 0 and tag.split("-")[0] in offered:
            return tag.split("-")[0]
    foreign = any(quality > 0 and tag != "*" for tag, quality in ranked)
    return "en" if foreign and "en" in offered else offered[0]


def _ranges(header: str) -> list[tuple[str, float]]:
    """(language tag, quality) of an Accept-Language header; an unreadable quality counts as 0."""
    found = []
    for part in header.lower().split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=") if parameter else "1"
        try:
            found.append((tag.strip(), float(quality)))
        except ValueError:
            found.append((tag.strip(), 0.0))
    return [(tag, quality) for tag, quality in found if tag]
