"""What may happen to a sale, and what becomes of one that a till made without a connection."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.till.rules.catalogue import Line, Offline
from hub.till.rules.passes import SKEW_MS

HOUR_MS = 3_600_000
CASH, WALLET, OPEN = "cash", "wallet", "open"
PAID, OWED, CANCELLED, WAIVED = "paid", "open", "cancelled", "waived"
SALE, CANCEL, REFUND, CLAIM, SETTLED, WAIVER = "sale", "cancel", "refund", "claim", "settled", "waiver"


@dataclass(frozen=True)
class Standing:
    """A sale as it is now, cents."""

    state: str
    cents: int
    refunded: int = 0


def digest(way: str, token_id: str, lines: Sequence[Line]) -> str:
    """Names a sale's content: the same number with another content is a mistake."""
    rows = [f"{one.article} {one.count} {one.cents}" for one in lines]
    return hashlib.sha256("\n".join([way, token_id, *rows]).encode()).hexdigest()[:32]


def may_cancel(sale: Standing, *, is_closed: bool) -> str:
    """Why a sale cannot be cancelled: state, refunded, closed (give the money back instead), or nothing."""
    if sale.state not in (PAID, CANCELLED):
        return "state"
    if sale.state == CANCELLED:
        return ""
    if sale.refunded:
        return "refunded"
    return "closed" if is_closed else ""


def may_refund(sale: Standing, cents: int) -> str:
    """Why so much cannot be given back: state, amount, or nothing."""
    if sale.state != PAID:
        return "state"
    return "" if 0 < cents <= sale.cents - sale.refunded else "amount"


def sums(lines: Sequence[Line], taxes: Mapping[str, str]) -> dict[str, int]:
    """Tax rate -> cents; `taxes` is article -> rate."""
    found: dict[str, int] = {}
    for one in lines:
        found[taxes[one.article]] = found.get(taxes[one.article], 0) + one.total
    return found


def shared(parts: Mapping[str, int], given: Mapping[str, int], cents: int) -> dict[str, int]:
    """How `cents` given back spread over the tax rates of a sale, of which `given` went back before."""
    left = {tax: whole - given.get(tax, 0) for tax, whole in parts.items()}
    whole = sum(left.values())
    found = {tax: rest * cents // whole for tax, rest in left.items()}
    order = sorted(left, key=lambda tax: (-(left[tax] * cents % whole), tax))
    for tax in order[: cents - sum(found.values())]:
        found[tax] += 1
    return {tax: part for tax, part in found.items() if part}


def corrected(at: int, clock: int, now: int) -> int:
    """A till's moment in the hub's time: a clock that is wrong by more than is tolerated is set right."""
    drift = now - clock
    return at if abs(drift) <= SKEW_MS else at + drift


def offer_problem(at: int, issued: int | None, ended_at: int, now: int) -> str:
    """Why an offer is refused: revoked (made after the till was blocked), future, or nothing.

    Whoever stole a till sets its clock as they like, but cannot make passes of before: both moments must fit.
    """
    if at > now + SKEW_MS:
        return "future"
    is_late = bool(ended_at) and (at > ended_at or (issued is not None and issued > ended_at + SKEW_MS))
    return "revoked" if is_late else ""


def is_gap(last_heard: int, now: int, hours: int) -> bool:
    """Whether a till was alone for longer than it may sell so."""
    return now - last_heard > hours * HOUR_MS


def is_late(gap_since: int | None, at: int, issued: int | None, hours: int) -> bool:
    """Whether a sale was made when the till had been alone for too long: the till's clock or the phone's says so."""
    return gap_since is not None and max(at, issued or 0) > gap_since + hours * HOUR_MS


def over_limit(limits: Offline, by_pass: int, by_till: int, cents: int) -> bool:
    """Whether a sale without connection goes over what a pass or a till may sell so in a day."""
    return by_pass + cents > limits.per_pass or by_till + cents > limits.per_till
