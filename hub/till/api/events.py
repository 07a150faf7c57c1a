"""What tills announce."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClaimOpened:
    """A sale without connection could not be taken out of the wallet: it waits at /bezahlen/<payment_id>."""

    person_id: int
    payment_id: str
    operation: str
    cents: int
    now: int


@dataclass(frozen=True)
class ParkingRefunded:
    """A guest got a parking fee back."""

    person_id: int
    payment_id: str
    site: str
    cents: int
    now: int


@dataclass(frozen=True)
class ParkingDue:
    """The visit was taken back, so a parking fee that had gone back is due again: paid, or waiting to be."""

    person_id: int
    payment_id: str
    site: str
    cents: int
    now: int
