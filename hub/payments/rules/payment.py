"""A payment and its attempts: what the outside world reports becomes what is booked, once, in whatever order it comes.

Reports carry totals, not changes ("captured so far"), and totals only grow. So a report that comes twice, late or after
a newer one changes nothing, and money that arrives after the browser said "cancelled" still counts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from hub.payments.rules import ledger
from hub.payments.rules.ledger import Line

TOP_UP = "topup"
BY_WALLET, BY_TRANSFER, BY_DEBIT = "wallet", "transfer", "debit"
CURRENCY = "EUR"
MAX_PAYMENT = 10_000_00
AT_ONCE = "_card"  # purposes that end like this wait for their money: no bank transfer, which takes days
TAXES = ("19", "7", "0")
TITLE = 120  # signs


class State(StrEnum):
    """open: nobody began to pay; started: somebody did; returned: the money was taken back."""

    OPEN = "open"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    RETURNED = "returned"


class Status(StrEnum):
    """What a provider says of an attempt."""

    PENDING = "pending"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Item:
    """What is paid: gross cents at a tax rate ("19", "7", "0" percent) for a city operation; `lines` say why.

    `lines_en` and `text_en` are the same in English, where somebody wrote them.
    """

    text: str
    cents: int
    operation: str
    tax: str = "0"
    lines: tuple[str, ...] = ()
    lines_en: tuple[str, ...] = ()
    text_en: str = ""

    def name(self, language: str) -> str:
        """The text in a reader's language."""
        return self.text_en if language == "en" and self.text_en else self.text

    def why(self, language: str) -> tuple[str, ...]:
        """The lines in a reader's language."""
        return self.lines_en if language == "en" and self.lines_en else self.lines


@dataclass(frozen=True)
class Payment:
    """`owner` is person:7, organisation:3, child:5 or empty; amounts in cents, `captured` and `returned` over all
    attempts, `refunded` what went back or is on its way.
    """

    id: str
    owner: str
    purpose: str
    items: tuple[Item, ...]
    cents: int
    state: State = State.OPEN
    from_wallet: int = 0
    captured: int = 0
    returned: int = 0
    refunded: int = 0

    @property
    def paid(self) -> int:
        """What was paid and not taken back."""
        return self.from_wallet + self.captured - self.returned

    @property
    def left(self) -> int:
        """What is still to be paid."""
        return max(0, self.cents - self.paid)

    @property
    def asked_for(self) -> tuple[Item, ...]:
        """What a provider is asked for: the items, or what a bank took back of them."""
        if self.state != State.RETURNED or self.left in (0, self.cents):
            return self.items
        shares = ((name.split(":"), cents) for name, cents in split_refund(self.items, {}, self.left).items())
        first = self.items[0]
        return tuple(
            Item(first.text, cents, account[1], account[2], text_en=first.text_en) for account, cents in shares
        )

    @property
    def refundable(self) -> int:
        """What may still go back to the payer; a part that waits for the rest is nobody's income yet."""
        if self.purpose != TOP_UP and self.state not in (State.COMPLETED, State.RETURNED):
            return 0
        return max(0, min(self.paid, self.cents if self.purpose != TOP_UP else self.paid) - self.refunded)


@dataclass(frozen=True)
class Attempt:
    """One try to pay at a provider (`method`); `clearing` is the provider's account in the ledger."""

    method: str
    status: Status = Status.PENDING
    captured: int = 0
    returned: int = 0

    @property
    def clearing(self) -> str:
        """Where its money stands until the bank has it."""
        return ledger.BANK if self.method in (BY_TRANSFER, BY_DEBIT) else f"provider:{self.method}"


@dataclass(frozen=True)
class Report:
    """Totals of an attempt as the provider knows them, in `currency`."""

    status: Status
    captured: int = 0
    returned: int = 0
    currency: str = CURRENCY


@dataclass(frozen=True)
class Step:
    """What follows from a report: both objects afterwards, what is booked, what is announced ("" = nothing)."""

    payment: Payment
    attempt: Attempt
    lines: tuple[Line, ...] = ()
    became: str = ""  # completed, failed, returned
    problem: str = ""  # currency


def advance(
    payment: Payment,
    attempt: Attempt,
    report: Report,
    wallet_balance: int = 0,
    *,
    others_wait: bool = False,
    debt: int = 0,
) -> Step:
    """Takes a report in; `wallet_balance` is what the owner's wallet holds (for money that was taken back), `debt` what
    is owed because a top-up was taken back that had been spent.

    While other attempts wait (`others_wait`), one that failed does not make the payment fail.
    """
    if report.currency != CURRENCY:
        return Step(payment, attempt, problem="currency")
    more = max(0, report.captured - attempt.captured)
    back = max(0, min(report.returned, max(report.captured, attempt.captured)) - attempt.returned)
    status = Status.CAPTURED if attempt.captured + more else _status(attempt, report)
    after = replace(attempt, status=status, captured=attempt.captured + more, returned=attempt.returned + back)
    grown = replace(payment, captured=payment.captured + more, returned=payment.returned + back)
    state = _state(payment, grown, after, others_wait)
    lines = [
        *_incoming(payment, grown, state, after.clearing, debt),
        *_taken_back(payment, back, after.clearing, wallet_balance),
    ]
    became = state.value if state != payment.state and state not in (State.OPEN, State.STARTED) else ""
    return Step(replace(grown, state=state), after, tuple(lines), became)


