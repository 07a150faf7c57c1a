"""Removing what the tills sold longer ago than the law asks for."""

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import aliased

from hub.core.db import Session
from hub.core.rows import touched
from hub.till.rules.sales import OWED
from hub.till.store.tables import GUARD, ClosingRow, EntryRow, GrantRow, RedemptionRow, SaleRow, TicketRow


def forget_books(session: Session, before: int) -> int:
    """Removes sales of which nothing happened since a moment (ms), their lines of the book, and closings; how many
    sales. The last line and closing of each till stay, so that numbers go on without gaps.
    """
    last = select(func.max(EntryRow.number), EntryRow.till).group_by(EntryRow.till).subquery()
    entry = aliased(EntryRow)
    is_last = exists().where(last.c[0] == entry.number, last.c[1] == entry.till)
    kept = exists().where(entry.sale_id == SaleRow.id, or_(entry.at >= before, is_last))
    old = select(SaleRow.id).where(SaleRow.at < before, SaleRow.received_at < before, SaleRow.state != OWED, ~kept)
    numbers = list(session.scalars(old))
    if not numbers:
        return 0
    newest = select(func.max(ClosingRow.number), ClosingRow.till).group_by(ClosingRow.till).subquery()
    is_newest = exists().where(newest.c[0] == ClosingRow.number, newest.c[1] == ClosingRow.till)
    with GUARD.lifted(session):
        for start in range(0, len(numbers), 500):
            some = numbers[start : start + 500]
            session.execute(delete(EntryRow).where(EntryRow.sale_id.in_(some)))
            session.execute(delete(SaleRow).where(SaleRow.id.in_(some)))
        session.execute(delete(ClosingRow).where(ClosingRow.at < before, ~is_newest))
    return len(numbers)


def forget_tickets(session: Session, before: int, day: object) -> int:
    """Removes tickets that nobody can use any more and fees that went back; how many."""
    over = or_(TicketRow.last < day, TicketRow.ended_at.between(1, before - 1), TicketRow.entries_left == 0)
    used = exists().where(RedemptionRow.ticket_id == TicketRow.id, RedemptionRow.at >= before)
    old = select(TicketRow.id).where(TicketRow.bought_at < before, over, ~used)
    session.execute(delete(RedemptionRow).where(RedemptionRow.ticket_id.in_(old)))
    gone = touched(session, delete(TicketRow).where(TicketRow.id.in_(old)))
    return gone + touched(session, delete(GrantRow).where(GrantRow.at < before, GrantRow.paid_at < before))
