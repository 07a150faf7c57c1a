"""Unclear money on its way back to who paid it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from hub.core.db import Session
from hub.core.rows import touched
from hub.payments.store.payment_tables import RepaymentRow

ASKED, SENT, DONE, FAILED = "asked", "sent", "done", "failed"


def turns(session: Session, entry_id: str) -> int:
    """The number of the last time that somebody began to send this entry back."""
    mine = select(func.max(RepaymentRow.turn)).where(RepaymentRow.entry_id == entry_id)
    return int(session.scalar(mine) or 0)


def add(session: Session, **facts: Any) -> int:
    """A new one's number."""
    number: int = session.execute(insert(RepaymentRow).values(**facts).returning(RepaymentRow.id)).scalar_one()
    return number


def get(session: Session, number: int) -> RepaymentRow | None:
    """One that nobody else changes meanwhile."""
    mine = select(RepaymentRow).where(RepaymentRow.id == number).with_for_update()
    return session.scalars(mine.execution_options(populate_existing=True)).first()


def by_end_to_end(session: Session, end_to_end: str) -> RepaymentRow | None:
    """The same by the name that the bank knows."""
    mine = select(RepaymentRow).where(RepaymentRow.end_to_end == end_to_end).with_for_update()
    return session.scalars(mine.execution_options(populate_existing=True)).first()


def asked_of(session: Session, entry_id: str) -> Sequence[RepaymentRow]:
    """This entry's that are in no file yet, locked."""
    mine = select(RepaymentRow).where(RepaymentRow.entry_id == entry_id, RepaymentRow.state == ASKED)
    return session.scalars(mine.with_for_update()).all()


def in_states(session: Session, *states: str, lock: bool = False) -> Sequence[RepaymentRow]:
    """Those in these states, the oldest first."""
    mine = select(RepaymentRow).where(RepaymentRow.state.in_(states)).order_by(RepaymentRow.id)
    return session.scalars(mine.with_for_update() if lock else mine).all()


def change(session: Session, number: int, **values: Any) -> None:
    """New values."""
    session.execute(update(RepaymentRow).where(RepaymentRow.id == number).values(**values))


def forget_accounts(session: Session, before: int) -> int:
    """Takes names and accounts out of those that ended before; how many."""
    old = update(RepaymentRow).where(RepaymentRow.done_at > 0, RepaymentRow.done_at < before, RepaymentRow.holder != "")
    return touched(session, old.values(holder="", iban="", iban_end=""))
