"""Account numbers (IBAN) and creditor references (ISO 11649), both with the check digits of ISO 7064."""

import re

_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_RF = re.compile(r"RF\d{2}[A-Z0-9]{1,21}")
_LENGTHS = {"DE": 22, "AT": 20, "CH": 21, "FR": 27, "NL": 18, "BE": 16, "LU": 20, "IT": 27, "ES": 24, "PL": 28}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _remainder(text: str) -> int:
    return int("".join(str(_DIGITS.index(sign)) for sign in text[4:] + text[:4])) % 97


def iban(text: str) -> str:
    """Without spaces, in capitals; ValueError for a wrong one."""
    cleaned = re.sub(r"\s", "", text).upper()
    length = _LENGTHS.get(cleaned[:2])
    if not _IBAN.fullmatch(cleaned) or (length and len(cleaned) != length) or _remainder(cleaned) != 1:
        raise ValueError("this is no account number (IBAN)")
    return cleaned


def masked(text: str) -> str:
    """DE89…3000, for pages."""
    return f"{text[:4]}…{text[-4:]}"


def reference(number: int) -> str:
    """RF and check digits before a number in base 36, 9 signs long: what stands on a bank transfer."""
    body = ""
    while number:
        number, digit = divmod(number, 36)
        body = _DIGITS[digit] + body
    body = body.rjust(9, "0")
    return f"RF{98 - _remainder('RF00' + body):02d}{body}"


def find_reference(text: str) -> str | None:
    """The first right creditor reference in a text, however it was spaced."""
    cleaned = re.sub(r"[^A-Z0-9]", "", text.upper())
    for found in re.finditer(r"RF\d{2}", cleaned):
        candidate = cleaned[found.start() : found.start() + 13]
        if _RF.fullmatch(candidate) and len(candidate) == 13 and _remainder(candidate) == 1:
            return candidate
    return None
