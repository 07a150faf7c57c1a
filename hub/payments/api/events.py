"""What payments announce, in the transaction that books the money; `hub.app` says who listens.

`reference` is the maker's own word for what is paid, `purpose` says whose word it is (parking, pool, topup).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PaymentCompleted:
    """Everything is paid. Comes once, unless the money was taken back in between and paid again."""

    payment_id: str
    owner: str
    purpose: str
    reference: str
    cents: int
    now: int


@dataclass(frozen=True)
class PaymentFailed:
    """Nothing was paid (failed: also given up or too late), or a bank took it back (returned). It may still be paid."""

    payment_id: str
    owner: str
    purpose: str
    reference: str
    cents: int
    reason: str
    now: int


@dataclass(frozen=True)
class PaymentRefunded:
    """So many cents went back to where they came from."""

    payment_id: str
    owner: str
    purpose: str
    reference: str
    cents: int
    now: int
