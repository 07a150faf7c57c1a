"""The table of wardens' checks, and what a check looks up."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Identity, Integer, String, UniqueConstraint, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched
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


def add(session: Session, **facts: Any) -> bool:
    """Stores a check; False when the device sent it before."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(CheckRow).values(**facts).on_conflict_do_nothing().returning(CheckRow.id)
    return session.execute(made).first() is not None


def newest(session: Session, limit: int, warden_id: int) -> Sequence[CheckRow]:
    """A warden's newest checks."""
    mine = select(CheckRow).where(CheckRow.warden_id == warden_id)
    return session.scalars(mine.order_by(CheckRow.at.desc(), CheckRow.id.desc()).limit(limit)).all()


def forget(session: Session, plates_before: int, before: int) -> int:
    """Takes the plate out of checks of before `plates_before` (ms), and checks of before `before`; how many."""
    blank = update(CheckRow).where(CheckRow.at < plates_before, CheckRow.plate != "").values(plate="")
    gone = touched(session, blank)
    return int(gone + touched(session, delete(CheckRow).where(CheckRow.at < before)))


def forget_warden(session: Session, person_id: int) -> None:
    """Checks stay for the town's files, without whose they were."""
    session.execute(update(CheckRow).where(CheckRow.warden_id == person_id).values(warden_id=0))


def stays_at(session: Session, site: str, since: int, at: int, plate: str | None = None) -> Sequence[StayRow]:
    """Stays at a car park that had begun at `at` and run or ended since (ms); of one plate or of all."""
    still = StayRow.state.in_(("running", "ending")) | ((StayRow.state == "ended") & (StayRow.ended_at >= since))
    chosen = select(StayRow).where(StayRow.site == site, StayRow.started_at <= at, still)
    return session.scalars(chosen if plate is None else chosen.where(StayRow.plate == plate)).all()


def last_ended(session: Session, site: str, plate: str, since: int, at: int) -> StayRow | None:
    """The plate's stay here that ended last between the two moments (ms)."""
    over = StayRow.ended_at.between(since, at) & (StayRow.state == "ended")
    chosen = select(StayRow).where(StayRow.site == site, StayRow.plate == plate, over)
    return session.scalars(chosen.order_by(StayRow.ended_at.desc()).limit(1)).first()


def permits_at(session: Session, site: str, at: int, plate: str | None = None) -> Sequence[PermitRow]:
    """Permits that hold here and then."""
    chosen = select(PermitRow).where(PermitRow.until > at, PermitRow.site.in_(("", site)))
    return session.scalars(chosen if plate is None else chosen.where(PermitRow.plate == plate)).all()
