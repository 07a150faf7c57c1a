"""The slow way to a price, minute by minute, written without the engine: what its answers are compared with."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import hub

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = ("mo", "tu", "we", "th", "fr", "sa", "su")


def load(name: str) -> dict:
    return json.loads((Path(hub.__file__).parent / "data" / "tariffs" / f"{name}.json").read_text())["terms"][0]


def price(name: str, start: datetime, minutes: int, used: int = 0) -> int:
    """Cents of a stay of whole minutes that nobody forbids."""
    terms = load(name)
    moments = [start.astimezone(UTC) + timedelta(minutes=at) for at in range(minutes)]
    local = [one.astimezone(BERLIN) for one in moments]
    charged = [one.date() for one in local if is_charged(terms, one)]
    first = local[0].date() if local else None
    free_left: dict = {}
    kept = []
    for day in charged:
        key = day if terms.get("restart") == "day" else "stay"
        allowance = terms.get("free_minutes", 0)
        if day == first or key == "stay":
            allowance = max(0, allowance - used)
        free_left.setdefault(key, allowance)
        if free_left[key] > 0:
            free_left[key] -= 1
        else:
            kept.append(day)
    return rounded(bounded(terms, total(terms, kept, len(charged))))


def is_charged(terms: dict, local: datetime) -> bool:
    season = terms.get("season")
    if season and not season["from"] <= local.strftime("%m-%d") <= season["to"]:
        return False
    clock = local.strftime("%H:%M")
    for window in terms.get("charged", [{}]):
        first, _, last = window.get("days", "mo-su").partition("-")
        days = NAMES[NAMES.index(first) : NAMES.index(last or first) + 1]
        if NAMES[local.weekday()] in days and window.get("from", "00:00") <= clock < window.get("to", "24:00"):
            return True
    return False


def total(terms: dict, kept: list, charged: int) -> Fraction:
    if terms.get("table"):
        rows = terms["table"]
        return (
            Fraction(next(r["cents"] for r in rows if charged <= r.get("up_to_minutes", 10**9)))
            if kept
            else Fraction(0)
        )
    per_day: dict = {}
    if "unit_minutes" in terms:
        unit, steps = terms["unit_minutes"], terms.get("steps") or [{"cents": terms["cents"]}]
        ladder = [Fraction(str(step["cents"])) for step in steps for _ in range(step.get("units", 1))]
        for number, at in enumerate(range(0, len(kept), unit)):
            per_day[kept[at]] = per_day.get(kept[at], 0) + ladder[min(number, len(ladder) - 1)]
    else:
        rate = Fraction(str(terms.get("cents_per_minute", 0))) or Fraction(str(terms["cents_per_hour"])) / 60
        for day in kept:
            per_day[day] = per_day.get(day, Fraction(0)) + rate
    capped = {day: min(spent, terms.get("day_cap", spent)) for day, spent in per_day.items()}
    weeks: dict = {}
    for day, spent in capped.items():
        weeks[day.isocalendar()[:2]] = weeks.get(day.isocalendar()[:2], 0) + spent
    return Fraction(sum(min(spent, terms.get("week_cap", spent)) for spent in weeks.values()))


def bounded(terms: dict, amount: Fraction) -> Fraction:
    if amount and terms.get("minimum"):
        amount = max(amount, Fraction(terms["minimum"]))
    return min(amount, Fraction(terms.get("maximum", amount)))


def rounded(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))
