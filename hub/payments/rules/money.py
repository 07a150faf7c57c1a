"""Amounts as people write and read them."""

import re

_AMOUNT = re.compile(r"([0-9]{1,5})(?:[.,]([0-9]{1,2}))?")
_DECIMAL = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2})0*)?")


def euro(cents: int, language: str) -> str:
    """1250 -> 12,50 € or €12.50, with a space that does not break."""
    sign, whole = "−" if cents < 0 else "", abs(cents)
    if language == "de":
        return f"{sign}{whole // 100:,}".replace(",", ".") + f",{whole % 100:02d}\u00a0€"
    return f"{sign}€{whole // 100:,}.{whole % 100:02d}"


def cents(text: str) -> int:
    """12,5 or 12.50 € -> 1250; ValueError for anything else."""
    found = _AMOUNT.fullmatch(text.replace("€", "").strip())
    if found is None:
        raise ValueError("an amount looks like 12,50")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def decimal(cents: int) -> str:
    """1250 -> 12.50, for files and interfaces."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def from_decimal(text: str) -> int:
    """12.5 or 12.50 -> 1250; ValueError for more than two decimals that say something."""
    found = _DECIMAL.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:20]!r} is no amount of money")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
