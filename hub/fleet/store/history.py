"""What was: figures of nodes every quarter of an hour, outages of many at once, copies of the nodes' own files."""

from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Identity, Integer, String, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.fleet.rules.outages import Outage


class Sample(Base):
    """A node's figures (JSON) at a moment."""

    __tablename__ = "fleet_sample"
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    figures: Mapped[str] = mapped_column(Text)


class OutageRow(Base):
    """Many nodes that fell silent together; open until closed_at."""

    __tablename__ = "fleet_outage"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    site: Mapped[str] = mapped_column(String(63))
    since: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    nodes: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(String(300))
    opened_at: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger, index=True)


class Backup(Base):
    """A node's own file as it was from `at` on; seen the last time at `seen_at`."""

    __tablename__ = "fleet_backup"
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seen_at: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)


def add_sample(session: Session, node: str, at: int, figures: str, keep_from: int) -> None:
    """Keeps figures; the node's own that are older than `keep_from` go."""
    session.execute(delete(Sample).where(Sample.node == node, Sample.at < keep_from))
    session.merge(Sample(node=node, at=at, figures=figures))


def samples(session: Session, node: str, since: int) -> list[tuple[int, str]]:
    """(moment, figures) of a node, oldest first."""
    query = select(Sample.at, Sample.figures).where(Sample.node == node, Sample.at >= since).order_by(Sample.at)
    return [(row.at, row.figures) for row in session.execute(query)]


def open_outages(session: Session) -> list[OutageRow]:
    """Outages that last, oldest first."""
    query = select(OutageRow).where(OutageRow.closed_at.is_(None)).order_by(OutageRow.id)
    return list(session.execute(query).scalars())


def outages_since(session: Session, since: int) -> list[OutageRow]:
    """Outages that last or ended after a moment."""
    where = OutageRow.closed_at.is_(None) | (OutageRow.closed_at >= since)
    return list(session.execute(select(OutageRow).where(where).order_by(OutageRow.opened_at)).scalars())


def add_outage(session: Session, outage: Outage, text: str, now: int) -> None:
    """A new one."""
    facts = {"site": outage.site, "since": outage.since, "last": outage.last, "nodes": outage.nodes}
    session.add(OutageRow(**facts, text=text, opened_at=now, closed_at=None))


def grow_outage(session: Session, key: int, outage: Outage, text: str) -> None:
    """More nodes belong to it than it was known to have."""
    facts = {"since": outage.since, "last": outage.last, "nodes": outage.nodes, "text": text}
    session.execute(update(OutageRow).where(OutageRow.id == key).values(**facts))


def close_outage(session: Session, key: int, now: int) -> None:
    """The last of its nodes is back."""
    session.execute(update(OutageRow).where(OutageRow.id == key).values(closed_at=now))


def keep_backup(session: Session, node: str, name: str, digest: str, text: str, at: int, most: int) -> None:
    """A copy of a node's file; the same as the newest only moves its `seen_at`, and at most `most` stay."""
    newest = session.execute(
        select(Backup).where(Backup.node == node).order_by(Backup.at.desc()).limit(1)
    ).scalar_one_or_none()
    if newest is not None and (newest.digest == digest or newest.at >= at):
        newest.seen_at = max(at, newest.seen_at)
        return
    session.add(Backup(node=node, at=at, seen_at=at, name=name, digest=digest, text=text))
    session.flush()
    old = session.execute(
        select(Backup.at).where(Backup.node == node).order_by(Backup.at.desc()).offset(most)
    ).scalars()
    session.execute(delete(Backup).where(Backup.node == node, Backup.at.in_(list(old))))


def backups(session: Session, node: str) -> Sequence[Backup]:
    """The copies of a node's file, newest first."""
    return session.execute(select(Backup).where(Backup.node == node).order_by(Backup.at.desc())).scalars().all()


def backup(session: Session, node: str, at: int) -> Backup | None:
    """One copy."""
    return session.get(Backup, (node, at))


def last_backups(session: Session) -> Mapping[str, int]:
    """node -> when its file was copied or compared the last time."""
    rows = session.execute(select(Backup.node, func.max(Backup.seen_at).label("seen_at")).group_by(Backup.node))
    return {row.node: row.seen_at for row in rows}


def forget_history(session: Session, before: int) -> None:
    """Outages that ended before a moment go."""
    session.execute(delete(OutageRow).where(OutageRow.closed_at < before))


def forget_nodes(session: Session, known: Sequence[str]) -> None:
    """What belongs to nodes that are no longer in the town's data."""
    for table in (Sample, Backup):
        session.execute(delete(table).where(table.node.not_in(known)))
