"""What one language is made of. The plural categories are those of CLDR, written out by hand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language's words and its ways to name days, times and numbers.

    `days` begin with Monday. `from_days` and `until_days` are whole phrases for tomorrow and the seven weekdays,
    because in some languages the name of the day changes with them. `hours`, `minutes` and `free` give a phrase
    for each plural category.
    """

    name: str
    words: Mapping[str, str]
    today: str
    tomorrow: str
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    months: tuple[str, ...]
    from_days: tuple[str, ...]
    until_days: tuple[str, ...]
    from_date: str
    until_date: str
    closes: str
    opens: str
    opens_on: str
    hours: Mapping[str, str]
    minutes: Mapping[str, str]
    free: Mapping[str, str]
    plural: Callable[[int], str]
    date: str = "{day}\u00a0{month}"
    long_date: str = "{name}, {date}"
    clock: str = "{hour:02d}:{minute:02d}"
    full_hour: str = "{hour:02d}:00"
    between_parts: str = " "
    direction: str = "ltr"


def one_or_other(number: int) -> str:
    """German, English and Turkish: "one" for exactly one."""
    return "one" if number == 1 else "other"


def french(number: int) -> str:
    """French counts nothing as one."""
    return "one" if number in (0, 1) else "other"


def polish(number: int) -> str:
    """1; 2 to 4 but not 12 to 14; all others."""
    if number == 1:
        return "one"
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"


def ukrainian(number: int) -> str:
    """1, 21, 31 but not 11; 2 to 4 but not 12 to 14; all others."""
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"


def arabic(number: int) -> str:
    """0, 1 and 2 have their own forms; then 3 to 10, 11 to 99 and the full hundreds of the last two digits."""
    if number < 3:
        return ("zero", "one", "two")[number]
    last = number % 100
    if 3 <= last <= 10:
        return "few"
    return "many" if last >= 11 else "other"
