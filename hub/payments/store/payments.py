"""Payments, their attempts, refunds and notices."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Session
from hub.core.rows import touched
from hub.payments.rules import payment as rules
from hub.payments.rules.payment import Attempt, Payment, State, Status
from hub.payments.store.payment_tables import (
    AttemptRow,
    BankEntryRow,
    MandateRow,
    NoticeRow,
    PaymentRow,
    ReceiptRow,
    RefundRow,
)

_NOT_COLLECTED = (
    AttemptRow.method == rules.BY_DEBIT,
    AttemptRow.exported == "",
    AttemptRow.status == Status.PENDING,
)


def _insert(session: Session, table: Any) -> Any:
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)


def add(session: Session, **values: Any) -> bool:
    """A new payment; False when its key is known."""
    made = _insert(session, PaymentRow).values(**values).on_conflict_do_nothing().returning(PaymentRow.id)
    return session.execute(made).first() is not None


def by_key(session: Session, key: str) -> PaymentRow | None:
    """The payment with its maker's key."""
    return session.scalars(select(PaymentRow).where(PaymentRow.key == key)).first()


def of_reference(session: Session, purpose: str, reference: str) -> Sequence[PaymentRow]:
    """Payments for the same thing, the oldest first."""
    mine = select(PaymentRow).where(PaymentRow.reference == reference, PaymentRow.purpose == purpose)
    ordered = mine.order_by(PaymentRow.created_at, PaymentRow.id)
    return session.scalars(ordered.execution_options(populate_existing=True)).all()


def get(session: Session, payment_id: str, *, lock: bool = False) -> PaymentRow | None:
    """A payment as it is now; with `lock` nobody else changes it until the transaction ends."""
    chosen = select(PaymentRow).where(PaymentRow.id == payment_id).execution_options(populate_existing=True)
    return session.scalars(chosen.with_for_update(key_share=True) if lock else chosen).first()


def change(session: Session, payment_id: str, **values: Any) -> None:
    """New values of a payment."""
    session.execute(update(PaymentRow).where(PaymentRow.id == payment_id).values(**values))


def payment(row: PaymentRow) -> Payment:
    """The payment of a row."""
    return Payment(
        row.id,
        row.owner,
        row.purpose,
        rules.unpack(row.items),
        row.cents,
        State(row.state),
        row.from_wallet,
        row.captured,
        row.returned,
        row.refunded,
    )


def of_owner(session: Session, owner: str, limit: int, before: int | None = None) -> Sequence[PaymentRow]:
    """An owner's payments, the newest first (made before `before` ms)."""
    chosen = select(PaymentRow).where(PaymentRow.owner == owner)
    if before is not None:
        chosen = chosen.where(PaymentRow.created_at < before)
    return session.scalars(chosen.order_by(PaymentRow.created_at.desc(), PaymentRow.id).limit(limit)).all()


def lock_top_ups(session: Session, owner: str) -> None:
    """Nobody else pays this owner's top-ups back until the transaction ends."""
    mine = select(PaymentRow.id).where(PaymentRow.owner == owner, PaymentRow.purpose == rules.TOP_UP)
    session.execute(mine.order_by(PaymentRow.id).with_for_update(key_share=True))


def refunded_by(session: Session, owner: str, key: str) -> int:
    """Cents of refunds that somebody asked for under this key, over all payments of an owner."""
    mine = select(func.coalesce(func.sum(RefundRow.cents), 0)).join(PaymentRow, PaymentRow.id == RefundRow.payment_id)
    prefix = PaymentRow.id + f":{key}/"
    named = func.substr(RefundRow.key, 1, func.length(prefix)) == prefix
    return int(session.scalar(mine.where(PaymentRow.owner == owner, named)) or 0)


def tries_since(session: Session, payment_id: str, since: int) -> int:
    """How often somebody began to pay it since a moment."""
    mine = select(func.count()).where(AttemptRow.payment_id == payment_id, AttemptRow.created_at > since)
    return int(session.scalar(mine) or 0)


def by_ids(session: Session, ids: Sequence[str]) -> Mapping[str, PaymentRow]:
    """Payments by their ids."""
    return {row.id: row for row in session.scalars(select(PaymentRow).where(PaymentRow.id.in_(ids)))}


def waiting_top_ups(session: Session, owner: str, since: int, besides: str = "") -> int:
    """Cents of top-ups that somebody began to pay since a moment and that have not arrived; `besides` one of them."""
    chosen = select(func.coalesce(func.sum(PaymentRow.cents - PaymentRow.captured), 0)).where(
        PaymentRow.owner == owner,
        PaymentRow.purpose == rules.TOP_UP,
        PaymentRow.state == State.STARTED,
        PaymentRow.created_at > since,
        PaymentRow.id != besides,
    )
    return int(session.scalar(chosen) or 0)


def add_attempt(session: Session, payment_id: str, method: str, now: int, **values: Any) -> int:
    """A new attempt's number; without a `provider_ref` it gets one that nobody else has, until the provider answers."""
    given = {"provider_ref": f"new {payment_id} {secrets.token_hex(8)}", "url": "", "status": Status.PENDING, **values}
    made = insert(AttemptRow).values(payment_id=payment_id, method=method, created_at=now, **given)
    number: int = session.execute(made.returning(AttemptRow.id)).scalar_one()
    return number


def attempt(session: Session, number: int) -> AttemptRow | None:
    """An attempt as it is now."""
    chosen = select(AttemptRow).where(AttemptRow.id == number).execution_options(populate_existing=True)
    return session.scalars(chosen).first()


