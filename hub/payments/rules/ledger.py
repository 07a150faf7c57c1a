"""The ledger: money moves from one account to another, so all balances together are always zero.

Cents, integers. What the town owes stands above zero (wallets, revenue), what others owe the town below it (bank,
providers, cash, receivables). A wallet has a floor of zero; a database constraint guards it as well.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MAX_CENTS = 100_000_000_000  # a billion euros: more is a mistake
WALLET = "wallet:"
HELD = "held:"
REVENUE = "revenue:"
PREPAID = "prepaid"  # paid for something that is not fully paid yet
UNCLEAR = "unclear"  # money whose owner or purpose nobody knows yet
REFUNDS = "refunds"  # on its way back to the payer
BANK = "bank"
_SPENT = (REVENUE, HELD)
_NAME = re.compile(r"[a-z]+(:[a-z0-9][A-Za-z0-9_.-]*){0,3}")
_KEY_LENGTH, _WHAT_LENGTH, _NAME_LENGTH = 120, 60, 80


class RefusedError(Exception):
    """`reason`: funds, day_limit, key (used before for something else), lines (no sensible booking)."""

    def __init__(self, reason: str, about: str = "") -> None:
        super().__init__(f"{reason} {about}".strip())
        self.reason, self.about = reason, about


class Line(NamedTuple):
    """`cents` (more than 0) move from the account `source` to `target`."""

    source: str
    target: str
    cents: int


class Transfer(NamedTuple):
    """Lines that are booked together or not at all; `key` makes a repetition harmless, `what` says the reason."""

    key: str
    lines: tuple[Line, ...]
    what: str


class Booked(NamedTuple):
    """A transfer in the book: its number and when (ms); `is_new` False when it had been booked before."""

    number: int
    at: int
    is_new: bool = True


class Known(NamedTuple):
    """A transfer that the book already has under a key."""

    number: int
    digest: str
    at: int


class Account(NamedTuple):
    """An account now; `floor` and `day_limit` None = none; `spent` counts for the day `spent_day` (days since 1970)."""

    id: int
    name: str
    balance: int = 0
    floor: int | None = None
    day_limit: int | None = None
    spent: int = 0
    spent_day: int = 0


@dataclass(frozen=True)
class Settlement:
    """What a group of transfers comes to: an outcome for each, and what is to be written."""

    outcomes: tuple[Booked | RefusedError, ...]
    transfers: tuple[tuple[int, str, str, str, int], ...]  # number, key, digest, what, at
    postings: tuple[tuple[int, int, int, int], ...]  # transfer, source account, target account, cents
    accounts: tuple[tuple[int, int, int, int], ...]  # balance, spent, spent_day, id of those that changed


def wallet(owner: str) -> str:
    """The wallet's account of person:7, organisation:3 or child:5."""
    return WALLET + owner


def held(owner: str) -> str:
    """What was set aside of somebody's wallet for something that is not paid yet."""
    return HELD + owner


def revenue(operation: str, tax: str) -> str:
    """The account of a city operation's income at one tax rate in percent (19, 7, 0)."""
    return f"{REVENUE}{operation}:{tax}"


def receivable(owner: str) -> str:
    """What a payer owes after money was taken back."""
    return f"receivable:{owner or 'anyone'}"


def floor_of(name: str) -> int | None:
    """The lowest balance that an account may have; None = any."""
    return 0 if name.startswith(WALLET) else None


def digest(transfer: Transfer) -> str:
    """Names the content: lines and reason, 32 hexadecimal digits."""
    content = "\n".join([transfer.what, *[f"{source} {target} {cents}" for source, target, cents in transfer.lines]])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def problem(transfer: Transfer) -> RefusedError | None:
    """What is wrong with a transfer in itself."""
    if not transfer.lines or not 0 < len(transfer.key) <= _KEY_LENGTH or len(transfer.what) > _WHAT_LENGTH:
        return RefusedError("lines", "a transfer has a key and at least one line")
    for source, target, cents in transfer.lines:
        if type(cents) is not int or not 0 < cents <= MAX_CENTS:
            return RefusedError("lines", f"{cents!r} is no amount in cents")
        if source == target:
            return RefusedError("lines", f"{source} cannot pay itself")
    return None


