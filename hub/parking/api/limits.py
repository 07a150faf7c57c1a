"""When a longest stay of a car park without a fee holds: hours in the notation of OpenStreetMap, none on holidays."""

from datetime import datetime, time, timedelta
from functools import lru_cache

import opening_hours

from hub.core import i18n
from hub.core.holidays import is_holiday

_DAY = timedelta(days=1)


def minutes_within(applies: str | None, start: int, end: int) -> int:
    """How many minutes of a span (ms) count for the longest stay; all of them where no hours are given."""
    if applies is None:
        return (end - start) // 60_000
    begin, finish = i18n.local(start), i18n.local(end)
    day, total = begin.date(), timedelta()
    while day <= finish.date():
        total += sum((min(finish, high) - max(begin, low) for low, high in _hours(applies, day, begin, finish)), _NONE)
        day += _DAY
    return int(total.total_seconds()) // 60


_NONE = timedelta()


def _hours(applies: str, day: object, begin: datetime, finish: datetime) -> list[tuple[datetime, datetime]]:
    zone = begin.tzinfo
    found = [(low.replace(tzinfo=zone), high.replace(tzinfo=zone)) for low, high in _of_day(applies, day)]
    return [(low, high) for low, high in found if low < finish and high > begin]


@lru_cache(maxsize=512)
def _of_day(applies: str, day: object) -> tuple[tuple[datetime, datetime], ...]:
    if is_holiday(day):  # type: ignore[arg-type]
        return ()
    start = datetime.combine(day, time())  # type: ignore[arg-type]
    parsed = opening_hours.OpeningHours(applies)
    return tuple(
        (max(low, start), min(high, start + _DAY))
        for low, high, state, _ in parsed.intervals(start, start + _DAY)
        if str(state).rsplit(".", maxsplit=1)[-1].lower() == "open" and low < high
    )
