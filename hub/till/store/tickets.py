"""Tickets and who entered with them."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select, update

from hub.core import rows
from hub.core.db import Session
from hub.core.rows import touched
from hub.till.store.tables import RedemptionRow, TicketRow


def add(session: Session, **facts: Any) -> bool:
    """A new ticket; False when this purchase has made it before."""
    return rows.insert_new(session, TicketRow, **facts)


def of_owners(session: Session, owners: Collection[str]) -> Sequence[TicketRow]:
    """Tickets of these owners that were not given back, the newest first."""
    mine = select(TicketRow).where(TicketRow.owner.in_(owners), TicketRow.ended_at == 0)
    return session.scalars(mine.order_by(TicketRow.id.desc()).execution_options(populate_existing=True)).all()


def lock(session: Session, ticket_id: int) -> TicketRow | None:
    """A ticket that nobody else changes meanwhile."""
    rows.lock(session, TicketRow, ticket_id)
    chosen = select(TicketRow).where(TicketRow.id == ticket_id).execution_options(populate_existing=True)
    return session.scalars(chosen).first()


def use(session: Session, ticket_id: int, count: int) -> None:
    """Takes entries off; a ticket without a number of them stays as it is."""
    mine = update(TicketRow).where(TicketRow.id == ticket_id, TicketRow.entries_left.is_not(None))
    session.execute(mine.values(entries_left=TicketRow.entries_left - count))


def of_source(session: Session, source: str) -> Sequence[TicketRow]:
    """Tickets of a purchase."""
    mine = select(TicketRow).where(TicketRow.source == source).execution_options(populate_existing=True)
    return session.scalars(mine.order_by(TicketRow.id)).all()


def end_source(session: Session, source: str, now: int) -> None:
    """The purchase was taken back."""
    session.execute(update(TicketRow).where(TicketRow.source == source, TicketRow.ended_at == 0).values(ended_at=now))


def entered(session: Session, ticket_id: int, day: date | None = None) -> int:
    """How many entered with a ticket, on a day or at all."""
    mine = select(func.coalesce(func.sum(RedemptionRow.count), 0)).where(RedemptionRow.ticket_id == ticket_id)
    return int(session.scalar(mine.where(RedemptionRow.day == day) if day else mine) or 0)


def redemption(session: Session, till: str, key: str) -> RedemptionRow | None:
    """An entry that the till calls so."""
    return session.scalars(select(RedemptionRow).where(RedemptionRow.till == till, RedemptionRow.key == key)).first()


def add_redemption(session: Session, **facts: Any) -> bool:
    """Somebody enters; False when the till said so before."""
    return rows.insert_new(session, RedemptionRow, **facts)


def redemptions_of(session: Session, ticket_id: int, limit: int) -> Sequence[RedemptionRow]:
    """When somebody entered with a ticket, the newest first."""
    mine = select(RedemptionRow).where(RedemptionRow.ticket_id == ticket_id).order_by(RedemptionRow.id.desc())
    return session.scalars(mine.limit(limit)).all()


def forget_person(session: Session, person_id: int, owner: str) -> None:
    """A person's tickets go, with their entries."""
    mine = select(TicketRow.id).where((TicketRow.person_id == person_id) & (TicketRow.owner == owner))
    session.execute(delete(RedemptionRow).where(RedemptionRow.ticket_id.in_(mine)))
    session.execute(delete(TicketRow).where(TicketRow.id.in_(mine)))
    session.execute(update(TicketRow).where(TicketRow.person_id == person_id).values(person_id=None))


def forget_redemptions(session: Session, before: date) -> int:
    """Forgets when somebody entered; how many rows."""
    return touched(session, delete(RedemptionRow).where(RedemptionRow.day < before))
