"""What kind of hour an hour is: its place in the week, its day, and whether that day is a special one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

SUNDAY = 6
HOLIDAY = "holiday"


@dataclass(frozen=True)
class Moment:
    """An hour on the town's clock: day as an ordinal, weekday (6 on a public holiday, too), hour 0 to 23."""

    day: int
    weekday: int
    hour: int
    label: str  # "" on an ordinary day, "holiday", or the kind of an event


class Calendar:
    """Knows every hour's `Moment`; `events` are days with the kind of what takes place."""

    def __init__(self, zone: ZoneInfo, is_holiday: Callable[[date], bool], events: Mapping[date, str]) -> None:
        self._zone, self._is_holiday, self._events = zone, is_holiday, dict(events)
        self._known: dict[int, Moment] = {}

    def __call__(self, hour: int) -> Moment:
        """The moment of an hour."""
        found = self._known.get(hour)
        if found is None:
            found = self._known[hour] = self._moment(datetime.fromtimestamp(hour * 3600, self._zone))
        return found

    def _moment(self, local: datetime) -> Moment:
        day, weekday = local.date(), local.weekday()
        label = self._events.get(day, "")
        if weekday != SUNDAY and self._is_holiday(day):
            weekday, label = SUNDAY, HOLIDAY
        return Moment(day.toordinal(), weekday, local.hour, label)