def attempts_of(session: Session, payment_id: str) -> Sequence[AttemptRow]:
    """A payment's attempts, the newest first."""
    chosen = select(AttemptRow).where(AttemptRow.payment_id == payment_id).execution_options(populate_existing=True)
    return session.scalars(chosen.order_by(AttemptRow.id.desc())).all()


def attempt_by_ref(session: Session, method: str, ref: str) -> AttemptRow | None:
    """The attempt that a provider knows by `ref`."""
    chosen = select(AttemptRow).where(AttemptRow.method == method, AttemptRow.provider_ref == ref)
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def change_attempt(session: Session, number: int, **values: Any) -> None:
    """New values of an attempt."""
    session.execute(update(AttemptRow).where(AttemptRow.id == number).values(**values))


def as_attempt(row: AttemptRow) -> Attempt:
    """The attempt of a row."""
    return Attempt(row.method, Status(row.status), row.captured, row.returned)


def note_notice(session: Session, method: str, notice_id: str, now: int) -> bool:
    """Remembers a provider's notice; False when it was taken in before."""
    row = _insert(session, NoticeRow).values(method=method, id=notice_id, at=now)
    return session.execute(row.on_conflict_do_nothing().returning(NoticeRow.id)).first() is not None


def forget_notices(session: Session, before: int) -> int:
    """Forgets old numbers of notices; how many."""
    return touched(session, delete(NoticeRow).where(NoticeRow.at < before))


def add_refund(session: Session, **values: Any) -> int:
    """A new refund's number."""
    number: int = session.execute(insert(RefundRow).values(**values).returning(RefundRow.id)).scalar_one()
    return number


def refund(session: Session, number: int) -> RefundRow | None:
    """A refund as it is now."""
    chosen = select(RefundRow).where(RefundRow.id == number).execution_options(populate_existing=True)
    return session.scalars(chosen).first()


def refunds_of(session: Session, payment_id: str) -> Sequence[RefundRow]:
    """A payment's refunds, the oldest first."""
    chosen = select(RefundRow).where(RefundRow.payment_id == payment_id).execution_options(populate_existing=True)
    return session.scalars(chosen.order_by(RefundRow.id)).all()


def change_refund(session: Session, number: int, state: str) -> None:
    """asked, done or failed."""
    session.execute(update(RefundRow).where(RefundRow.id == number).values(state=state))


def receipt(session: Session, payment_id: str, language: str, state: str) -> bytes | None:
    """A receipt that was made before."""
    return session.scalar(
        select(ReceiptRow.file).where(
            ReceiptRow.payment_id == payment_id, ReceiptRow.language == language, ReceiptRow.state == state
        )
    )


def keep_receipt(session: Session, **values: Any) -> None:
    """Keeps a receipt's file."""
    session.execute(_insert(session, ReceiptRow).values(**values).on_conflict_do_nothing())


def forget_receipts(session: Session, before: int) -> int:
    """Forgets files that can be made again; how many."""
    return touched(session, delete(ReceiptRow).where(ReceiptRow.at < before))


def add_bank_entry(session: Session, **values: Any) -> bool:
    """Notes an entry of the bank account; False when it is known."""
    row = _insert(session, BankEntryRow).values(**values)
    return session.execute(row.on_conflict_do_nothing().returning(BankEntryRow.id)).first() is not None


def settle_bank_entry(session: Session, entry_id: str, outcome: str, attempt_id: int | None) -> None:
    """What came of an entry; who paid is forgotten once nothing can go back any more."""
    mine = update(BankEntryRow).where(BankEntryRow.id == entry_id)
    session.execute(mine.values(outcome=outcome, attempt_id=attempt_id))
    if outcome not in ("unclear", "repaying"):
        session.execute(mine.values(payer=""))


def note_payer(session: Session, entry_id: str, sealed: str) -> None:
    """Who sent unclear money."""
    session.execute(update(BankEntryRow).where(BankEntryRow.id == entry_id).values(payer=sealed))


def bank_entry(session: Session, entry_id: str) -> BankEntryRow | None:
    """An entry that nobody else changes meanwhile."""
    mine = select(BankEntryRow).where(BankEntryRow.id == entry_id).with_for_update()
    return session.scalars(mine.execution_options(populate_existing=True)).first()


def bank_entries(session: Session, outcome: str) -> Sequence[BankEntryRow]:
    """Entries of which this became, the oldest first."""
    mine = select(BankEntryRow).where(BankEntryRow.outcome == outcome)
    return session.scalars(mine.order_by(BankEntryRow.booked_on, BankEntryRow.id)).all()


def debits_to_export(session: Session) -> list[tuple[AttemptRow, PaymentRow, MandateRow]]:
    """Direct debits that no file carried yet and whose mandates hold."""
    chosen = (
        select(AttemptRow, PaymentRow, MandateRow)
        .join(PaymentRow, PaymentRow.id == AttemptRow.payment_id)
        .join(MandateRow, MandateRow.id == AttemptRow.mandate_id)
        .where(*_NOT_COLLECTED, MandateRow.ended_at == 0)
        .order_by(AttemptRow.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(chosen)]


def debits_by(session: Session, mandate_id: int) -> Sequence[int]:
    """Numbers of a mandate's debits that no file carried yet."""
    return session.scalars(select(AttemptRow.id).where(*_NOT_COLLECTED, AttemptRow.mandate_id == mandate_id)).all()


def clear_owner(session: Session, owner: str) -> None:
    """Payments stay for the tax office, without a payer."""
    session.execute(update(PaymentRow).where(PaymentRow.owner == owner).values(owner=""))
