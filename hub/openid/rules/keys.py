"""Signing keys: a new one each quarter, published a day before it signs and for a week after it stopped."""

from collections.abc import Sequence
from dataclasses import dataclass

_DAY = 86_400_000
ROTATE_MS = 90 * _DAY
LEAD_MS = _DAY  # clients read the key set again within this time
STAY_MS = 7 * _DAY  # longer than any id token is shown again as a hint


@dataclass(frozen=True)
class SigningKey:
    """A key's name and when it was made (ms)."""

    kid: str
    created_at: int


def needs_new(keys: Sequence[SigningKey], now: int) -> bool:
    """True when there is none, or the newest gets old."""
    return not keys or now - max(key.created_at for key in keys) >= ROTATE_MS


def signing(keys: Sequence[SigningKey], now: int) -> SigningKey:
    """The newest key that clients had time to learn of; the oldest when all are that new. ValueError without any."""
    ordered = sorted(keys, key=lambda key: key.created_at)
    if not ordered:
        raise ValueError("there is no signing key")
    known = [key for key in ordered if now - key.created_at >= LEAD_MS]
    return known[-1] if known else ordered[0]


def published(keys: Sequence[SigningKey], now: int) -> list[SigningKey]:
    """The keys that the key set shows, the newest first."""
    ordered = sorted(keys, key=lambda key: key.created_at, reverse=True)
    return [
        key
        for index, key in enumerate(ordered)
        if index == 0 or now - ordered[index - 1].created_at < LEAD_MS + STAY_MS
    ]
