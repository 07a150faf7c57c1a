"""What a wallet may hold and spend, and when it fills itself."""

from dataclasses import dataclass

from hub.payments.rules.ledger import WALLET

MAX_BALANCE = 250_00  # cents; more would be a bank's business
MAX_DAY = 150_00  # cents of payments a day
MIN_TOP_UP = 5_00
SUGGESTED = (10_00, 20_00, 50_00)
CHILD = "child:"
CHILD_DAY = 10_00  # until a parent says otherwise
LOCK_FAILURES = 3  # after so many failed automatic top-ups a person must look


class WalletError(Exception):
    """`reason`: amount, too_much, threshold, no_agreement, not_allowed, nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def day_limit_of(account: str) -> int | None:
    """How much an account that is opened now may spend a day; None = no limit."""
    if not account.startswith(WALLET):
        return None
    return CHILD_DAY if account.startswith(WALLET + CHILD) else MAX_DAY


def room(balance: int, waiting: int) -> int:
    """How much may be topped up while `waiting` cents are on their way."""
    return max(0, MAX_BALANCE - balance - waiting)


def check_top_up(cents: int, balance: int, waiting: int) -> None:
    """WalletError for an amount that is too small or would not fit."""
    if cents < MIN_TOP_UP:
        raise WalletError("amount")
    if cents > room(balance, waiting):
        raise WalletError("too_much")


def check_automatic(threshold: int, cents: int) -> None:
    """WalletError unless a wallet that falls below `threshold` may take `cents`."""
    if not 0 <= threshold <= MAX_BALANCE // 2:
        raise WalletError("threshold")
    if cents < MIN_TOP_UP or threshold + cents > MAX_BALANCE:
        raise WalletError("amount")


@dataclass(frozen=True)
class Automatic:
    """An automatic top-up: below `threshold` cents, `cents` come; `failures` in a row."""

    threshold: int
    cents: int
    failures: int = 0


def is_due(automatic: Automatic | None, balance: int, waiting: int) -> bool:
    """Whether an automatic top-up shall start now."""
    if automatic is None or automatic.failures >= LOCK_FAILURES or waiting:
        return False
    return balance < automatic.threshold and automatic.cents <= room(balance, waiting)
