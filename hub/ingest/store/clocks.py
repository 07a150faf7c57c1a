"""Clocks of the nodes, and the messages that wait for one."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Session
from hub.ingest.rules import Offset
from hub.ingest.store.tables import Clock, Held

__all__ = ["Held", "add_held", "clocks", "forget_clocks", "held_before", "release", "save_clock"]

Boot = tuple[str, str]  # node, boot


def clocks(session: Session, boots: Iterable[Boot]) -> dict[Boot, Offset]:
    """What is known of these boots' clocks."""
    wanted = sorted(boots)
    if not wanted:
        return {}
    columns = (Clock.node, Clock.boot, Clock.offset_ms, Clock.exact)
    rows = session.execute(select(*columns).where(tuple_(Clock.node, Clock.boot).in_(wanted)))
    return {(node, boot): Offset(offset, exact) for node, boot, offset, exact in rows}


def save_clock(session: Session, boot: Boot, offset: Offset, now: int) -> None:
    """Keeps what a boot's clock says; an exact one is never replaced by an estimate of another worker."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"node": boot[0], "boot": boot[1], "offset_ms": offset.ms, "exact": offset.exact, "seen_at": now}
    statement = dialect.insert(Clock).values(row)
    change = {name: getattr(statement.excluded, name) for name in ("offset_ms", "exact", "seen_at")}
    keys = [Clock.node, Clock.boot]
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=change, where=Clock.exact.is_(False)))


def add_held(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Keeps messages until their clock is known."""
    if rows:
        session.execute(insert(Held), list(rows))


def release(session: Session, boots: Iterable[Boot]) -> list[Held]:
    """Takes out what waited for these boots, in the order of their numbers."""
    wanted = sorted(boots)
    if not wanted:
        return []
    where = tuple_(Held.node, Held.boot).in_(wanted)
    query = select(Held).where(where).order_by(Held.node, Held.outbox, Held.seq).with_for_update()
    rows = list(session.execute(query).scalars())
    if rows:
        session.execute(delete(Held).where(Held.id.in_([row.id for row in rows])))
    return rows


def held_before(session: Session, moment: int, limit: int) -> list[Held]:
    """Takes out what came before a moment (ms) and still has no clock."""
    rows = list(session.execute(select(Held).where(Held.received_at < moment).limit(limit)).scalars())
    if rows:
        session.execute(delete(Held).where(Held.id.in_([row.id for row in rows])))
    return rows


def forget_clocks(session: Session, before: int) -> None:
    """Deletes clocks of boots that were first heard of before a moment."""
    session.execute(delete(Clock).where(Clock.seen_at < before))
