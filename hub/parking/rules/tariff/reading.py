"""Reads a tariff out of its data file; everything that is not understood is refused with the place where it stands."""

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from hub.parking.rules.tariff.model import (
    KINDS,
    MIDNIGHT,
    Exemption,
    Flat,
    Row,
    Season,
    Step,
    Tariff,
    TariffError,
    Terms,
    Window,
)

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_HOLIDAYS = ("usual", "sunday", "free")
_TERMS = frozenset(
    (
        *("valid_from", "charged", "season", "holidays", "free_minutes", "restart", "unit_minutes", "cents", "steps"),
        *("cents_per_minute", "cents_per_hour", "table", "evening", "day_cap", "week_cap", "minimum", "maximum"),
        *("max_stay_minutes", "residents_only", "exempt"),
    )
)
_TARIFF = frozenset(("name", "title", "source", "as_of", "assumed", "note", "vat_percent", "terms", "refund_unused"))


def read_tariff(data: object, name: str = "") -> Tariff:
    """The tariff; TariffError (a ValueError) names what is wrong and where."""
    facts = _mapping(data, "the tariff", _TARIFF)
    terms = tuple(_terms(one, f"terms[{at}]") for at, one in enumerate(_list(facts.get("terms"), "terms")))
    if not terms:
        raise TariffError("terms: a tariff has at least one")
    later = [one.valid_from for one in terms[1:]]
    if any(day is None for day in later) or later != sorted(later, key=str) or len(set(later)) != len(later):
        raise TariffError("terms: every one but the first has a valid_from, each later than the one before")
    title, refund = facts.get("title") or {}, facts.get("refund_unused", False)
    if not isinstance(refund, bool):
        raise TariffError("refund_unused: true or false")
    vat = facts.get("vat_percent")
    return Tariff(
        str(facts.get("name") or name),
        {str(key): str(text) for key, text in _mapping(title, "title").items()},
        terms,
        None if vat is None else _amount(vat, "vat_percent"),
        refund,
    )


def _terms(data: object, place: str) -> Terms:
    facts = _mapping(data, place, _TERMS)
    unit, steps = _units(facts, place)
    per_minute = _per_minute(facts, place)
    table = tuple(_row(one, f"{place}.table") for one in _list(facts.get("table", []), f"{place}.table"))
    if sum(bool(one) for one in (steps, per_minute is not None, table)) != 1:
        raise TariffError(f"{place}: exactly one of cents or steps, cents_per_minute or cents_per_hour, table")
    if table and ([row.up_to or 10**9 for row in table] != sorted({row.up_to or 10**9 for row in table})):
        raise TariffError(f"{place}.table: the minutes must grow")
    if table and table[-1].up_to is not None:
        raise TariffError(f"{place}.table: the last line has no up_to_minutes")
    holidays, restart = facts.get("holidays", "usual"), facts.get("restart", "stay")
    if holidays not in _HOLIDAYS or restart not in ("stay", "day"):
        raise TariffError(f"{place}: holidays is usual, sunday or free; restart is stay or day")
    always = ({"days": "mo-su"},)
    return Terms(
        valid_from=_day(facts["valid_from"], f"{place}.valid_from") if facts.get("valid_from") else None,
        charged=_windows(facts.get("charged", always), f"{place}.charged"),
        season=_season(facts.get("season"), f"{place}.season"),
        holidays=str(holidays),
        free_minutes=_minutes(facts.get("free_minutes", 0), f"{place}.free_minutes"),
        daily=restart == "day",
        unit_minutes=unit,
        steps=steps,
        per_minute=per_minute,
        table=table,
        evening=_evening(facts.get("evening"), f"{place}.evening"),
        max_stay=_optional_minutes(facts.get("max_stay_minutes"), f"{place}.max_stay_minutes"),
        residents_only=_windows(facts.get("residents_only", []), f"{place}.residents_only"),
        exempt=_exempt(facts.get("exempt", {}), f"{place}.exempt"),
        **{
            key: None if facts.get(key) is None else _amount(facts[key], f"{place}.{key}")
            for key in ("day_cap", "week_cap", "minimum", "maximum")
        },
    )


def _units(facts: Mapping[str, Any], place: str) -> tuple[int, tuple[Step, ...]]:
    if "cents" in facts and "steps" in facts:
        raise TariffError(f"{place}: cents or steps, not both")
    if "cents" in facts:
        steps: tuple[Step, ...] = (Step(_amount(facts["cents"], f"{place}.cents")),)
    else:
        steps = tuple(_step(one, f"{place}.steps") for one in _list(facts.get("steps", []), f"{place}.steps"))
    if not steps:
        return 0, ()
    if steps[-1].units is not None or any(one.units is None for one in steps[:-1]):
        raise TariffError(f"{place}.steps: the last one, and only it, has no units")
    unit = _minutes(facts.get("unit_minutes", 0), f"{place}.unit_minutes")
    if unit < 1:
        raise TariffError(f"{place}.unit_minutes: at least 1")
    return unit, steps


