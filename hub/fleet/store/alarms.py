"""What is wrong with nodes: open until its cause is gone, kept for a while afterwards."""

from sqlalchemy import BigInteger, Identity, Index, Integer, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session


class Alarm(Base):
    """Something is wrong with a node; open until closed_at."""

    __tablename__ = "fleet_alarm"
    __table_args__ = (Index("fleet_alarm_open", "closed_at"),)
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63), index=True)
    code: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(300))
    opened_at: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)


def raise_alarm(session: Session, node_id: str, code: str, text: str, at: int) -> None:
    """Opens an alarm, or renews the one that is open with this code."""
    where = (Alarm.node == node_id, Alarm.code == code, Alarm.closed_at.is_(None))
    found = session.execute(select(Alarm).where(*where)).scalars().first()
    if found is None:
        session.add(Alarm(node=node_id, code=code, text=text, opened_at=at, last_at=at, closed_at=None))
    else:
        found.text, found.last_at = text, at


def close_alarm(session: Session, node_id: str, code: str, now: int) -> None:
    """Closes one alarm of one node."""
    where = (Alarm.node == node_id, Alarm.code == code, Alarm.closed_at.is_(None))
    session.execute(update(Alarm).where(*where).values(closed_at=now))


def open_codes(session: Session) -> dict[str, frozenset[str]]:
    """node -> the codes of its open alarms."""
    found: dict[str, set[str]] = {}
    for row in session.execute(select(Alarm.node, Alarm.code).where(Alarm.closed_at.is_(None))):
        found.setdefault(row.node, set()).add(row.code)
    return {node_id: frozenset(codes) for node_id, codes in found.items()}


def alarms_since(session: Session, node_id: str, since: int) -> list[Alarm]:
    """A node's alarms that are open or ended after a moment."""
    where = (Alarm.node == node_id, Alarm.closed_at.is_(None) | (Alarm.closed_at >= since))
    return list(session.execute(select(Alarm).where(*where).order_by(Alarm.opened_at)).scalars())


def close_alarms(session: Session, code: str, quiet_since: int, now: int) -> None:
    """Closes the alarms of a code that were not renewed since a moment."""
    where = (Alarm.code == code, Alarm.closed_at.is_(None), Alarm.last_at < quiet_since)
    session.execute(update(Alarm).where(*where).values(closed_at=now))


def open_alarms(session: Session) -> list[Alarm]:
    """Alarms that are open, newest first."""
    rows = session.execute(select(Alarm).where(Alarm.closed_at.is_(None)).order_by(Alarm.opened_at.desc()))
    return list(rows.scalars())


def forget_alarms(session: Session, before: int) -> None:
    """Deletes alarms that were closed before a moment."""
    session.execute(delete(Alarm).where(Alarm.closed_at < before))