def _status(attempt: Attempt, report: Report) -> Status:
    """A failed attempt stays failed until money arrives."""
    return attempt.status if attempt.status in (Status.FAILED, Status.CANCELLED) else report.status


def _state(before: Payment, after: Payment, attempt: Attempt, others_wait: bool) -> State:
    if after.paid >= after.cents:
        return State.COMPLETED
    if before.state in (State.COMPLETED, State.RETURNED):
        return State.RETURNED
    if attempt.status in (Status.FAILED, Status.CANCELLED) and not after.paid and not others_wait:
        return State.FAILED
    return State.STARTED if before.state == State.OPEN or after.paid > before.paid else before.state


def _incoming(before: Payment, after: Payment, state: State, clearing: str, debt: int) -> list[Line]:
    """New money: into the wallet for a top-up; else it waits until all is there; what was taken back before is paid
    first, and too much of it is the owner's.
    """
    more = after.captured - before.captured
    if _is_top_up(after) or _is_settled(before):
        owed = min(more, debt if _is_top_up(after) else before.left)
        parts = ((ledger.receivable(after.owner), owed), (_for_payer(after), more - owed))
        return [Line(clearing, account, cents) for account, cents in parts if cents]
    lines = [Line(clearing, ledger.PREPAID, more)] if more else []
    if state == State.COMPLETED:
        lines += [Line(ledger.PREPAID, account, cents) for account, cents in incomes(after.items).items()]
        if after.paid > after.cents:
            lines.append(Line(ledger.PREPAID, _for_payer(after), after.paid - after.cents))
    return lines


def _taken_back(payment: Payment, back: int, clearing: str, wallet_balance: int) -> list[Line]:
    """Money that a bank took back: what the payer's wallet does not hold, the payer owes, once it was booked."""
    if not back:
        return []
    if not _is_top_up(payment) and not _is_settled(payment):
        return [Line(ledger.PREPAID, clearing, back)]
    from_wallet = min(back, max(0, wallet_balance)) if _is_top_up(payment) and payment.owner else 0
    lines = [Line(ledger.wallet(payment.owner), clearing, from_wallet)] if from_wallet else []
    if back > from_wallet:
        lines.append(Line(ledger.receivable(payment.owner), clearing, back - from_wallet))
    return lines


def _is_settled(payment: Payment) -> bool:
    return payment.state in (State.COMPLETED, State.RETURNED)


def _is_top_up(payment: Payment) -> bool:
    return payment.purpose == TOP_UP


def _for_payer(payment: Payment) -> str:
    """Money that belongs to the payer: the wallet, or a place where somebody looks for the owner."""
    return ledger.wallet(payment.owner) if payment.owner else ledger.UNCLEAR


def incomes(items: Sequence[Item]) -> dict[str, int]:
    """Income account -> gross cents; items that cost nothing are left out."""
    sums: dict[str, int] = {}
    for one in items:
        if one.cents:
            account = ledger.revenue(one.operation, one.tax)
            sums[account] = sums.get(account, 0) + one.cents
    return sums


def check_items(items: Sequence[Item]) -> int:
    """The sum in cents; ValueError for what cannot be paid."""
    for one in items:
        if one.tax not in TAXES or one.cents < 0 or not one.text or not ledger.is_name(f"revenue:{one.operation}"):
            raise ValueError(f"{one.text!r} cannot be paid: an item has a text, cents, an operation and a tax rate")
    cents = sum(one.cents for one in items)
    if not 0 < cents <= MAX_PAYMENT:
        raise ValueError(f"a payment is between 1 and {MAX_PAYMENT} cents")
    return cents


def tax_share(gross: int, tax: str) -> int:
    """The tax inside a gross amount, rounded half up to cents."""
    rate = int(tax)
    return (2 * gross * rate + 100 + rate) // (2 * (100 + rate))


def split_refund(items: Sequence[Item], refunded: Mapping[str, int], cents: int) -> dict[str, int]:
    """Income account -> its part of a refund, in proportion to what is left of each; ValueError when that is less."""
    left = {account: sum_ - refunded.get(account, 0) for account, sum_ in incomes(items).items()}
    whole = sum(left.values())
    if not 0 < cents <= whole:
        raise ValueError("more cannot be refunded than was paid")
    parts = {account: rest * cents // whole for account, rest in left.items()}
    by_remainder = sorted(left, key=lambda account: (-(left[account] * cents % whole), account))
    for account in by_remainder[: cents - sum(parts.values())]:
        parts[account] += 1
    return {account: part for account, part in parts.items() if part}


def pack(items: Sequence[Item]) -> str:
    """Items as JSON text."""
    rows = [
        [one.text, one.cents, one.operation, one.tax, list(one.lines), list(one.lines_en), one.text_en] for one in items
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def unpack(text: str) -> tuple[Item, ...]:
    """Items of `pack`."""
    found = []
    for row in json.loads(text):
        lines, lines_en, text_en = row[4:] + [[], [], ""][len(row) - 4 :]  # older rows end earlier
        found.append(Item(row[0], row[1], row[2], row[3], tuple(lines), tuple(lines_en), text_en))
    return tuple(found)


def title_of(title: str, items: Sequence[Item], language: str) -> str:
    """A payment's title in a reader's language; a title that is no list of its items stays as it is."""
    if title != ", ".join(one.text for one in items)[:TITLE]:
        return title
    return ", ".join(one.name(language) for one in items)[:TITLE]
