"""Tariffs by name or file, and what a stay costs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from hub.core import i18n
from hub.core.db import Session
from hub.core.holidays import is_holiday
from hub.parking import store
from hub.parking.rules import tariff
from hub.parking.rules.tariff import KINDS, Bill, NotAllowedError, Pricer, TariffError

__all__ = [
    "KINDS",
    "Bill",
    "NotAllowedError",
    "Pricer",
    "Quote",
    "TariffError",
    "examples",
    "max_stay",
    "names",
    "of_site",
    "pricer",
    "quote",
    "refusal",
    "zone",
]

_DIRECTORY = Path(__file__).parents[2] / "data" / "tariffs"
_YEARS = range(1970, 2200)


@dataclass(frozen=True)
class Quote:
    """A price in whole cents and how it came about, a sentence a line."""

    cents: int
    lines: Sequence[str]


def names() -> list[str]:
    """Every tariff that is shipped."""
    return sorted(file.stem for file in _DIRECTORY.glob("*.json"))


def of_site(session: Session, site: str) -> str:
    """The name of a car park's tariff; empty where one does not pay."""
    facts = dict(store.sites(session)).get(site, "{}")
    return str((json.loads(facts).get("tariff") or {}).get("name", ""))


@lru_cache(maxsize=128)
def pricer(name: str) -> Pricer:
    """The tariff with this name, or in this JSON file; TariffError (a ValueError) in a plain sentence."""
    file = _DIRECTORY / f"{name}.json" if name in names() else Path(name)
    try:
        data = json.loads(file.read_text())
    except OSError:
        raise TariffError(f"there is no tariff {name}; known are {', '.join(names())}, or give a file") from None
    except ValueError as error:
        raise TariffError(f"{file.name} is no JSON: {error}") from None
    return Pricer(tariff.read_tariff(data, file.stem), i18n.TIMEZONE, is_holiday)


def moment(text: str) -> int:
    """Seconds UTC of an ISO 8601 time; without a zone it is the town's clock. ValueError in a plain sentence."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no time; write it like 2026-12-24T14:30") from None
    if found.year not in _YEARS:
        raise ValueError(f"{text} is not between the years {_YEARS[0]} and {_YEARS[-1]}")
    return int((found if found.tzinfo else found.replace(tzinfo=i18n.TIMEZONE)).timestamp())


def quote(
    name: str, start: str, end: str, *, exempt: str | None = None, used_free_minutes: int = 0, language: str = "de"
) -> Quote:
    """What a stay costs; ValueError in one plain sentence when nobody may stay so or something was not understood."""
    if used_free_minutes < 0:
        raise ValueError("used free minutes are a number from 0")
    chosen, begin, finish = pricer(name), moment(start), moment(end)
    try:
        bill = chosen.price(begin, finish, exempt=exempt, used_free_minutes=used_free_minutes)
    except NotAllowedError as error:
        raise ValueError(refusal(error)) from None
    return Quote(bill.cents, tariff.lines(bill, language))


def examples(name: str, now: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """(minutes, cents) of stays that begin now (ms) and that the tariff allows."""
    found = []
    for minutes in lengths:
        try:
            found.append((minutes, pricer(name).cents(now // 1000, now // 1000 + 60 * minutes)))
        except NotAllowedError:
            break
    return found


def max_stay(name: str, now: int) -> int | None:
    """Minutes that a stay may last which begins now (ms)."""
    return pricer(name).tariff.on(i18n.local(now).date()).max_stay


def zone(name: str, language: str) -> str:
    """What the tariff's zone is called."""
    found = pricer(name).tariff
    return found.title.get(language) or found.title.get("de") or found.name


def refusal(error: NotAllowedError) -> str:
    """Why nobody may stay so."""
    if error.reason == "order":
        return "the stay ends before it starts"
    if error.reason == "max_stay":
        return f"the stay is longer than the maximum of {error.minutes} minutes"
    return "part of the stay is at a time for residents only (--exempt resident)"
