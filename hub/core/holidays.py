"""Public holidays of Baden-Württemberg, from the library `holidays`."""

from datetime import date
from functools import lru_cache

import holidays

_STATE = "BW"


def is_holiday(day: date) -> bool:
    """True on a public holiday of Baden-Württemberg."""
    return day in _of_year(day.year)


@lru_cache(maxsize=16)
def _of_year(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", subdiv=_STATE, years=year))
