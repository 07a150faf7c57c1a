"""Tables of car parks and bays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.parking.rules import STALE_MS, BayState
from hub.parking.store import cameras as _cameras  # noqa: F401 (registers its tables)
from hub.parking.store import cards as _cards  # noqa: F401 (registers its tables)
from hub.parking.store import checks as _checks  # noqa: F401 (registers its tables)
from hub.parking.store import stays as _stays  # noqa: F401 (registers its tables)
from hub.parking.store import wishes as _wishes  # noqa: F401 (registers its tables)
from hub.parking.store.history import (
    add_readings,
    began,
    clean,
    compact,
    dirty,
    forget,
    hours,
    mark_dirty,
    marks,
    save_hour,
    save_hours,
)

__all__ = [
    "Bay",
    "Known",
    "Site",
    "add_readings",
    "bay_ids",
    "bays",
    "began",
    "clean",
    "compact",
    "directory",
    "dirty",
    "forget",
    "hours",
    "mark_dirty",
    "marks",
    "save_bays",
    "save_hour",
    "save_hours",
    "save_sites",
    "save_states",
    "sites",
    "states",
    "totals",
]


class Site(Base):
    """A car park; `facts` is its entry in sites.json."""

    __tablename__ = "parking_site"
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    facts: Mapped[str] = mapped_column(Text)


class Bay(Base):
    """One bay, the node that reports it, and its newest reading."""

    __tablename__ = "parking_bay"
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    site: Mapped[str] = mapped_column(String(63), index=True)
    node: Mapped[str] = mapped_column(String(63), index=True)
    state: Mapped[str] = mapped_column(String(10), default="unknown")
    since: Mapped[int | None] = mapped_column(BigInteger)
    ts: Mapped[int | None] = mapped_column(BigInteger)
    outbox: Mapped[str] = mapped_column(String(64), default="")
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    trusted_ms: Mapped[int] = mapped_column(BigInteger, default=STALE_MS)


def save_sites(session: Session, sites: Mapping[str, str]) -> None:
    """Replaces the facts of all car parks: id -> JSON, in the order to show them."""
    session.execute(delete(Site))
    rows = [{"id": key, "position": number, "facts": facts} for number, (key, facts) in enumerate(sites.items())]
    session.execute(insert(Site), rows)


def save_bays(session: Session, bays: Mapping[str, tuple[str, str]]) -> None:
    """Makes the table hold exactly these bays: id -> (site, node); states stay."""
    known = dict(session.execute(select(Bay.id, Bay.site + "/" + Bay.node)).all())
    gone = [bay for bay in known if bay not in bays]
    if gone:
        session.execute(delete(Bay).where(Bay.id.in_(gone)))
    new = [
        {
            "id": bay,
            "site": site,
            "node": node,
            "state": "unknown",
            "since": None,
            "ts": None,
            "outbox": "",
            "seq": 0,
            "trusted_ms": STALE_MS,
        }
        for bay, (site, node) in bays.items()
        if bay not in known
    ]
    if new:
        session.execute(insert(Bay), new)
    for bay, (site, node) in bays.items():
        if known.get(bay, f"{site}/{node}") != f"{site}/{node}":
            session.execute(update(Bay).where(Bay.id == bay).values(site=site, node=node))


def directory(session: Session) -> list[tuple[str, str]]:
    """(node, bay) of every bay."""
    return [(node, bay) for node, bay in session.execute(select(Bay.node, Bay.id))]


@dataclass(frozen=True)
class Known:
    """A bay's car park and its newest reading; None before the first."""

    site: str
    state: BayState | None


def states(session: Session, bays: Sequence[str]) -> dict[str, Known]:
    """The newest readings of some bays, locked in one order for a change where the database can."""
    columns = (Bay.id, Bay.site, Bay.state, Bay.since, Bay.ts, Bay.outbox, Bay.seq, Bay.trusted_ms)
    found = session.execute(select(*columns).where(Bay.id.in_(bays)).order_by(Bay.id).with_for_update())
    return {
        row.id: Known(
            row.site,
            None
            if row.ts is None
            else BayState(row.state, row.since or 0, row.ts, row.outbox, row.seq, row.trusted_ms),
        )
        for row in found
    }


def bay_ids(session: Session, site: str | None = None) -> list[str]:
    """The names of all bays, or of those of one car park."""
    query = select(Bay.id).order_by(Bay.id)
    return list(session.execute(query.where(Bay.site == site) if site else query).scalars())


_BAY = Base.metadata.tables[Bay.__tablename__]
_SET_STATE = (
    update(_BAY)
    .where(_BAY.c.id == bindparam("bay"))
    .values({name: bindparam("new_" + name) for name in ("state", "since", "ts", "outbox", "seq", "trusted_ms")})
)


def save_states(session: Session, changed: Mapping[str, BayState]) -> None:
    """Writes new states."""
    rows = [
        {
            "bay": bay,
            "new_state": new.state,
            "new_since": new.since,
            "new_ts": new.ts,
            "new_outbox": new.outbox,
            "new_seq": new.seq,
            "new_trusted_ms": new.trusted_ms,
        }
        for bay, new in sorted(changed.items())
    ]
    if rows:
        session.connection().execute(_SET_STATE, rows)


def sites(session: Session) -> list[tuple[str, str]]:
    """(id, facts as JSON) of every car park in the order to show them."""
    return [(key, facts) for key, facts in session.execute(select(Site.id, Site.facts).order_by(Site.position))]


def totals(session: Session, now: int) -> list[tuple[str, str, int, int | None]]:
    """(site, state as shown, bays, newest reading) for each car park and state."""
    silent = or_(Bay.ts.is_(None), and_(Bay.state != "faulty", Bay.ts < now - Bay.trusted_ms))
    shown: Any = case((silent, "unknown"), else_=Bay.state).label("shown")
    query = select(Bay.site, shown, func.count(), func.max(Bay.ts)).group_by(Bay.site, shown)
    return [(site, state, number, ts) for site, state, number, ts in session.execute(query)]


def bays(session: Session, site: str | None) -> list[Bay]:
    """All bays, or those of one car park."""
    query = select(Bay).order_by(Bay.id)
    return list(session.execute(query.where(Bay.site == site) if site else query).scalars())
