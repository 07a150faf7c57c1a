"""Table of payments by card for stays without an account, and what each of them is for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched
from hub.parking.store.stays import StayRow

OPEN, USED, REFUNDED = "open", "used", "refunded"


class CardPaymentRow(Base):
    """A payment that begins a stay (`base_end` NULL) or moves its end from `base_end` to `new_end` (ms)."""

    __tablename__ = "parking_card_payment"

    payment_id: Mapped[str] = mapped_column(String(24), primary_key=True)
    stay_id: Mapped[int] = mapped_column(ForeignKey("parking_stay.id", ondelete="CASCADE"), index=True)
    base_end: Mapped[int | None] = mapped_column(BigInteger)
    new_end: Mapped[int] = mapped_column(BigInteger)
    cents: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default=OPEN)
    created_at: Mapped[int] = mapped_column(BigInteger)


def add(session: Session, **facts: Any) -> None:
    """Notes a payment; one that is known stays as it is."""
    if session.get(CardPaymentRow, facts["payment_id"]) is None:
        session.execute(insert(CardPaymentRow).values(**facts))


def get(session: Session, payment_id: str) -> CardPaymentRow | None:
    """What a payment is for."""
    return session.get(CardPaymentRow, payment_id, populate_existing=True)


def of_stay(session: Session, stay_id: int) -> Sequence[CardPaymentRow]:
    """A stay's payments, the oldest first."""
    mine = select(CardPaymentRow).where(CardPaymentRow.stay_id == stay_id)
    return session.scalars(mine.order_by(CardPaymentRow.created_at, CardPaymentRow.payment_id)).all()


def settle(session: Session, payment_id: str, state: str) -> bool:
    """Marks an open payment as used or refunded; False when that happened before."""
    open_one = update(CardPaymentRow).where(CardPaymentRow.payment_id == payment_id, CardPaymentRow.state == OPEN)
    return bool(touched(session, open_one.values(state=state)))


def stay(session: Session, stay_id: int) -> StayRow | None:
    """A payment's stay, locked for a change where the database can."""
    chosen = select(StayRow).where(StayRow.id == stay_id).execution_options(populate_existing=True)
    return session.scalars(chosen.with_for_update()).first()


def forget_unpaid(session: Session, before: int) -> int:
    """Deletes stays that nobody paid for since before (ms), with their payments' entries; how many."""
    old = select(StayRow.id).where(StayRow.state.in_(("awaiting", "cancelled")), StayRow.started_at < before)
    session.execute(delete(CardPaymentRow).where(CardPaymentRow.stay_id.in_(old)))
    return touched(session, delete(StayRow).where(StayRow.id.in_(old)))


def awaiting(session: Session, site: str, plate: str, since: int) -> StayRow | None:
    """The newest stay that is not paid yet."""
    unpaid = StayRow.state.in_(("awaiting", "cancelled"))
    chosen = select(StayRow).where(StayRow.site == site, StayRow.plate == plate, unpaid)
    return session.scalars(chosen.where(StayRow.started_at > since).order_by(StayRow.id.desc()).limit(1)).first()


def paid(session: Session, stay_id: int) -> int:
    """Cents that were paid for a stay and used."""
    used = select(func.coalesce(func.sum(CardPaymentRow.cents), 0))
    mine = used.where(CardPaymentRow.stay_id == stay_id, CardPaymentRow.state == USED)
    return int(session.execute(mine).scalar() or 0)