def is_name(name: str) -> bool:
    """Whether an account may be called so: wallet:person:7, revenue:parking:19."""
    return len(name) <= _NAME_LENGTH and _NAME.fullmatch(name) is not None


def settle(
    transfers: Sequence[Transfer],
    known: Mapping[str, Known],
    accounts: Mapping[str, Account],
    numbers: Iterator[int],
    now: int,
    day: int,
) -> Settlement:
    """Books one transfer after the other on the accounts as they are; a refused one changes nothing.

    `numbers` gives the next free numbers, `day` (days since 1970) is the one that payments of today count for.
    """
    seen = dict(known)
    book = {name: _Open(account) for name, account in accounts.items()}
    outcomes: list[Booked | RefusedError] = []
    rows: list[tuple[int, str, str, str, int]] = []
    postings: list[tuple[int, int, int, int]] = []
    for transfer in transfers:
        key, lines, what = transfer
        content = digest(transfer)
        before = seen.get(key)
        if before is not None:
            same = before.digest == content
            outcomes.append(Booked(before.number, before.at, False) if same else RefusedError("key", key))
            continue
        refused = problem(transfer) or _move(lines, book, day)
        if refused is not None:
            outcomes.append(refused)
            continue
        number = next(numbers)
        seen[key] = Known(number, content, now)
        rows.append((number, key, content, what, now))
        postings += [(number, book[source].id, book[target].id, cents) for source, target, cents in lines]
        outcomes.append(Booked(number, now))
    changed = tuple((one.balance, one.spent, one.spent_day, one.id) for one in book.values() if one.has_changed)
    return Settlement(tuple(outcomes), tuple(rows), tuple(postings), changed)


class _Open:
    """An account while a group of transfers is booked; it changes some hundred times a millisecond."""

    __slots__ = ("balance", "day_limit", "floor", "has_changed", "id", "spent", "spent_day")

    def __init__(self, before: Account) -> None:
        self.has_changed = False
        self.id, _, self.balance, self.floor, self.day_limit, self.spent, self.spent_day = before


def _move(lines: Sequence[Line], book: Mapping[str, _Open], day: int) -> RefusedError | None:
    """Moves the money of all lines, or of none and says why.

    A payment out of a wallet counts for the day, and money that is set aside until it comes back on the same day;
    moving money between wallets does not.
    """
    changes: dict[str, int] = {}
    spending: dict[str, int] = {}
    for source, target, cents in lines:
        changes[source] = changes.get(source, 0) - cents
        changes[target] = changes.get(target, 0) + cents
        if source.startswith(WALLET) and target.startswith(_SPENT):
            spending[source] = spending.get(source, 0) + cents
        elif source.startswith(HELD) and target.startswith(WALLET):
            spending[target] = spending.get(target, 0) - cents
    for name, cents in changes.items():
        one = book[name]
        if cents < 0 and one.floor is not None and one.balance + cents < one.floor:
            return RefusedError("funds", name)
    for name, cents in spending.items():
        one = book[name]
        spent = max(0, cents + (one.spent if one.spent_day == day else 0))
        if cents > 0 and one.day_limit is not None and spent > one.day_limit:
            return RefusedError("day_limit", name)
        spending[name] = spent
    for name, cents in changes.items():
        one = book[name]
        one.balance, one.has_changed = one.balance + cents, True
    for name, spent in spending.items():
        book[name].spent, book[name].spent_day = spent, day
    return None


@dataclass(frozen=True)
class Check:
    """What a look at the whole book found; everything but the counts is empty when all is well."""

    transfers: int
    accounts: int
    total: int
    different: tuple[str, ...]  # accounts whose balance is not the sum of their postings
    below: tuple[str, ...]  # accounts below their floor
    empty: int  # transfers without postings

    @property
    def is_whole(self) -> bool:
        """True when nothing is wrong."""
        return not (self.total or self.different or self.below or self.empty)


def checked(rows: Sequence[tuple[str, int, int | None, int]], transfers: int, empty: int) -> Check:
    """Judges (name, balance, floor, sum of the postings) of every account."""
    return Check(
        transfers,
        len(rows),
        sum(balance for _, balance, _, _ in rows),
        tuple(name for name, balance, _, derived in rows if balance != derived),
        tuple(name for name, balance, floor, _ in rows if floor is not None and balance < floor),
        empty,
    )
