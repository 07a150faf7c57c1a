"""Opening hours in the notation of OpenStreetMap, read by the library opening_hours.

Its `PH` (public holiday) knows no German state, so that 6 January and Corpus Christi would count as working days.
Therefore the holidays of Baden-Württemberg are taken from the library `holidays`, and a day that is one is asked with
the rules of `PH` made into rules of the weekday.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

import opening_hours

from hub.bulletin.rules import Span
from hub.core.holidays import is_holiday

_DAY = timedelta(days=1)


def check(hours: str) -> None:
    """ValueError when the library cannot read the text."""
    _parse(hours)


@lru_cache(maxsize=1024)
def spans(hours: str, first: date, days: int, zone: tzinfo) -> tuple[Span, ...]:
    """Opening intervals of some days, in order of time; times are local."""
    return tuple(span for offset in range(days) for span in _of_day(hours, first + offset * _DAY, zone))


def _of_day(hours: str, day: date, zone: tzinfo) -> Iterator[Span]:
    parsed = _parse(_on_holiday(hours) if is_holiday(day) else _on_workday(hours))
    start, end = datetime.combine(day, time()), datetime.combine(day + _DAY, time())
    for begin, finish, state, _ in parsed.intervals(start, end):
        if _is_open(state) and begin < end and finish is not None and finish > start:
            yield Span(max(begin, start).replace(tzinfo=zone), min(finish, end).replace(tzinfo=zone))


def _is_open(state: object) -> bool:
    return str(state).rsplit(".", maxsplit=1)[-1].lower() == "open"


@lru_cache(maxsize=256)
def _parse(hours: str) -> opening_hours.OpeningHours:
    try:
        return opening_hours.OpeningHours(hours)
    except Exception as error:
        raise ValueError(f"cannot read the opening hours {hours!r}") from error


def _on_workday(hours: str) -> str:
    """The rules without those for holidays: `PH off` and `SH off` go, `Mo-Su,PH 08:00` loses its PH."""
    rules = [rule.strip() for rule in hours.split(";")]
    kept = [re.sub(r",\s*(PH|SH)\b", "", rule) for rule in rules if not re.match(r"(PH|SH)\b", rule)]
    return "; ".join(rule for rule in kept if rule) or "off"


def _on_holiday(hours: str) -> str:
    """The rules as they are on a holiday: `PH off` closes; `Mo-Su,PH 08:00` opens as on the weekday."""
    closed = any(re.match(r"PH\s+(off|closed)", rule.strip()) for rule in hours.split(";"))
    named = [rule.strip() for rule in hours.split(";") if re.search(r"\bPH\b", rule) and "off" not in rule]
    if closed:
        return "off"
    if named:
        return "; ".join(re.sub(r"[A-Z][a-zA-Z,\-]*\bPH\b", "Mo-Su", rule) for rule in named)
    return _on_workday(hours)
