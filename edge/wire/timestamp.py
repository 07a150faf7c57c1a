"""RFC 3339 timestamps in UTC with milliseconds, without `datetime` (MicroPython has none).

The civil-calendar arithmetic counts days in 400-year eras that start on 1 March, the usual proleptic Gregorian method.
"""

_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def format_ms(ms: int) -> str:
    """Milliseconds since 1970-01-01T00:00Z as e.g. "2026-11-24T10:15:30.123Z"."""
    seconds, milli = divmod(ms, 1000)
    days, second_of_day = divmod(seconds, 86400)
    year, month, day = _civil(days)
    hour, rest = divmod(second_of_day, 3600)
    minute, second = divmod(rest, 60)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{milli:03d}Z"


def parse_ms(text: str) -> int:
    """Milliseconds since 1970 of a timestamp in exactly the shape that `format_ms` writes; ValueError otherwise."""
    marks = text[4:5] + text[7:8] + text[10:11] + text[13:14] + text[16:17] + text[19:20] + text[23:]
    digits = text[0:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19] + text[20:23]
    if marks != "--T::.Z" or len(digits) != 17 or digits.strip("0123456789"):
        raise ValueError("not a timestamp")
    year, month, day = int(digits[0:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    if not (0 < month < 13 and 0 < day <= _month_length(year, month) and hour < 24 and minute < 60 and second < 60):
        raise ValueError("no such moment")
    return (((_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + int(digits[14:17])


def _month_length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _MONTH_LENGTHS[month - 1]


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to the given date."""
    year -= month <= 2
    era = year // 400
    year_of_era = year - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def _civil(days: int) -> tuple[int, int, int]:
    """(year, month, day) of a day number counted from 1970-01-01."""
    days += 719468
    era, day_of_era = divmod(days, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1
