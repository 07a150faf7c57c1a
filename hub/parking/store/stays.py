"""Tables of stays, cars, permits and free minutes that were used."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Identity,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class StayRow(Base):
    """A stay. `holder` pays: person:17, organisation:3, child:5, or empty for a card without an account.

    `running_plate` is the plate while the stay runs and NULL afterwards: no car can run two stays at once. Somebody
    else's stay for the same plate has `beside` instead (plate and payer), so that neither learns of the other.
    """

    __tablename__ = "parking_stay"
    __table_args__ = (Index("parking_stay_beside", "beside", unique=True),)

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    token: Mapped[str] = mapped_column(String(43), unique=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    site: Mapped[str] = mapped_column(String(63), index=True)
    tariff: Mapped[str] = mapped_column(String(63))
    bay: Mapped[str | None] = mapped_column(String(63))
    plate: Mapped[str] = mapped_column(String(10))
    running_plate: Mapped[str | None] = mapped_column(String(10), unique=True)
    beside: Mapped[str | None] = mapped_column(String(80))
    exempt: Mapped[str] = mapped_column(String(10), default="", server_default="")
    holder: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[int | None] = mapped_column(Integer, index=True)
    source: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[int] = mapped_column(BigInteger)
    planned_end: Mapped[int | None] = mapped_column(BigInteger)
    longest_end: Mapped[int | None] = mapped_column(BigInteger)
    occupied_at: Mapped[int | None] = mapped_column(BigInteger)
    watches_bay: Mapped[bool] = mapped_column(Boolean, default=True)
    reminded: Mapped[bool] = mapped_column(Boolean, default=False)
    ended_at: Mapped[int | None] = mapped_column(BigInteger, index=True)
    ended_by: Mapped[str] = mapped_column(String(10), default="", server_default="")
    used_free: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    held_cents: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    holds: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    cents: Mapped[int | None] = mapped_column(BigInteger)
    lines: Mapped[str] = mapped_column(Text, default="", server_default="")


class CarRow(Base):
    """A car that somebody parks often; `by_camera`: stays begin by its plate at an entrance."""

    __tablename__ = "parking_car"
    __table_args__ = (UniqueConstraint("holder", "plate"),)

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    holder: Mapped[str] = mapped_column(String(40), index=True)
    person_id: Mapped[int] = mapped_column(Integer, index=True)
    plate: Mapped[str] = mapped_column(String(10), index=True)
    name: Mapped[str] = mapped_column(String(60), default="", server_default="")
    by_camera: Mapped[bool] = mapped_column(Boolean, default=False)


class PermitRow(Base):
    """A plate that may park: resident or disabled, at one car park or (empty) at all, until a moment."""

    __tablename__ = "parking_permit"
    __table_args__ = (Index("parking_permit_once", "plate", "kind", "site", unique=True),)

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    plate: Mapped[str] = mapped_column(String(10), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    site: Mapped[str] = mapped_column(String(63), default="", server_default="")
    until: Mapped[int] = mapped_column(BigInteger, index=True)


class FreeRow(Base):
    """Free minutes that a plate used on a day under a tariff: each are given once."""

    __tablename__ = "parking_free"

    plate: Mapped[str] = mapped_column(String(10), primary_key=True)
    tariff: Mapped[str] = mapped_column(String(63), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    minutes: Mapped[int] = mapped_column(Integer)


class TakenError(Exception):
    """The plate has a running stay of this payer already."""


OVER = {"running_plate": None, "beside": None}  # a stay that runs no more holds no plate


def names(plate: str, payer: str) -> tuple[dict[str, str | None], ...]:
    """How a running stay holds its plate: alone, or beside somebody else's."""
    return {"running_plate": plate, "beside": None}, {"running_plate": None, "beside": f"{plate} {payer}"}


