"""What a stay costs, as stays and payments by card ask for it; moments in ms."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hub.core import i18n
from hub.core.db import Session
from hub.parking.api import tariffs
from hub.parking.api.tariffs import Bill, NotAllowedError
from hub.parking.rules import stays as rules
from hub.parking.rules import tariff
from hub.parking.store import stays as store


class RefusedError(Exception):
    """`reason`: plate, running (the car has a stay), money, max_stay, residents_only, over (too late), gone, prepaid
    (paid by card: it is changed by paying), known, end (an end is needed).
    """

    def __init__(self, reason: str, minutes: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.minutes = reason, minutes


@dataclass(frozen=True)
class Derivation:
    """How an amount came about, a sentence a line, in both languages."""

    de: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def lines(self, language: str) -> tuple[str, ...]:
        """In a reader's language."""
        return self.en if language == "en" and self.en else self.de

    def pack(self) -> str:
        """As JSON text."""
        return json.dumps({"de": self.de, "en": self.en}, ensure_ascii=False)


def derivation(bill: Bill) -> Derivation:
    """The lines of a bill."""
    return Derivation(tuple(tariff.lines(bill, "de")), tuple(tariff.lines(bill, "en")))


def with_period(why: Derivation, start: int, end: int) -> Derivation:
    """The lines with the time of the stay before them, as a receipt needs it; no plate, for receipts are kept long."""
    first = [
        f"{i18n.moment_with_date(start, language)} – {i18n.moment_with_date(end, language)}"
        for language in ("de", "en")
    ]
    return Derivation((first[0], *why.de), (first[1], *why.en))


def less(why: Derivation, cents: int) -> Derivation:
    """The lines, and what somebody paid for the same car."""
    de = f"Schon bezahlt für dasselbe Auto: −{euro(cents)}"
    return Derivation((*why.de, de), (*why.en, f"Paid before for the same car: −{euro(cents, 'en')}"))


def euro(cents: int, language: str = "de") -> str:
    """An amount in a line."""
    shown = f"{cents // 100}.{cents % 100:02d}"
    return f"{shown.replace('.', ',')}\u00a0€" if language == "de" else f"€{shown}"


def unpack(text: str) -> Derivation:
    """What `pack` wrote; before there were two languages it was a list of German lines."""
    found = json.loads(text) if text else {}
    parts: Mapping[str, Sequence[str]] = {"de": found} if isinstance(found, list) else found
    return Derivation(tuple(parts.get("de", ())), tuple(parts.get("en", ())))


def bill(name: str, start: int, end: int, exempt: str = "", used: int = 0) -> Bill:
    """The bill; RefusedError when the tariff forbids such a stay."""
    chosen, begin = tariffs.pricer(name), start // 1000
    finish = begin - (start - end) // 1000  # an hour is an hour, at whatever millisecond it begins
    try:
        return chosen.price(begin, finish, exempt=exempt or None, used_free_minutes=used)
    except NotAllowedError as error:
        raise RefusedError(error.reason, error.minutes) from None


def free_minutes(found: Bill) -> dict[date, int]:
    """Free minutes that a stay used, by day."""
    used: dict[date, int] = {}
    for entry in found.entries:
        if entry.kind == "free" and entry.day is not None:
            used[entry.day] = used.get(entry.day, 0) + -(-entry.numbers[0] // 1)
    return used


def used_free(session: Session, plate: str, name: str, now: int) -> int:
    """Free minutes that a plate has used on this day under a tariff, also in stays that run or are not settled yet."""
    day = i18n.local(now).date()
    open_ones = [
        free_minutes(bill(name, row.started_at, max(_known_end(row, now), row.started_at), row.exempt, row.used_free))
        for row in store.unsettled_of(session, plate, name)
    ]
    return store.used_free(session, plate, name, day) + sum(used.get(day, 0) for used in open_ones)


def _known_end(row: store.StayRow, now: int) -> int:
    """What is prepaid is used up to its end, all else up to now."""
    return row.ended_at or (row.planned_end if row.source == "card" and row.planned_end else now)


def longest_end(name: str, planned_end: int | None, now: int, exempt: str = "") -> int | None:
    """The end of the longest stay that begins now; RefusedError when the planned one is later, or no end at all."""
    chosen = tariffs.pricer(name)
    minutes = chosen.tariff.on(i18n.local(now).date()).max_stay
    longest = now + minutes * rules.MINUTE if minutes is not None else None
    if planned_end is not None and (planned_end <= now or (longest and planned_end > longest)):
        raise RefusedError("max_stay", minutes or 0)
    residents = chosen.residents_from(now // 1000, exempt or None)
    if residents is None:
        return longest
    if residents * 1000 <= now or (planned_end or now) > residents * 1000:
        raise RefusedError("residents_only")
    return min(residents * 1000, longest or residents * 1000)


def refunds_unused(name: str) -> bool:
    """Whether who paid before and leaves early gets the rest back."""
    return tariffs.pricer(name).tariff.refunds_unused
