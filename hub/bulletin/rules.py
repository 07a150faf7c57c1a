"""Which news, events and warnings are current, and what "open" means at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MAX_NEWS = 5
MAX_EVENTS = 8
NEWS_DAYS = 500  # the town's facts are rarely newer; the date stands beside each
FEEDBACK_DAYS = 180


@dataclass(frozen=True)
class Span:
    """An opening interval, end excluded."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Opening:
    """Open now until `until`, or closed until `opens` (None: not in the days looked at)."""

    is_open: bool
    until: datetime | None
    opens: datetime | None


def opening(spans: Sequence[Span], now: datetime) -> Opening:
    """What the intervals (in order of time) say about `now`."""
    for span in spans:
        if span.start <= now < span.end:
            return Opening(True, span.end, None)
        if span.start > now:
            return Opening(False, None, span.start)
    return Opening(False, None, None)


def is_coming(start: date, end: date | None, today: date) -> bool:
    """An event is shown until its last day is over."""
    return (end or start) >= today


def is_shown(start: date | None, end: date | None, today: date) -> bool:
    """A warning is shown from its first to its last day, both included; None = open-ended."""
    return (start is None or start <= today) and (end is None or today <= end)


def is_fresh(published: date, today: date) -> bool:
    """News are shown from their day on and not for ever."""
    return published <= today <= published + timedelta(days=NEWS_DAYS)
