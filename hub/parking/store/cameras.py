"""Tables of cameras at entrances and of what they saw."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Identity,
    Index,
    Integer,
    String,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched
from hub.parking.store.stays import CarRow, StayRow

_BigId = BigInteger().with_variant(Integer(), "sqlite")
WAITING = "waiting"


class CameraRow(Base):
    """A camera that reads plates at an entrance; its key is known by its SHA-256 alone."""

    __tablename__ = "parking_camera"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    site: Mapped[str] = mapped_column(String(63))
    key_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class CameraEventRow(Base):
    """A car that a camera saw; the plate stands here only while the event of a known car waits for its other half.

    `number` is the camera's own name of the event, `told_at` the moment on the camera's clock.
    """

    __tablename__ = "parking_camera_event"
    __table_args__ = (
        UniqueConstraint("camera", "number"),
        Index("parking_camera_event_waiting", "site", "plate", "outcome"),
    )

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    camera: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(60))
    site: Mapped[str] = mapped_column(String(63))
    direction: Mapped[str] = mapped_column(String(3))
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    told_at: Mapped[int] = mapped_column(BigInteger)
    plate: Mapped[str] = mapped_column(String(10), default="", server_default="")
    outcome: Mapped[str] = mapped_column(String(10))


@dataclass(frozen=True)
class Tally:
    """A camera, when it reported last (ms, 0 = never), and what it counted since a moment."""

    id: str
    site: str
    seen_at: int
    entries: int
    exits: int


def add_camera(session: Session, name: str, site: str, key_hash: str) -> None:
    """A new camera, or a new key for a known one."""
    session.execute(delete(CameraRow).where(CameraRow.id == name))
    session.execute(insert(CameraRow).values(id=name, site=site, key_hash=key_hash, seen_at=0))


def end_camera(session: Session, name: str) -> bool:
    """False for an unknown one."""
    return bool(touched(session, delete(CameraRow).where(CameraRow.id == name)))


def camera(session: Session, key_hash: str) -> CameraRow | None:
    """The camera with this key."""
    return session.scalars(select(CameraRow).where(CameraRow.key_hash == key_hash)).first()


def note_camera(session: Session, name: str, now: int) -> None:
    """When it reported last."""
    session.execute(update(CameraRow).where(CameraRow.id == name).values(seen_at=now))


def tallies(session: Session, since: int) -> list[Tally]:
    """Every camera and what it counted since (ms)."""
    counted = select(CameraEventRow.camera, CameraEventRow.direction, func.count())
    grouped = counted.where(CameraEventRow.at >= since).group_by(CameraEventRow.camera, CameraEventRow.direction)
    found = {(camera, direction): number for camera, direction, number in session.execute(grouped)}
    return [
        Tally(row.id, row.site, row.seen_at, found.get((row.id, "in"), 0), found.get((row.id, "out"), 0))
        for row in session.scalars(select(CameraRow).order_by(CameraRow.id))
    ]


def add_event(session: Session, **facts: Any) -> int | None:
    """Stores an event and returns its number; None when the camera told it before."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(CameraEventRow).values(**facts).on_conflict_do_nothing(index_elements=["camera", "number"])
    number = session.execute(made.returning(CameraEventRow.id)).scalar()
    return None if number is None else int(number)


def event(session: Session, camera: str, number: str) -> CameraEventRow:
    """An event that is known."""
    known = select(CameraEventRow).where(CameraEventRow.camera == camera, CameraEventRow.number == number)
    return session.scalars(known).one()


def outcome(session: Session, event_id: int) -> str:
    """What became of an event."""
    return str(session.execute(select(CameraEventRow.outcome).where(CameraEventRow.id == event_id)).scalar_one())


def waiting(session: Session, site: str, plate: str) -> Sequence[CameraEventRow]:
    """A car's events at a car park that wait for their other half."""
    mine = CameraEventRow.site == site, CameraEventRow.plate == plate, CameraEventRow.outcome == WAITING
    return session.scalars(select(CameraEventRow).where(*mine)).all()


def settle(session: Session, events: Collection[int], outcome: str) -> None:
    """Notes what became of events, which need no plate from now on."""
    done = update(CameraEventRow).where(CameraEventRow.id.in_(events))
    session.execute(done.values(outcome=outcome, plate=""))


def lock_cars(session: Session, plate: str) -> Sequence[CarRow]:
    """Whose stays may begin by this plate; nobody else handles an event of the car until the transaction ends."""
    mine = select(CarRow).where(CarRow.plate == plate, CarRow.by_camera).order_by(CarRow.id)
    return session.scalars(mine.with_for_update()).all()


def has_stay_after(session: Session, site: str, plate: str, at: int) -> bool:
    """Whether the car has a stay here that ends at the moment (ms) or later."""
    mine = StayRow.site == site, StayRow.plate == plate, StayRow.state != "cancelled"
    later = StayRow.ended_at.is_(None) | (StayRow.ended_at >= at)
    return session.execute(select(StayRow.id).where(*mine, later).limit(1)).first() is not None


def forget(session: Session, plates_before: int, before: int) -> int:
    """Takes the plate out of events of before `plates_before` (ms), and events of before `before`; how many."""
    old = update(CameraEventRow).where(CameraEventRow.at < plates_before, CameraEventRow.plate != "")
    gone = touched(session, old.values(plate="", outcome="counted"))
    over = delete(CameraEventRow).where(CameraEventRow.at < before)
    return int(gone + touched(session, over))


def forget_person(session: Session, person_id: int) -> None:
    """Takes a person's plates out of events that wait; before their cars are deleted."""
    mine = select(CarRow.plate).where(CarRow.person_id == person_id)
    blank = update(CameraEventRow).where(CameraEventRow.plate.in_(mine)).values(plate="", outcome="counted")
    session.execute(blank.execution_options(synchronize_session=False))
