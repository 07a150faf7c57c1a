"""Tables of drivers' wishes: favourite car parks, and "tell me when it fills up"."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Identity, Integer, String, UniqueConstraint, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class FavouriteRow(Base):
    """A car park that somebody likes."""

    __tablename__ = "parking_favourite"

    person_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    created_at: Mapped[int] = mapped_column(BigInteger)


class WatchRow(Base):
    """A wish to be told once; it goes when it is answered or over."""

    __tablename__ = "parking_watch"
    __table_args__ = (UniqueConstraint("person_id", "site"),)

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(Integer, index=True)
    site: Mapped[str] = mapped_column(String(63))
    threshold: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


def _insert(session: Session, table: Any) -> Any:
    return (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert(table)


def favourites(session: Session, person_id: int) -> Sequence[str]:
    """The car parks that a person likes, the first one first."""
    mine = select(FavouriteRow.site).where(FavouriteRow.person_id == person_id)
    return session.scalars(mine.order_by(FavouriteRow.created_at, FavouriteRow.site)).all()


def add_favourite(session: Session, **facts: Any) -> None:
    """Once more changes nothing."""
    session.execute(_insert(session, FavouriteRow).values(**facts).on_conflict_do_nothing())


def remove_favourite(session: Session, person_id: int, site: str) -> None:
    """No longer liked."""
    session.execute(delete(FavouriteRow).where(FavouriteRow.person_id == person_id, FavouriteRow.site == site))


def put_watch(session: Session, **facts: Any) -> None:
    """A wish; a newer one for the same car park replaces it."""
    made = _insert(session, WatchRow).values(**facts)
    newer = {name: made.excluded[name] for name in ("threshold", "created_at", "expires_at")}
    session.execute(made.on_conflict_do_update(index_elements=["person_id", "site"], set_=newer))


def watches(session: Session, now: int, person_id: int | None = None) -> Sequence[WatchRow]:
    """Wishes that still hold, of everybody or of one person."""
    open_ones = select(WatchRow).where(WatchRow.expires_at > now).order_by(WatchRow.id)
    return session.scalars(open_ones if person_id is None else open_ones.where(WatchRow.person_id == person_id)).all()


def take_watch(session: Session, watch_id: int, threshold: int) -> bool:
    """Takes a wish out as it was read; False when somebody else answered it or its owner changed it."""
    gone = delete(WatchRow).where(WatchRow.id == watch_id, WatchRow.threshold == threshold).returning(WatchRow.id)
    return session.execute(gone).first() is not None


def remove_watch(session: Session, person_id: int, site: str) -> None:
    """No longer wished."""
    session.execute(delete(WatchRow).where(WatchRow.person_id == person_id, WatchRow.site == site))


def forget_watches(session: Session, now: int) -> int:
    """Deletes wishes that are over; how many."""
    return touched(session, delete(WatchRow).where(WatchRow.expires_at <= now))


def forget_person(session: Session, person_id: int) -> None:
    """Deletes a person's wishes."""
    for table in (FavouriteRow, WatchRow):
        session.execute(delete(table).where(table.person_id == person_id))
