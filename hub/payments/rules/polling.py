"""How often an open attempt is asked for: often at first, for days, because money may come late."""

from hub.payments.rules.payment import BY_DEBIT, BY_TRANSFER

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
_PAUSES = (3, 5, 10, 20, 30, 60, 120, 300, 600, 1200)  # seconds
LAST_MS = 7 * _DAY
TRANSFER_MS = 30 * _DAY


def pause_ms(polls: int) -> int:
    """How long to wait before poll number `polls` (0, 1, 2 ...); an hour once the first ones are over."""
    return _PAUSES[polls] * _SECOND if polls < len(_PAUSES) else _HOUR


def is_polled(method: str) -> bool:
    """Bank transfers and debits are found in the bank's file, nobody can be asked for them."""
    return method not in (BY_TRANSFER, BY_DEBIT)


def is_over(method: str, age_ms: int) -> bool:
    """Whether an attempt is given up; what arrives afterwards still counts."""
    return age_ms > (LAST_MS if is_polled(method) else TRANSFER_MS)
