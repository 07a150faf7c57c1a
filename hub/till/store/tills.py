"""Tills, and the phones whose codes they know."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update

from hub.core import rows
from hub.core.db import Session
from hub.core.rows import touched
from hub.till.store.tables import DeviceRow, GapRow, TillRow


def add(session: Session, **facts: Any) -> bool:
    """A new till; False when the name is taken."""
    return rows.insert_new(session, TillRow, **facts)


def lock(session: Session, name: str) -> None:
    """One after the other: sales, refunds and closings of a till."""
    rows.lock(session, TillRow, name)


def by_key(session: Session, key_hash: str) -> TillRow | None:
    """The till with this key, also one that has ended."""
    return session.scalars(select(TillRow).where(TillRow.key_hash == key_hash)).first()


def named(session: Session, name: str) -> TillRow | None:
    """The till of this name."""
    chosen = select(TillRow).where(TillRow.name == name).execution_options(populate_existing=True)
    return session.scalars(chosen).first()


def listed(session: Session) -> Sequence[TillRow]:
    """Every till, those that work first."""
    return session.scalars(select(TillRow).order_by(TillRow.ended_at != 0, TillRow.operation, TillRow.name)).all()


def change(session: Session, name: str, **values: Any) -> None:
    """New values of a till."""
    session.execute(update(TillRow).where(TillRow.name == name).values(**values))


def add_gap(session: Session, name: str, since: int, until: int) -> None:
    """The till was alone for too long."""
    rows.insert_new(session, GapRow, till=name, since=since, until=until)


def gap_at(session: Session, name: str, at: int) -> int | None:
    """When the time began in which a till was alone for too long, None unless a moment is in one."""
    mine = select(GapRow.since).where(GapRow.till == name, GapRow.since < at, GapRow.until >= at)
    return session.scalars(mine.order_by(GapRow.since).limit(1)).first()


def forget_gaps(session: Session, before: int) -> int:
    """Forgets those that ended long ago; how many."""
    return touched(session, delete(GapRow).where(GapRow.until < before))


def end(session: Session, name: str, now: int) -> bool:
    """False when there is none that works."""
    mine = update(TillRow).where(TillRow.name == name, TillRow.ended_at == 0).values(ended_at=now)
    return session.execute(mine.returning(TillRow.name)).first() is not None


def set_public_key(session: Session, name: str, public_key: str) -> bool:
    """Sets the key of the offers, once."""
    mine = update(TillRow).where(TillRow.name == name, TillRow.public_key == "").values(public_key=public_key)
    return session.execute(mine.returning(TillRow.name)).first() is not None


def add_device(session: Session, **facts: Any) -> bool:
    """A new phone; False when its key is known already."""
    return rows.insert_new(session, DeviceRow, **facts)


def device(session: Session, key: str) -> DeviceRow | None:
    """The phone with this key, also one that has ended."""
    return session.scalars(select(DeviceRow).where(DeviceRow.key == key)).first()


def devices_of(session: Session, person_id: int) -> Sequence[DeviceRow]:
    """A person's phones that work, the newest first."""
    mine = select(DeviceRow).where(DeviceRow.person_id == person_id, DeviceRow.ended_at == 0)
    return session.scalars(mine.order_by(DeviceRow.id.desc())).all()


def devices_after(session: Session, number: int, limit: int) -> Sequence[DeviceRow]:
    """The next phones that work, for tills."""
    mine = select(DeviceRow).where(DeviceRow.id > number, DeviceRow.ended_at == 0)
    return session.scalars(mine.order_by(DeviceRow.id).limit(limit)).all()


def ended_since(session: Session, since: int) -> Sequence[str]:
    """Keys of phones that ended since a moment."""
    gone = select(DeviceRow.key).where(DeviceRow.ended_at >= max(1, since))
    return session.scalars(gone.order_by(DeviceRow.id)).all()


def end_device(session: Session, person_id: int, key: str, now: int) -> bool:
    """False when it is not theirs."""
    mine = update(DeviceRow).where(DeviceRow.person_id == person_id, DeviceRow.key == key, DeviceRow.ended_at == 0)
    return session.execute(mine.values(ended_at=now).returning(DeviceRow.id)).first() is not None


def end_devices_of_sessions(session: Session, session_ids: Sequence[str], now: int) -> None:
    """A log-out ends what was registered in it."""
    mine = update(DeviceRow).where(DeviceRow.session_id.in_(session_ids), DeviceRow.ended_at == 0)
    session.execute(mine.values(ended_at=now))


def bind_devices(session: Session, session_ids: Sequence[str], followed_by: str) -> None:
    """A later log-in in the same browser goes on with them."""
    mine = update(DeviceRow).where(DeviceRow.session_id.in_(session_ids), DeviceRow.ended_at == 0)
    session.execute(mine.values(session_id=followed_by))


def forget_devices(session: Session, before: int) -> int:
    """Forgets phones that ended long ago; how many."""
    return touched(session, delete(DeviceRow).where(DeviceRow.ended_at > 0, DeviceRow.ended_at < before))


def forget_person(session: Session, person_id: int) -> None:
    """Deletes a person's phones."""
    session.execute(delete(DeviceRow).where(DeviceRow.person_id == person_id))
