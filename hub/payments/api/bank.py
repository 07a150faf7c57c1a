"""The town's bank account: entries of its statements become payments, each entry once."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.core import audit, i18n
from hub.core.db import Session
from hub.payments.api import archive, ledger, payments, repayments
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules import payment as rules
from hub.payments.rules import reference
from hub.payments.rules.ledger import Line
from hub.payments.rules.payment import Report, Status
from hub.payments.store import payments as store
from hub.payments.store.payment_tables import AttemptRow

if TYPE_CHECKING:
    from hub.payments.gateway.camt import Entry  # lxml is needed where a file is read alone

MATCHED, PARTIAL, OVERPAID, RETURNED = "matched", "partial", "overpaid", "returned"
UNCLEAR, IGNORED, CURRENCY, KNOWN, OLD = "unclear", "ignored", "currency", "known", "old"


def _unsealed(_text: str) -> str:
    """Without a seal nobody is remembered."""
    return ""


def take(session: Session, entry: "Entry", own_iban: str, now: int, seal: Callable[[str], str] = _unsealed) -> str:
    """Takes in one entry; what came of it. ValueError for the statement of another account.

    Who sent money that stays unclear is kept, sealed, so that it can go back.
    """
    if entry.iban != own_iban:
        raise ValueError(f"this statement is of {reference.masked(entry.iban)}, not of the town's account")
    if entry.booked_on and entry.booked_on < i18n.local(archive.kept_from(now)).date().isoformat():
        return OLD  # nobody would know any more whether it was booked before
    facts = {"booked_on": entry.booked_on, "cents": entry.cents, "text": _shown(entry), "at": now}
    if not store.add_bank_entry(session, id=entry.id, outcome=UNCLEAR, **facts):
        return KNOWN
    attempt = _attempt(session, (entry.reference, entry.end_to_end, entry.text))
    if entry.currency != rules.CURRENCY:
        outcome = CURRENCY
    elif _is_repayment(session, entry, now):
        outcome = RETURNED if entry.cents > 0 else repayments.REPAID
    elif entry.cents > 0:
        outcome = _incoming(session, entry, attempt, now)
    else:
        outcome = _outgoing(session, entry, attempt, now)
    store.settle_bank_entry(session, entry.id, outcome, attempt.id if attempt is not None else None)
    is_payer = outcome == UNCLEAR and not entry.is_return and entry.payer_iban != own_iban  # or it would go in circles
    payer = repayments.packed(entry.payer, entry.payer_iban) if is_payer else ""
    if payer:
        store.note_payer(session, entry.id, seal(payer))
    return outcome


def _is_repayment(session: Session, entry: "Entry", now: int) -> bool:
    """Whether it is unclear money that went back, or that came back from there."""
    if entry.cents < 0:
        return repayments.left(session, entry.end_to_end, -entry.cents, entry.id, now)
    return repayments.came_back(session, entry.end_to_end, entry.cents, entry.id, now)


def _incoming(session: Session, entry: "Entry", attempt: AttemptRow | None, now: int) -> str:
    """Money came in: for the payment with this reference, else somebody must look for its owner."""
    if attempt is None or entry.is_return:
        line = Line(ledger_rules.BANK, ledger_rules.UNCLEAR, entry.cents)
        ledger.transfer(session, f"bank:{entry.id}", [line], now, "incoming, unclear")
        return UNCLEAR
    return _captured(session, attempt, entry.cents, now)


def _captured(session: Session, attempt: AttemptRow, cents: int, now: int) -> str:
    total = attempt.captured + cents
    after = payments.take_report(session, attempt.id, Report(Status.CAPTURED, total, attempt.returned), now)
    if after is None or after.payment.paid == after.payment.cents:
        return MATCHED
    return OVERPAID if after.payment.paid > after.payment.cents else PARTIAL


def _outgoing(session: Session, entry: "Entry", attempt: AttemptRow | None, now: int) -> str:
    """Money was taken back; other outgoing money is not ours to book."""
    if attempt is None or not entry.is_return:
        return IGNORED
    total = min(attempt.captured, attempt.returned - entry.cents)
    if attempt.captured == 0:  # a debit that came back before it was seen to arrive
        payments.take_report(session, attempt.id, Report(Status.FAILED), now)
        return RETURNED
    payments.take_report(session, attempt.id, Report(Status.CAPTURED, attempt.captured, total), now)
    return RETURNED


@dataclass(frozen=True)
class Unclear:
    """Money whose payment nobody knows; `text` is what the payer wrote, `has_account` whether the bank named theirs."""

    id: str
    booked_on: str
    cents: int
    text: str
    has_account: bool = False


def unclear(session: Session) -> list[Unclear]:
    """Entries that wait for somebody who knows what they are for, the oldest first."""
    rows = store.bank_entries(session, UNCLEAR)
    return [Unclear(row.id, row.booked_on, row.cents, row.text, bool(row.payer)) for row in rows]


def assign(session: Session, entry_id: str, ref: str, actor: str, now: int) -> str:
    """Somebody found out for which payment (by its reference) an entry was; what came of it. ValueError."""
    row = store.bank_entry(session, entry_id)
    if row is None or row.outcome != UNCLEAR:
        raise ValueError("there is no unclear entry with this number")
    attempt = _attempt(session, (ref,))
    if attempt is None:
        raise ValueError("no bank transfer or debit has this reference")
    back = Line(ledger_rules.UNCLEAR, ledger_rules.BANK, row.cents)
    ledger.transfer(session, f"bank:{entry_id}:assigned", [back], now, "incoming, assigned")
    outcome = _captured(session, attempt, row.cents, now)
    store.settle_bank_entry(session, entry_id, outcome, attempt.id)
    audit.note(session, "payments.entry-assigned", actor=actor, subject=f"payment:{attempt.payment_id}", now=now)
    return outcome


def _attempt(session: Session, texts: Sequence[str]) -> AttemptRow | None:
    """The bank transfer or debit that an entry belongs to, by what the payer or the bank wrote."""
    for text in texts:
        found = reference.find_reference(text)
        if found is not None:
            for method in (rules.BY_TRANSFER, rules.BY_DEBIT):
                row = store.attempt_by_ref(session, method, found)
                if row is not None:
                    return row
    return None


def _shown(entry: "Entry") -> str:
    """What staff needs to find the owner: the reference alone when there is one, for texts name people."""
    return (entry.reference or entry.end_to_end or entry.text)[:200]


def summary(outcomes: Sequence[str]) -> dict[str, int]:
    """Outcome -> how often."""
    return dict(sorted(Counter(outcomes).items()))
