"""When an account that nobody uses is deleted (GDPR, article 5 (1) (e): no longer than necessary)."""

from enum import StrEnum

_DAY = 86_400_000
UNUSED_DAYS = 730
WARNING_DAYS = 30


class Standing(StrEnum):
    """used: stays; warn: its owner must hear of the end now; waiting: heard of it; over: to be deleted."""

    USED = "used"
    WARN = "warn"
    WAITING = "waiting"
    OVER = "over"


def standing(seen_at: int, warned_at: int, now: int) -> Standing:
    """Two years after the last log-in the owner is warned, and 30 days after that warning the account ends.

    A warning counts only when it came after the last log-in.
    """
    if now - seen_at < UNUSED_DAYS * _DAY:
        return Standing.USED
    if warned_at <= seen_at:
        return Standing.WARN
    return Standing.OVER if now - warned_at >= WARNING_DAYS * _DAY else Standing.WAITING
