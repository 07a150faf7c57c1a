"""Tables of wardens' checks and of cameras at entrances."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Identity, Integer, String, UniqueConstraint, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.parking.store.stays import PermitRow, StayRow

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class CheckRow(Base):
    """A check; the plate is kept only where the car had no right to stand. `number` is the device's own."""

    __tablename__ = "parking_check"
    __table_args__ = (UniqueConstraint("warden_id", "number"),)

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    warden_id: Mapped[int] = mapped_column(Integer, index=True)
    number: Mapped[str] = mapped_column(String(40))
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    site: Mapped[str] = mapped_column(String(63))
    plate: Mapped[str] = mapped_column(String(10), default="", server_default="")
    kind: Mapped[str] = mapped_column(String(10))
    offline: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class CameraRow(Base):
    """A camera that reads plates at an entrance; its key is known by its SHA-256 alone."""

    __tablename__ = "parking_camera"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    site: Mapped[str] = mapped_column(String(63))
    key_hash: Mapped[str] = mapped_column(String(64))
    seen_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


def add(session: Session, **facts: Any) -> bool:
    """Stores a check; False when the device sent it before."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(CheckRow).values(**facts).on_conflict_do_nothing().returning(CheckRow.id)
    return session.execute(made).first() is not None


def newest(session: Session, limit: int, warden_id: int | None = None) -> Sequence[CheckRow]:
    """The newest checks, of everybody or of one warden."""
    chosen = select(CheckRow).order_by(CheckRow.id.desc()).limit(limit)
    return session.scalars(chosen if warden_id is None else chosen.where(CheckRow.warden_id == warden_id)).all()


def forget(session: Session, plates_before: int, before: int) -> int:
    """Takes the plate out of checks of before `plates_before` (ms), and checks of before `before`; how many."""
    blank = update(CheckRow).where(CheckRow.at < plates_before, CheckRow.plate != "").values(plate="")
    gone = session.execute(blank).rowcount  # type: ignore[attr-defined]
    return int(gone + session.execute(delete(CheckRow).where(CheckRow.at < before)).rowcount)  # type: ignore[attr-defined]


def stays_at(session: Session, site: str, since: int, plate: str | None = None) -> Sequence[StayRow]:
    """Stays at a car park that run or ended since (ms); of one plate or of all."""
    still = StayRow.state.in_(("running", "ending")) | ((StayRow.state == "ended") & (StayRow.ended_at >= since))
    chosen = select(StayRow).where(StayRow.site == site, still)
    return session.scalars(chosen if plate is None else chosen.where(StayRow.plate == plate)).all()


def permits_at(session: Session, site: str, now: int, plate: str | None = None) -> Sequence[PermitRow]:
    """Permits that hold here and now."""
    chosen = select(PermitRow).where(PermitRow.until > now, PermitRow.site.in_(("", site)))
    return session.scalars(chosen if plate is None else chosen.where(PermitRow.plate == plate)).all()


def add_camera(session: Session, name: str, site: str, key_hash: str) -> None:
    """A new camera, or a new key for a known one."""
    session.execute(delete(CameraRow).where(CameraRow.id == name))
    session.execute(insert(CameraRow).values(id=name, site=site, key_hash=key_hash, seen_at=0))


def camera(session: Session, key_hash: str) -> CameraRow | None:
    """The camera with this key."""
    return session.scalars(select(CameraRow).where(CameraRow.key_hash == key_hash)).first()


def note_camera(session: Session, name: str, now: int) -> None:
    """When it reported last."""
    session.execute(update(CameraRow).where(CameraRow.id == name).values(seen_at=now))