def add(session: Session, **facts: Any) -> int:
    """A new stay's number; TakenError when there is a running one that holds its plate in the same way."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(StayRow).values(**facts).on_conflict_do_nothing()
    number = session.execute(made.returning(StayRow.id)).scalar()
    if number is None:
        raise TakenError
    return int(number)


def find(session: Session, token: str, *, lock: bool = False) -> StayRow | None:
    """The stay with this token; locked for a change where the database can."""
    chosen = select(StayRow).where(StayRow.token == token)
    return session.scalars(chosen.with_for_update() if lock else chosen).first()


def change(session: Session, stay_id: int, was: str, /, **facts: Any) -> bool:
    """Changes a stay that is in this state; False when it no longer is (somebody else was quicker)."""
    changed = update(StayRow).where(StayRow.id == stay_id, StayRow.state == was).values(**facts)
    return bool(touched(session, changed))


def give_plate(session: Session, stay_id: int, was: str, plate: str, payer: str, /, **facts: Any) -> bool:
    """The same, with a plate that runs from now on; TakenError when this payer has another running stay for it."""
    for held in names(plate, payer):
        try:
            with session.begin_nested():
                return change(session, stay_id, was, plate=plate, **held, **facts)
        except IntegrityError:
            continue
    raise TakenError


def open_stays(
    session: Session, states: Sequence[str], *, lock: bool = True, holder: str | None = None
) -> Sequence[StayRow]:
    """Stays in these states (of a holder), the oldest first; to be changed: without those that somebody else changes,
    unless they are a holder's.
    """
    chosen = select(StayRow).where(StayRow.state.in_(states)).order_by(StayRow.id)
    if holder is not None:
        return session.scalars(chosen.where(StayRow.holder == holder).with_for_update()).all()
    return session.scalars(chosen.with_for_update(skip_locked=True) if lock else chosen).all()


def unsettled_of(session: Session, plate: str, tariff: str) -> Sequence[StayRow]:
    """The plate's stays that run, or are over and not settled yet."""
    mine = StayRow.plate == plate, StayRow.tariff == tariff, StayRow.state.in_(("running", "ending"))
    return session.scalars(select(StayRow).where(*mine)).all()


def all_running_of(session: Session, plate: str) -> Sequence[StayRow]:
    """The plate's running stays, whoever began them; the one that holds the plate alone first."""
    held = StayRow.running_plate.is_not(None) | StayRow.beside.is_not(None)
    mine = select(StayRow).where(StayRow.plate == plate, StayRow.state == "running", held)
    return session.scalars(mine.order_by(StayRow.running_plate.is_(None), StayRow.id)).all()


def own_running(session: Session, plate: str, holder: str, person_id: int | None) -> StayRow | None:
    """The plate's running stay that this payer, or this person for somebody, began."""
    mine = (StayRow.holder == holder) & (StayRow.holder != "")
    if person_id is not None:
        mine = mine | (StayRow.person_id == person_id)
    held = StayRow.running_plate.is_not(None) | StayRow.beside.is_not(None)
    return session.scalars(select(StayRow).where(StayRow.plate == plate, held, mine).order_by(StayRow.id)).first()


def later_of(session: Session, row: StayRow, end: int) -> Sequence[StayRow]:
    """Stays for the same car at the same car park that began after this one, and before a moment (ms)."""
    chosen = select(StayRow).where(StayRow.plate == row.plate, StayRow.site == row.site, StayRow.id > row.id)
    chosen = chosen.where(StayRow.started_at < end, StayRow.state.in_(("running", "ending", "ended")))
    return session.scalars(chosen.order_by(StayRow.id)).all() if row.plate else []


def last_of(session: Session, plate: str, site: str) -> StayRow | None:
    """The plate's newest stay at a car park that was paid or runs."""
    mine = select(StayRow).where(StayRow.plate == plate, StayRow.site == site, StayRow.state != "cancelled")
    return session.scalars(mine.order_by(StayRow.id.desc()).limit(1)).first()


def of_holder(session: Session, holder: str, limit: int, before: int | None = None) -> Sequence[StayRow]:
    """A holder's stays, the newest first."""
    mine = select(StayRow).where(StayRow.holder == holder)
    if before is not None:
        mine = mine.where(StayRow.id < before)
    return session.scalars(mine.order_by(StayRow.id.desc()).limit(limit)).all()


