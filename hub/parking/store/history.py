"""Readings over time, and the hours they add up to."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import BigInteger, String, delete, func, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.parking.rules.history import TRUSTED_MS, Mark

Order = tuple[int, str, int]  # ts, outbox, seq: one order of a bay's readings, whoever stored them first


class Reading(Base):
    """What a bay was from `ts` on; repetitions of two days ago and older are taken out."""

    __tablename__ = "parking_reading"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's way)
    bay: Mapped[str] = mapped_column(String(63), primary_key=True)
    ts: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    outbox: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    boot: Mapped[str] = mapped_column(String(63), default="")
    trusted_ms: Mapped[int] = mapped_column(BigInteger, default=TRUSTED_MS)


class Hour(Base):
    """How long the bays of a car park were in each state in one hour (ms, summed over the bays)."""

    __tablename__ = "parking_hour"
    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    hour_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    free: Mapped[int] = mapped_column(BigInteger)
    occupied: Mapped[int] = mapped_column(BigInteger)
    unknown: Mapped[int] = mapped_column(BigInteger)
    faulty: Mapped[int] = mapped_column(BigInteger)


class Dirty(Base):
    """An hour of a car park that new readings changed; the worker sums it up anew. `marks` tells a newer change."""

    __tablename__ = "parking_dirty"
    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    hour_ms: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    marks: Mapped[int] = mapped_column(BigInteger, default=1)


_READINGS = Base.metadata.tables[Reading.__tablename__]


def add_readings(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Keeps readings."""
    if rows:
        session.connection().execute(_READINGS.insert(), list(rows))


def began(session: Session, bay: str, state: str, at: Order) -> int:
    """When the state began that holds at a reading: after the last reading that said something else."""
    order = tuple_(Reading.ts, Reading.outbox, Reading.seq)
    mine = (Reading.bay == bay, order <= at)
    columns = (Reading.ts, Reading.outbox, Reading.seq)
    other = session.execute(
        select(*columns).where(*mine, Reading.state != state).order_by(*(one.desc() for one in columns)).limit(1)
    ).first()
    since = (*mine, order > tuple(other)) if other is not None else mine
    return int(session.execute(select(func.min(Reading.ts)).where(*since)).scalar() or at[0])


def mark_dirty(session: Session, hours: Iterable[tuple[str, int]]) -> None:
    """These hours of these car parks are to be summed up anew."""
    rows = [{"site": site, "hour_ms": hour, "marks": 1} for site, hour in sorted(set(hours))]
    if rows:
        dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
        statement = dialect.insert(Dirty)
        keys = [Dirty.site, Dirty.hour_ms]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_={"marks": Dirty.marks + 1}), rows)


def dirty(session: Session, limit: int) -> dict[tuple[str, int], int]:
    """(site, hour) -> marks, of at most `limit` hours."""
    query = select(Dirty.site, Dirty.hour_ms, Dirty.marks).order_by(Dirty.site, Dirty.hour_ms).limit(limit)
    return {(site, hour): marks for site, hour, marks in session.execute(query)}


def clean(session: Session, hours: Mapping[tuple[str, int], int]) -> None:
    """Takes the marks away, but not of hours that were marked again meanwhile."""
    for (site, hour), marks in hours.items():
        where = (Dirty.site == site, Dirty.hour_ms == hour, Dirty.marks == marks)
        session.execute(delete(Dirty).where(*where))


def marks(session: Session, bays: Sequence[str], start: int, end: int) -> dict[str, list[Mark]]:
    """bay -> its readings in start..end with the last one before and the first one after, in order."""
    found: dict[str, list[Mark]] = {bay: [] for bay in bays}
    around = {bay: _around(session, bay, start, end) for bay in bays}
    columns = (Reading.bay, Reading.ts, Reading.state, Reading.boot, Reading.trusted_ms)
    for bay, (first, last) in around.items():
        query = select(*columns).where(Reading.bay == bay, Reading.ts >= first, Reading.ts <= last)
        rows = session.execute(query.order_by(Reading.ts, Reading.outbox, Reading.seq))
        found[bay] = [Mark(row.ts, row.state, row.boot, row.trusted_ms) for row in rows]
    return found


def _around(session: Session, bay: str, start: int, end: int) -> tuple[int, int]:
    before = select(func.max(Reading.ts)).where(Reading.bay == bay, Reading.ts < start)
    after = select(func.min(Reading.ts)).where(Reading.bay == bay, Reading.ts >= end)
    return session.execute(before).scalar() or start, session.execute(after).scalar() or end


def save_hour(session: Session, site: str, hour: int, sums: Mapping[str, int]) -> None:
    """Keeps what an hour adds up to."""
    save_hours(session, [{"site": site, "hour_ms": hour, **sums}])


def save_hours(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """The same for many: site, hour_ms, free, occupied, unknown, faulty (ms)."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Hour)
    change = {name: getattr(statement.excluded, name) for name in ("free", "occupied", "unknown", "faulty")}
    upsert = statement.on_conflict_do_update(index_elements=[Hour.site, Hour.hour_ms], set_=change)
    if rows:
        session.execute(upsert, list(rows))


def hours(session: Session, site: str | None, start: int, end: int) -> list[tuple[int, int, int]]:
    """(hour, free ms, occupied ms) of one car park or of all, in start <= hour < end."""
    query = select(Hour.hour_ms, func.sum(Hour.free), func.sum(Hour.occupied)).group_by(Hour.hour_ms)
    query = query.where(Hour.hour_ms >= start, Hour.hour_ms < end).order_by(Hour.hour_ms)
    rows = session.execute(query.where(Hour.site == site) if site else query)
    return [(hour, int(free), int(occupied)) for hour, free, occupied in rows]


_COMPACT = text(
    """
    DELETE FROM parking_reading WHERE (bay, ts, outbox, seq) IN (
        SELECT bay, ts, outbox, seq FROM (
            SELECT bay, ts, outbox, seq, state, boot,
                   lag(state) OVER w AS state_before, lag(boot) OVER w AS boot_before, lead(boot) OVER w AS boot_after
            FROM parking_reading WHERE ts >= :first AND ts < :last AND bay = :bay
            WINDOW w AS (ORDER BY ts, outbox, seq)
        ) AS seen WHERE state = state_before AND boot = boot_before AND boot = boot_after AND boot <> ''
    )
    """
)


def compact(session: Session, bay: str, first: int, last: int) -> None:
    """Takes out a bay's repetitions of a span; the last one of each boot stays, it shows how long the node looked."""
    session.execute(_COMPACT, {"bay": bay, "first": first, "last": last})


def forget(session: Session, bay: str, before: int, hours_before: int) -> None:
    """Deletes a bay's readings and the hours of all car parks that are older."""
    session.execute(delete(Reading).where(Reading.bay == bay, Reading.ts < before))
    session.execute(delete(Hour).where(Hour.hour_ms < hours_before))
