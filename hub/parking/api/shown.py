"""A stay as its driver sees it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.parking.api import bills
from hub.parking.api.bills import Derivation
from hub.parking.rules import stays as rules
from hub.parking.rules.stays import CANCELLED, CARD, USUAL, Patience, Stay
from hub.parking.store.stays import StayRow


@dataclass(frozen=True)
class StayNow:
    """A stay as its driver sees it; `cents` so far or in the end, `paid` what a card paid before for a fixed end.

    `payments`: numbers of the payments behind it, for receipts. `settles_at`: when it is settled unless its driver
    says that the car is still there.
    """

    token: str
    state: str
    site: str
    tariff: str
    bay: str | None
    plate: str
    holder: str
    started_at: int
    end: int | None
    ended_at: int | None
    ended_by: str
    cents: int
    lines: tuple[str, ...]
    may_object: bool
    is_prepaid: bool = False
    paid: int = 0
    longest_end: int | None = None
    refunds_unused: bool = False
    payments: tuple[str, ...] = ()
    exempt: str = ""
    used_free: int = 0
    settles_at: int | None = None

    def minutes(self, now: int) -> int:
        """How long it lasts or lasted."""
        return max(0, (self.ended_at or now) - self.started_at) // rules.MINUTE

    @property
    def may_stop(self) -> bool:
        """Whether ending it early changes anything for its driver."""
        return not self.is_prepaid or self.refunds_unused


def later_ends(stay: StayNow, lengths: Sequence[int], now: int) -> list[tuple[int, int]]:
    """(minutes, cents) of later ends that the tariff allows: minutes from now and the whole price, or for a stay that
    a card paid, minutes more and what they cost.
    """
    base, found = (stay.end or now) if stay.is_prepaid else now, []
    for minutes in lengths:
        end = base + minutes * rules.MINUTE
        if stay.longest_end is None or end <= stay.longest_end:
            cents = bills.bill(stay.tariff, stay.started_at, end, stay.exempt, stay.used_free).cents
            found.append((minutes, max(0, cents - stay.paid) if stay.is_prepaid else cents))
    return found


def facts(row: StayRow) -> Stay:
    """What decides about a stay."""
    return Stay(**{name: getattr(row, name) for name in Stay.__dataclass_fields__})


def shown(row: StayRow, now: int, language: str, patience: Patience = USUAL, payments: tuple[str, ...] = ()) -> StayNow:
    """The stay as it stands: with its price so far, or as it was settled."""
    if row.cents is not None:
        cents, derived = row.cents, bills.unpack(row.lines)
    elif row.state == CANCELLED:
        cents, derived = 0, Derivation()
    else:
        until = row.planned_end if row.source == CARD else row.ended_at or min(now, rules.end_of(facts(row)) or now)
        bill = bills.bill(row.tariff, row.started_at, until or now, row.exempt, row.used_free)
        cents, derived = bill.cents, bills.derivation(bill)
    names = ("token", "state", "site", "tariff", "bay", "plate", "holder", "started_at", "ended_at", "ended_by")
    stay = facts(row)
    return StayNow(
        **{name: getattr(row, name) for name in names},
        end=rules.end_of(stay),
        cents=cents,
        lines=derived.lines(language),
        may_object=rules.may_object(stay, now, patience),
        is_prepaid=row.source == CARD,
        paid=row.held_cents,
        longest_end=row.longest_end,
        refunds_unused=bills.refunds_unused(row.tariff),
        payments=payments,
        exempt=row.exempt,
        used_free=row.used_free,
        settles_at=rules.settles_at(stay, patience),
    )