def _step(data: object, place: str) -> Step:
    facts = _mapping(data, place, frozenset({"units", "cents"}))
    units = facts.get("units")
    if units is not None and (not isinstance(units, int) or isinstance(units, bool) or units < 1):
        raise TariffError(f"{place}: units is a whole number from 1")
    return Step(_amount(facts.get("cents"), f"{place}.cents"), units)


def _row(data: object, place: str) -> Row:
    facts = _mapping(data, place, frozenset({"up_to_minutes", "cents"}))
    up_to = _optional_minutes(facts.get("up_to_minutes"), f"{place}.up_to_minutes")
    return Row(up_to, _amount(facts.get("cents"), f"{place}.cents"))


def _per_minute(facts: Mapping[str, Any], place: str) -> Fraction | None:
    found = [
        _amount(facts[key], f"{place}.{key}") / divisor
        for key, divisor in (("cents_per_minute", 1), ("cents_per_hour", 60))
        if key in facts
    ]
    if len(found) > 1:
        raise TariffError(f"{place}: cents_per_minute or cents_per_hour, not both")
    return found[0] if found else None


def _windows(data: object, place: str) -> tuple[Window, ...]:
    return tuple(_window(one, f"{place}[{at}]") for at, one in enumerate(_list(data, place)))


def _window(data: object, place: str) -> Window:
    facts = _mapping(data, place, frozenset({"days", "from", "to"}))
    start, end = _time(facts.get("from", "00:00"), f"{place}.from"), _time(facts.get("to", "24:00"), f"{place}.to")
    if start in (end, MIDNIGHT):
        raise TariffError(f"{place}: from and to must differ")
    return Window(_days(facts.get("days", "mo-su"), f"{place}.days"), start, end)


def _evening(data: object, place: str) -> Flat | None:
    if data is None:
        return None
    facts = _mapping(data, place, frozenset({"from", "to", "cents"}))
    start, end = _time(facts.get("from"), f"{place}.from"), _time(facts.get("to", "24:00"), f"{place}.to")
    if start >= end:
        raise TariffError(f"{place}: from is before to")
    return Flat(start, end, _amount(facts.get("cents"), f"{place}.cents"))


def _season(data: object, place: str) -> Season | None:
    if data is None:
        return None
    facts = _mapping(data, place, frozenset({"from", "to"}))
    ends = []
    for key in ("from", "to"):
        day = _day(f"2024-{facts.get(key)}", f"{place}.{key}")  # a leap year knows every day
        ends.append((day.month, day.day))
    return Season(*ends)


def _exempt(data: object, place: str) -> Mapping[str, Exemption]:
    found = {}
    for kind, one in _mapping(data, place, frozenset(KINDS)).items():
        facts = _mapping(one, f"{place}.{kind}", frozenset({"free", "free_minutes"}))
        minutes = _minutes(facts.get("free_minutes", 0), f"{place}.{kind}.free_minutes")
        found[kind] = Exemption(facts.get("free") is True, minutes)
    return found


def _days(data: object, place: str) -> frozenset[int]:
    """mo-fr, sa, mo-we,fr."""
    found: set[int] = set()
    for part in str(data).split(","):
        first, _, last = part.strip().partition("-")
        if first not in _DAYS or (last and last not in _DAYS):
            raise TariffError(f"{place}: days are written mo-fr or sa,su, not {data!r}")
        low, high = _DAYS.index(first), _DAYS.index(last or first)
        if low > high:
            raise TariffError(f"{place}: the first day comes before the last")
        found |= set(range(low, high + 1))
    return frozenset(found)


def _time(data: object, place: str) -> int:
    found = _TIME.fullmatch(str(data))
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if not 0 <= minutes <= MIDNIGHT:
        raise TariffError(f"{place}: a time is written 08:00, not {data!r}")
    return minutes


def _day(data: object, place: str) -> date:
    try:
        return date.fromisoformat(str(data))
    except ValueError:
        raise TariffError(f"{place}: this is no day: {data!r}") from None


def _amount(data: object, place: str) -> Fraction:
    """A number or a decimal text, 0 or more."""
    if isinstance(data, (int, float, str)) and not isinstance(data, bool):
        try:
            found = Fraction(str(data))
        except (ValueError, ZeroDivisionError):
            found = Fraction(-1)
        if found >= 0:
            return found
    raise TariffError(f"{place}: an amount is a number from 0, not {data!r}")


def _minutes(data: object, place: str) -> int:
    if isinstance(data, int) and not isinstance(data, bool) and data >= 0:
        return data
    raise TariffError(f"{place}: minutes are a whole number from 0, not {data!r}")


def _optional_minutes(data: object, place: str) -> int | None:
    return None if data is None else _minutes(data, place)


def _mapping(data: object, place: str, known: frozenset[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise TariffError(f"{place}: an object is expected")
    unknown = sorted(set(data) - known) if known is not None else []
    if unknown:
        raise TariffError(f"{place}: {', '.join(map(str, unknown))} is not known here")
    return data


def _list(data: object, place: str) -> tuple[Any, ...]:
    if not isinstance(data, (list, tuple)):
        raise TariffError(f"{place}: a list is expected")
    return tuple(data)
