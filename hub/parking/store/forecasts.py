"""The newest forecast of each car park, and the hours that it is made of."""

from sqlalchemy import BigInteger, String, Text, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.parking.store.history import Hour


class Forecast(Base):
    """What the 24 hours after `made_at` (ms) were expected to be like; `body` is JSON."""

    __tablename__ = "parking_forecast"
    site: Mapped[str] = mapped_column(String(63), primary_key=True)
    made_at: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)


def save_forecast(session: Session, site: str, made_at: int, body: str) -> None:
    """Replaces the forecast of a car park."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Forecast).values(site=site, made_at=made_at, body=body)
    change = {"made_at": statement.excluded.made_at, "body": statement.excluded.body}
    session.execute(statement.on_conflict_do_update(index_elements=[Forecast.site], set_=change))


def remove_forecast(session: Session, site: str) -> None:
    """Nothing is said of this car park any more."""
    session.execute(delete(Forecast).where(Forecast.site == site))


def forecast(session: Session, site: str) -> Forecast | None:
    """The newest forecast of a car park."""
    return session.get(Forecast, site)


def first_measured(session: Session, site: str | None = None) -> int | None:
    """The first hour (ms) in which anything of a car park, or of any, was measured."""
    query = select(func.min(Hour.hour_ms)).where(Hour.free + Hour.occupied > 0)
    found = session.execute(query.where(Hour.site == site) if site else query).scalar()
    return int(found) if found is not None else None


def measured_hours(session: Session, site: str, start: int, end: int) -> int:
    """In how many hours (start <= hour < end) anything of a car park was measured."""
    where = (Hour.site == site, Hour.hour_ms >= start, Hour.hour_ms < end, Hour.free + Hour.occupied > 0)
    return int(session.execute(select(func.count()).where(*where)).scalar() or 0)
