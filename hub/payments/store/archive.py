"""Removing what is older than the law asks for, so that every balance stays the sum of its postings."""

from sqlalchemy import Select, delete, exists, func, select, update

from hub.core.db import Session
from hub.core.rows import touched
from hub.payments.store.ledger import add_accounts, rows
from hub.payments.store.payment_tables import (
    AttemptRow,
    BankEntryRow,
    PaymentRow,
    ReceiptRow,
    RefundRow,
    RepaymentRow,
)
from hub.payments.store.tables import GUARD, AccountRow, PostingRow, TransferRow

OPENING = "opening"  # what was before: its postings of a year are zero together


def carry_forward(session: Session, before: int) -> int:
    """Removes transfers of before a moment (ms); one transfer at that moment gives each account what they came to.

    How many transfers are gone.
    """
    first = session.scalar(select(TransferRow.at).order_by(TransferRow.id).limit(1))
    if first is None or first >= before:
        return 0
    with GUARD.lifted(session):
        last, count = session.execute(
            select(func.max(TransferRow.id), func.count()).where(TransferRow.at < before)
        ).one()
        touched_accounts, nets = _nets(session, before)
        old = select(TransferRow.id).where(TransferRow.at < before)
        session.execute(delete(PostingRow).where(PostingRow.transfer_id.in_(old)))
        session.execute(delete(TransferRow).where(TransferRow.at < before))
        if nets:
            _open(session, int(last), before, nets)
    _close_empty(session, touched_accounts)
    return int(count)


def _nets(session: Session, before: int) -> tuple[list[int], dict[int, int]]:
    """(accounts with old postings, account -> what these came to, where that is not zero)."""
    found = rows(
        session,
        "SELECT m.account, CAST(sum(m.cents) AS BIGINT) FROM ("
        "SELECT target_id AS account, cents, transfer_id FROM payments_posting UNION ALL "
        "SELECT source_id, -cents, transfer_id FROM payments_posting) m "
        "JOIN payments_transfer t ON t.id = m.transfer_id WHERE t.at < ? GROUP BY m.account ORDER BY m.account",
        [before],
    )
    return [row[0] for row in found], {row[0]: row[1] for row in found if row[1]}


def _open(session: Session, number: int, at: int, nets: dict[int, int]) -> None:
    """The opening balances; the number of the last one that is gone keeps the order of the book."""
    add_accounts(session, [(OPENING, None, None)])
    opening = session.execute(select(AccountRow.id).where(AccountRow.name == OPENING)).scalar_one()
    nets = {account: cents for account, cents in nets.items() if account != opening}
    facts = {"id": number, "key": f"carried:{at}", "digest": "", "what": "carried forward", "at": at}
    session.add(TransferRow(**facts))
    session.flush()
    for account, cents in nets.items():
        source, target = (opening, account) if cents > 0 else (account, opening)
        session.add(PostingRow(transfer_id=number, source_id=source, target_id=target, cents=abs(cents)))
    session.flush()


def _close_empty(session: Session, accounts: list[int]) -> None:
    """Accounts that have neither money nor postings any more; their names may name people."""
    for start in range(0, len(accounts), 500):
        some = accounts[start : start + 500]
        used = exists().where((PostingRow.source_id == AccountRow.id) | (PostingRow.target_id == AccountRow.id))
        session.execute(delete(AccountRow).where(AccountRow.id.in_(some), AccountRow.balance == 0, ~used))


def forget_payments(session: Session, before: int) -> int:
    """Removes payments, attempts, refunds and bank entries of which nothing happened since a moment; how many
    payments and entries. Money that is unclear or on its way stays.
    """
    done = RepaymentRow.state.in_(("done", "failed")) & (RepaymentRow.done_at < before)
    session.execute(delete(RepaymentRow).where(done))
    waits = BankEntryRow.outcome.in_(("unclear", "repaying")) | exists().where(RepaymentRow.entry_id == BankEntryRow.id)
    gone = touched(session, delete(BankEntryRow).where(BankEntryRow.at < before, ~waits))
    old = _old_payments(before)
    attempts = select(AttemptRow.id).where(AttemptRow.payment_id.in_(old))
    session.execute(update(BankEntryRow).where(BankEntryRow.attempt_id.in_(attempts)).values(attempt_id=None))
    for table in (ReceiptRow, RefundRow, AttemptRow):
        session.execute(delete(table).where(table.payment_id.in_(old)))
    return gone + touched(session, delete(PaymentRow).where(PaymentRow.id.in_(old)))


def _old_payments(before: int) -> Select[str]:
    later = exists().where(AttemptRow.payment_id == PaymentRow.id, AttemptRow.created_at >= before)
    back = exists().where(RefundRow.payment_id == PaymentRow.id, RefundRow.at >= before)
    mine = select(PaymentRow.id).where(PaymentRow.created_at < before, PaymentRow.completed_at < before)
    return mine.where(~later, ~back)
