"""The derivation of a price in sentences, German or English; the same on the command line and on the receipt."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hub.parking.rules.tariff.pricing import Bill, Entry

_WORDS = {
    "de": {
        "exempt": "befreit, kostenlos",
        "not_charged": "keine gebührenpflichtige Zeit",
        "free": "{0} Min. frei",
        "units": "{0} × {1} Min. zu {2} = {3}",
        "linear": "{0} Min. zu {1} je Min. = {2}",
        "table": "{0} Min. insgesamt, bis {1} Min.: {2}",
        "table_more": "{0} Min. insgesamt, oberste Stufe: {2}",
        "evening": "Abendpauschale {0}",
        "day_cap": "höchstens {0} am Tag",
        "week_cap": "höchstens {0} in der Woche",
        "minimum": "mindestens {0}",
        "maximum": "höchstens {0}",
        "total": "Summe {0}",
    },
    "en": {
        "exempt": "exempt, free of charge",
        "not_charged": "no chargeable time",
        "free": "{0} min free",
        "units": "{0} × {1} min at {2} = {3}",
        "linear": "{0} min at {1} a minute = {2}",
        "table": "{0} min in all, up to {1} min: {2}",
        "table_more": "{0} min in all, highest step: {2}",
        "evening": "evening flat rate {0}",
        "day_cap": "at most {0} a day",
        "week_cap": "at most {0} a week",
        "minimum": "at least {0}",
        "maximum": "at most {0}",
        "total": "Total {0}",
    },
}
# which numbers of an entry are money; the others are minutes or counts
_MONEY = {
    "units": (2, 3),
    "linear": (1, 2),
    "table": (2,),
    **dict.fromkeys(("evening", "day_cap", "week_cap", "minimum", "maximum", "total"), (0,)),
}


def lines(bill: Bill, language: str) -> list[str]:
    """The whole derivation, a line each."""
    return [line(entry, language) for entry in bill.entries]


def line(entry: Entry, language: str) -> str:
    """One line: 24.12.2026: 2 × 30 Min. zu 1,00 € = 2,00 €."""
    kind = "table_more" if entry.kind == "table" and entry.numbers[1] == 0 else entry.kind
    money = _MONEY.get(entry.kind, ())
    values = [
        _euro(number, language) if at in money else _number(number, language) for at, number in enumerate(entry.numbers)
    ]
    text = _WORDS[language][kind].format(*values)
    return f"{_day(entry.day, language)}: {text}" if entry.day is not None else text


def _day(day: date, language: str) -> str:
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {day:%B %Y}"


def _euro(cents: Fraction | int, language: str) -> str:
    """1,00 €; as many places as the amount needs, at least two."""
    text = f"{_decimal(Fraction(cents) / 100):f}"
    whole, _, part = text.partition(".")
    shown = f"{whole}.{part.ljust(2, '0')}"
    return f"{shown.replace('.', ',')}\u00a0€" if language == "de" else f"€{shown}"


def _number(number: Fraction | int, language: str) -> str:
    text = f"{_decimal(round(Fraction(number), 1)):f}"  # seconds say nothing to a driver
    return text.replace(".", ",") if language == "de" else text


def _decimal(number: Fraction) -> Decimal:
    """Up to six places, without zeros at the end."""
    found = (Decimal(number.numerator) / Decimal(number.denominator)).quantize(Decimal("0.000001")).normalize()
    return found if found else Decimal(0)
