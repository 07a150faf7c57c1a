"""Sales, the tills' books and their closings."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from hub.core.db import Session
from hub.till.store.tables import ClosingRow, EntryRow, SaleRow


def sale(session: Session, till: str, number: str) -> SaleRow | None:
    """A till's sale as it is now."""
    chosen = select(SaleRow).where(SaleRow.till == till, SaleRow.number == number)
    return session.scalars(chosen.execution_options(populate_existing=True)).first()


def by_receipt(session: Session, receipt: str) -> SaleRow | None:
    """The sale of a receipt."""
    return session.scalars(select(SaleRow).where(SaleRow.receipt == receipt)).first()


def by_payment(session: Session, payment_id: str) -> SaleRow | None:
    """The sale that a payment is for."""
    chosen = select(SaleRow).where(SaleRow.payment_id == payment_id).execution_options(populate_existing=True)
    return session.scalars(chosen).first()


def add_sale(session: Session, **facts: Any) -> int:
    """A new sale's number in the table; IntegrityError when the till has one of that name."""
    number: int = session.execute(insert(SaleRow).values(**facts).returning(SaleRow.id)).scalar_one()
    return number


def change_sale(session: Session, sale_id: int, **values: Any) -> None:
    """New values of a sale."""
    session.execute(update(SaleRow).where(SaleRow.id == sale_id).values(**values))


def newest(session: Session, till: str, limit: int) -> Sequence[SaleRow]:
    """A till's newest sales."""
    mine = select(SaleRow).where(SaleRow.till == till).order_by(SaleRow.id.desc())
    return session.scalars(mine.limit(limit)).all()


def of_owner(session: Session, owner: str, limit: int, state: str = "") -> Sequence[SaleRow]:
    """An owner's newest sales."""
    mine = select(SaleRow).where(SaleRow.owner == owner).order_by(SaleRow.id.desc()).limit(limit)
    return session.scalars(mine.where(SaleRow.state == state) if state else mine).all()


def in_state(session: Session, state: str, till: str = "", limit: int = 200) -> Sequence[SaleRow]:
    """Sales in a state, the oldest first."""
    mine = select(SaleRow).where(SaleRow.state == state).order_by(SaleRow.id).limit(limit)
    return session.scalars(mine.where(SaleRow.till == till) if till else mine).all()


def offline_sums(session: Session, till: str, owner: str, since: int) -> tuple[int, int]:
    """Cents that passes paid without connection since a moment: (by this owner at every till, by all at this one)."""
    mine = select(func.coalesce(func.sum(SaleRow.cents), 0)).where(
        SaleRow.is_offline, SaleRow.way != "cash", SaleRow.at >= since
    )
    of_owner, of_till = mine.where(SaleRow.owner == owner), mine.where(SaleRow.till == till)
    return int(session.scalar(of_owner) or 0), int(session.scalar(of_till) or 0)


def late(session: Session, since: int, till: str = "", limit: int = 200) -> Sequence[SaleRow]:
    """Sales of tills that had been alone for too long, received since a moment, the oldest first."""
    mine = select(SaleRow).where(SaleRow.is_late, SaleRow.received_at >= since).order_by(SaleRow.id).limit(limit)
    return session.scalars(mine.where(SaleRow.till == till) if till else mine).all()


def add_entry(
    session: Session, till: str, key: str, sale_id: int, kind: str, way: str, sums: Mapping[str, int], at: int
) -> None:
    """The next line of a till's book; the till must be locked. IntegrityError for a key that is there."""
    last = session.scalar(select(func.max(EntryRow.number)).where(EntryRow.till == till)) or 0
    facts = {"sale_id": sale_id, "kind": kind, "way": way, "sums": json.dumps(dict(sums)), "at": at}
    values = {"till": till, "number": last + 1, "key": key, "cents": sum(sums.values())}
    session.execute(insert(EntryRow).values(**values, **facts))


def entry(session: Session, till: str, key: str) -> EntryRow | None:
    """A line by what it is about."""
    return session.scalars(select(EntryRow).where(EntryRow.till == till, EntryRow.key == key)).first()


def entries(session: Session, till: str, after: int, last: int | None = None) -> Sequence[EntryRow]:
    """A till's book after a line."""
    mine = select(EntryRow).where(EntryRow.till == till, EntryRow.number > after).order_by(EntryRow.number)
    return session.scalars(mine.where(EntryRow.number <= last) if last is not None else mine).all()


def entries_of(session: Session, sale_id: int) -> Sequence[EntryRow]:
    """The lines about a sale."""
    return session.scalars(select(EntryRow).where(EntryRow.sale_id == sale_id).order_by(EntryRow.number)).all()


def last_closing(session: Session, till: str) -> ClosingRow | None:
    """A till's newest closing."""
    mine = select(ClosingRow).where(ClosingRow.till == till).order_by(ClosingRow.number.desc())
    return session.scalars(mine.limit(1)).first()


def closing(session: Session, till: str, number: int) -> ClosingRow | None:
    """One closing."""
    return session.get(ClosingRow, (till, number))


def closing_by_key(session: Session, till: str, key: str) -> ClosingRow | None:
    """The closing that the till calls so."""
    return session.scalars(select(ClosingRow).where(ClosingRow.till == till, ClosingRow.key == key)).first()


def closings(session: Session, till: str, limit: int) -> Sequence[ClosingRow]:
    """A till's closings, the newest first."""
    mine = select(ClosingRow).where(ClosingRow.till == till).order_by(ClosingRow.number.desc())
    return session.scalars(mine.limit(limit)).all()


def closings_between(session: Session, since: int, until: int) -> Sequence[ClosingRow]:
    """Every till's closings of a time (ms), by till and number."""
    mine = select(ClosingRow).where(ClosingRow.at >= since, ClosingRow.at < until)
    return session.scalars(mine.order_by(ClosingRow.till, ClosingRow.number)).all()


def add_closing(session: Session, **facts: Any) -> None:
    """A new closing."""
    session.execute(insert(ClosingRow).values(**facts))


def forget_person(session: Session, person_id: int, owner: str) -> None:
    """Sales stay for the tax office, without buyer and clerk."""
    mine = (SaleRow.person_id == person_id) | (SaleRow.owner == owner)
    session.execute(update(SaleRow).where(mine).values(person_id=None, owner=""))
    session.execute(update(SaleRow).where(SaleRow.cashier_id == person_id).values(cashier_id=None))
