"""SEPA direct debit: mandates, and the file that collects what was agreed."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from hub.core.db import Session
from hub.payments.api import payments
from hub.payments.gateway import debit
from hub.payments.gateway.debit import Creditor, Debit
from hub.payments.rules import reference
from hub.payments.rules.payment import Report, State, Status
from hub.payments.store import payments as store
from hub.payments.store import wallets
from hub.payments.store.payment_tables import PaymentRow

KEEP_DAYS = 430  # fourteen months: for thirteen a payer may say that there was no mandate
_DAY = 86_400_000


@dataclass(frozen=True)
class Mandate:
    """A mandate that holds; `iban_end` is all that pages show of the account."""

    id: int
    reference: str
    holder: str
    iban_end: str
    signed_on: date


def give(session: Session, owner: str, holder: str, iban: str, seal: Callable[[str], str], today: date) -> Mandate:
    """A new mandate; ValueError for a wrong account number or no name."""
    number, name = reference.iban(iban), " ".join(holder.split())
    if not 0 < len(name) <= 70 or not name.isprintable():
        raise ValueError("the holder's name is missing")
    ref = f"SK{today:%y%m%d}{secrets.token_hex(5).upper()}"
    made = wallets.add_mandate(session, owner, ref, name, seal(number), reference.masked(number), today)
    return Mandate(made, ref, name, reference.masked(number), today)


def of(session: Session, owner: str) -> list[Mandate]:
    """The owner's mandates that hold."""
    return [
        Mandate(row.id, row.reference, row.holder, row.iban_end, row.signed_on)
        for row in wallets.mandates_of(session, owner)
    ]


def end(session: Session, owner: str, number: int, now: int) -> None:
    """Nothing is collected with it any more; what waited for the next file is told to have failed."""
    if wallets.end_mandate(session, owner, number, now):
        for attempt_id in store.debits_by(session, number):
            payments.take_report(session, attempt_id, Report(Status.FAILED), now)


def tidy(session: Session, now: int) -> int:
    """Forgets holders and account numbers of mandates that ended, as soon as no bank asks for them; how many."""
    return wallets.forget_mandates(session, now - KEEP_DAYS * _DAY)


def _due(row: PaymentRow) -> int:
    """All of it, or what a bank took back."""
    return store.payment(row).left if row.state == State.RETURNED else row.cents


def export(
    session: Session, creditor: Creditor, unseal: Callable[[str], str], collected_on: date, now: int
) -> tuple[bytes, int]:
    """(file, how many) of everything that waits to be collected; afterwards it waits no more.

    A mandate's first collection is FRST, later ones are RCUR. ValueError when the bank would refuse the file.
    """
    found = store.debits_to_export(session)
    debits, used = [], set[int]()
    for attempt, payment, mandate in found:
        sequence = "RCUR" if mandate.is_used or mandate.id in used else "FRST"
        used.add(mandate.id)
        facts = (mandate.holder, unseal(mandate.iban), mandate.reference, mandate.signed_on)
        debits.append(Debit(_due(payment), *facts, sequence, attempt.provider_ref, payment.title))
    if not debits:
        return b"", 0
    file, name = debit.write(creditor, debits, collected_on), f"{collected_on}-{secrets.token_hex(6)}"
    for attempt, _payment, mandate in found:
        store.change_attempt(session, attempt.id, exported=name)
        wallets.use_mandate(session, mandate.id, now)
    return file, len(debits)