def lock_at(session: Session, holder: str, sites: Sequence[str], since: int, until: int) -> Sequence[StayRow]:
    """A holder's stays at car parks that began until a moment and are open or ended since another one, locked, the
    oldest first.
    """
    mine = select(StayRow).where(StayRow.holder == holder, StayRow.site.in_(sites), StayRow.state != "cancelled")
    mine = mine.where(StayRow.started_at <= until)
    late = mine.where(StayRow.ended_at.is_(None) | (StayRow.ended_at >= since)).order_by(StayRow.id)
    return session.scalars(late.with_for_update().execution_options(populate_existing=True)).all()


def used_free(session: Session, plate: str, tariff: str, day: date) -> int:
    """Free minutes that the plate used."""
    row = session.get(FreeRow, (plate, tariff, day))
    return row.minutes if row is not None else 0


def use_free(session: Session, plate: str, tariff: str, days: Mapping[date, int]) -> None:
    """Notes free minutes that a stay used."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for day, minutes in days.items():
        values = {"plate": plate, "tariff": tariff, "day": day, "minutes": minutes}
        more = dialect.insert(FreeRow).values(**values)
        session.execute(
            more.on_conflict_do_update(
                index_elements=["plate", "tariff", "day"], set_={"minutes": FreeRow.minutes + more.excluded.minutes}
            )
        )


def cars(session: Session, holder: str) -> Sequence[CarRow]:
    """A holder's cars."""
    return session.scalars(select(CarRow).where(CarRow.holder == holder).order_by(CarRow.plate)).all()


def add_car(session: Session, **facts: Any) -> None:
    """Keeps a car; IntegrityError when the holder has it already."""
    session.execute(insert(CarRow).values(**facts))


def remove_car(session: Session, holder: str, car_id: int) -> bool:
    """False when it is not theirs."""
    gone = delete(CarRow).where(CarRow.holder == holder, CarRow.id == car_id)
    return bool(touched(session, gone))


def cars_by_camera(session: Session, plate: str) -> Sequence[CarRow]:
    """Whose stays may begin by this plate at an entrance."""
    return session.scalars(select(CarRow).where(CarRow.plate == plate, CarRow.by_camera)).all()


def permits(session: Session, plate: str, site: str, now: int) -> Sequence[PermitRow]:
    """Permits of a plate that hold here and now."""
    mine = select(PermitRow).where(PermitRow.plate == plate, PermitRow.until > now, PermitRow.site.in_(("", site)))
    return session.scalars(mine.order_by(PermitRow.until.desc())).all()


def add_permit(session: Session, **facts: Any) -> None:
    """Stores a permit."""
    session.execute(insert(PermitRow).values(**facts))


def forget_plates(session: Session, before: int, day: date) -> int:
    """Takes the plate out of stays that ended before (ms), and free minutes of days before; returns how many."""
    old = update(StayRow).where(
        StayRow.ended_at < before, StayRow.plate != "", StayRow.running_plate.is_(None), StayRow.beside.is_(None)
    )
    gone = touched(session, old.values(plate="", bay=None))
    free = touched(session, delete(FreeRow).where(FreeRow.day < day))
    return int(gone + free)


def forget_old(session: Session, before: int) -> int:
    """Removes stays that ended before (ms), with what was noted of their payments; how many."""
    return touched(session, delete(StayRow).where(StayRow.ended_at < before, StayRow.state == "ended"))


def forget_person(session: Session, person_id: int, holder: str) -> None:
    """Deletes a person's cars; their stays lose plate and person, also those that they started for others."""
    session.execute(delete(CarRow).where((CarRow.holder == holder) | (CarRow.person_id == person_id)))
    mine = update(StayRow).where((StayRow.person_id == person_id) | (StayRow.holder == holder))
    over = mine.where(StayRow.running_plate.is_(None), StayRow.beside.is_(None))
    session.execute(over.values(plate="", bay=None))
    session.execute(mine.values(person_id=None))


def spent(session: Session, holder: str, since: int) -> int:
    """Cents that a holder paid for stays that ended since (ms)."""
    paid = select(func.coalesce(func.sum(StayRow.cents), 0))
    return int(session.execute(paid.where(StayRow.holder == holder, StayRow.ended_at >= since)).scalar() or 0)
