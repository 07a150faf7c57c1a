"""Amounts as people write and read them."""

import re

_AMOUNT = re.compile(r"(\d{1,5})(?:[.,](\d{1,2}))?")


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
    whole, _, part = text.strip().partition(".")
    part = part.rstrip("0")
    if not whole.isdigit() or len(whole) > 12 or len(part) > 2 or (part and not part.isdigit()):
        raise ValueError(f"{text[:20]!r} is no amount of money")
    return int(whole) * 100 + int(part.ljust(2, "0") or "0")
