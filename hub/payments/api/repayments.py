"""Unclear money goes back to who paid it: asked for by staff, sent to the bank in a file, done when the bank says so.

It is booked once at each step: unclear -> on its way (`refunds`) -> bank; what the bank sends back is unclear again.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from hub.core import audit
from hub.core.db import Session
from hub.core.sealing import Sealer
from hub.payments.api import ledger
from hub.payments.gateway import credit
from hub.payments.gateway.credit import Credit
from hub.payments.gateway.debit import Creditor
from hub.payments.rules import ledger as ledger_rules
from hub.payments.rules import reference
from hub.payments.rules.ledger import Line
from hub.payments.store import payments as entries
from hub.payments.store import repayments as store
from hub.payments.store.payment_tables import BankEntryRow, RepaymentRow

UNCLEAR, REPAYING, REPAID = "unclear", "repaying", "repaid"
KEEP_DAYS = 430  # as long as a bank may ask who got the money
_DAY = 86_400_000


class NoAccountError(ValueError):
    """Name or account number of who gets the money are missing or wrong."""


@dataclass(frozen=True)
class Repayment:
    """Money on its way back; state: asked (in no file yet) or sent. `iban_end` is all that pages show."""

    id: int
    entry_id: str
    cents: int
    holder: str
    iban_end: str
    state: str
    at: int


def packed(payer: str, iban: str) -> str:
    """Who paid, as one text to be sealed; empty without an account number that is right."""
    try:
        return f"{reference.iban(iban)} {payer}".strip()
    except ValueError:
        return ""


def ask(
    session: Session,
    entry_id: str,
    *,
    sealer: Sealer,
    actor: str,
    now: int,
    holder: str = "",
    iban: str = "",
) -> int:
    """Wants an unclear entry sent back; the transfer's number. It goes to the account that it came from; what was
    typed counts where the statement named none. ValueError when the entry is not unclear (any more), NoAccountError.
    """
    row = entries.bank_entry(session, entry_id)
    if row is None or row.outcome != UNCLEAR or row.cents < 1:
        raise ValueError("there is no unclear entry with this number")
    name, number = _account(row, sealer, holder, iban)
    turn = store.turns(session, entry_id) + 1
    line = Line(ledger_rules.UNCLEAR, ledger_rules.REFUNDS, row.cents)
    ledger.transfer(session, f"bank:{entry_id}:repay:{turn}", [line], now, "unclear, goes back")
    entries.settle_bank_entry(session, entry_id, REPAYING, None)
    facts = {"holder": name, "iban": sealer.seal(number), "iban_end": reference.masked(number), "cents": row.cents}
    made = store.add(
        session,
        entry_id=entry_id,
        turn=turn,
        end_to_end=reference.reference(secrets.randbelow(36**9)),
        state=store.ASKED,
        at=now,
        **facts,
    )
    details: dict[str, str | int | bool] = {"cents": row.cents, "typed": not row.payer}
    audit.note(session, "payments.repayment-asked", actor=actor, subject=f"repayment:{made}", now=now, details=details)
    return made


def _account(row: BankEntryRow, sealer: Sealer, holder: str, iban: str) -> tuple[str, str]:
    """(name, account number) of who gets the money."""
    known, _, name = sealer.open(row.payer).partition(" ") if row.payer else ("", "", "")
    name = name or " ".join(holder.split())
    if not 0 < len(name) <= 70 or not name.isprintable():
        raise NoAccountError("the name is missing")
    try:
        return name, known or reference.iban(iban)
    except ValueError as error:
        raise NoAccountError(str(error)) from None


def withdraw(session: Session, number: int, seen: str, actor: str, now: int) -> None:
    """It does not go back after all, or the bank refused it: the entry is unclear again. ValueError when it is over,
    or no longer in the state that was `seen`.
    """
    row = store.get(session, number)
    if row is None or row.state not in (store.ASKED, store.SENT) or row.state != seen:
        raise ValueError("there is no such transfer on its way")
    _take_back(session, number, row.cents, now)
    entries.settle_bank_entry(session, row.entry_id, UNCLEAR, None)
    audit.note(session, "payments.repayment-withdrawn", actor=actor, subject=f"repayment:{number}", now=now)


def _take_back(session: Session, number: int, cents: int, now: int) -> None:
    line = Line(ledger_rules.REFUNDS, ledger_rules.UNCLEAR, cents)
    ledger.transfer(session, f"repayment:{number}:withdrawn", [line], now, "unclear again")
    store.change(session, number, state=store.FAILED, done_at=now)


def export(
    session: Session, town: Creditor, unseal: Callable[[str], str], on: date, actor: str, now: int
) -> tuple[bytes, int]:
    """(file, how many transfers) of everything that waits; afterwards it waits no more. ValueError for a file that the
    bank would refuse.
    """
    rows = store.in_states(session, store.ASKED, lock=True)
    if not rows:
        return b"", 0
    credits_ = [
        Credit(row.cents, row.holder, unseal(row.iban), row.end_to_end, f"Rückzahlung {town.name}") for row in rows
    ]
    file, name = credit.write(town, credits_, on), f"{on}-{secrets.token_hex(6)}"
    for row in rows:
        store.change(session, row.id, state=store.SENT, exported=name)
    details: dict[str, str | int | bool] = {"count": len(rows), "cents": sum(row.cents for row in rows)}
    audit.note(session, "payments.repayments-exported", actor=actor, subject="repayments", now=now, details=details)
    return file, len(rows)


def on_its_way(session: Session) -> list[Repayment]:
    """What is asked for or sent, the oldest first."""
    names = ("id", "entry_id", "cents", "holder", "iban_end", "state", "at")
    rows = store.in_states(session, store.ASKED, store.SENT)
    return [Repayment(*(getattr(row, name) for name in names)) for row in rows]


def left(session: Session, end_to_end: str, cents: int, entry_id: str, now: int) -> bool:
    """The statement says that a transfer left the account; False when it is none of these."""
    row = _named(session, end_to_end, cents)
    if row is None or row.state == store.DONE:
        return False
    if row.state == store.FAILED:  # withdrawn, and it left all the same: what was begun anew must not leave, too
        for other in store.asked_of(session, row.entry_id):
            _take_back(session, other.id, other.cents, now)
    source = ledger_rules.UNCLEAR if row.state == store.FAILED else ledger_rules.REFUNDS
    line = Line(source, ledger_rules.BANK, row.cents)
    ledger.transfer(session, f"bank:{entry_id}", [line], now, "went back to its payer")
    store.change(session, row.id, state=store.DONE, done_at=now)
    entry = entries.bank_entry(session, row.entry_id)
    if entry is not None and entry.outcome in (UNCLEAR, REPAYING):
        entries.settle_bank_entry(session, entry.id, REPAID, None)
    return True


def came_back(session: Session, end_to_end: str, cents: int, entry_id: str, now: int) -> bool:
    """The other bank did not take it: the entry is unclear again; False when it is none of these."""
    row = _named(session, end_to_end, cents)
    if row is None or row.state != store.DONE:
        return False
    line = Line(ledger_rules.BANK, ledger_rules.UNCLEAR, row.cents)
    ledger.transfer(session, f"bank:{entry_id}", [line], now, "came back, unclear")
    store.change(session, row.id, state=store.FAILED, done_at=now)
    entries.settle_bank_entry(session, row.entry_id, UNCLEAR, None)
    return True


def _named(session: Session, end_to_end: str, cents: int) -> RepaymentRow | None:
    found = reference.find_reference(end_to_end)
    row = store.by_end_to_end(session, found) if found is not None else None
    return row if row is not None and row.cents == cents else None


def tidy(session: Session, now: int) -> int:
    """Forgets names and account numbers of what went back long ago; how many."""
    return store.forget_accounts(session, now - KEEP_DAYS * _DAY)
