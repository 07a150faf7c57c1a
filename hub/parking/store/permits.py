"""Permits of residents and disabled people: adding, ending, looking through."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Session
from hub.core.rows import touched
from hub.parking.store.stays import PermitRow


def put(session: Session, plate: str, kind: str, site: str, until: int) -> int:
    """A permit's number; the same plate, kind and place again changes its end."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = dialect.insert(PermitRow).values(plate=plate, kind=kind, site=site, until=until)
    upsert = made.on_conflict_do_update(index_elements=["plate", "kind", "site"], set_={"until": until})
    return int(session.execute(upsert.returning(PermitRow.id)).scalar_one())


def end(session: Session, permit_id: int, now: int) -> bool:
    """Ends a permit that holds; False for any other."""
    holds = update(PermitRow).where(PermitRow.id == permit_id, PermitRow.until > now)
    return bool(touched(session, holds.values(until=now)))


def holding(session: Session, now: int, plate: str, limit: int) -> Sequence[PermitRow]:
    """Permits that hold, by plate; those whose plate begins so."""
    found = select(PermitRow).where(PermitRow.until > now).order_by(PermitRow.plate, PermitRow.id).limit(limit)
    return session.scalars(found.where(PermitRow.plate.startswith(plate, autoescape=True)) if plate else found).all()


def forget(session: Session, before: int) -> int:
    """Deletes permits that ended before (ms); how many."""
    return touched(session, delete(PermitRow).where(PermitRow.until < before))
