"""Tables of the nodes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, Identity, Integer, String, Text, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.fleet.rules import Sighting
from hub.fleet.store import rollouts as _rollouts  # noqa: F401 (registers its tables)
from hub.fleet.store.enrolment import add_certificate, add_code, code, holder, revoke, revoked, use_code
from hub.fleet.store.orders import (
    add_command,
    add_notice,
    answer_command,
    commands_to_tell,
    config,
    configs,
    forget_orders,
    last_commands,
    mark_command_told,
    mark_config_told,
    notice_failed,
    notice_sent,
    notices,
)

__all__ = [
    "Alarm",
    "Grant",
    "Node",
    "add_certificate",
    "add_code",
    "add_command",
    "add_grant",
    "add_notice",
    "answer_command",
    "close_alarm",
    "close_alarms",
    "code",
    "commands_to_tell",
    "config",
    "configs",
    "forget_alarms",
    "forget_grants",
    "forget_orders",
    "grants",
    "has_grants",
    "holder",
    "last_commands",
    "mark_command_told",
    "mark_config_told",
    "names",
    "node",
    "node_now",
    "nodes",
    "notice_failed",
    "notice_sent",
    "notices",
    "open_alarms",
    "open_codes",
    "raise_alarm",
    "read_sightings",
    "remove_others",
    "revoke",
    "revoked",
    "save_node",
    "touch",
    "use_code",
    "write_sightings",
]


class Node(Base):
    """A node of the town, seeded from nodes.json, with what it said last."""

    __tablename__ = "fleet_node"
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))  # wifi or sensors
    name_de: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    lat: Mapped[float] = mapped_column(Float)
    lon: Mapped[float] = mapped_column(Float)
    capacity: Mapped[int] = mapped_column(Integer)
    assumed: Mapped[bool] = mapped_column(Boolean)
    last_seen: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, default="{}")
    sightings: Mapped[str] = mapped_column(Text, default="[]")
    accepts: Mapped[int] = mapped_column(BigInteger, default=0)


class Alarm(Base):
    """Something is wrong with a node; open until closed_at."""

    __tablename__ = "fleet_alarm"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63), index=True)
    code: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(300))
    opened_at: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[int | None] = mapped_column(BigInteger)


class Grant(Base):
    """A device (its hash of the day) that accepted at a node, until it was told to the others and is over."""

    __tablename__ = "fleet_grant"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    device: Mapped[str] = mapped_column(String(32))
    until: Mapped[int] = mapped_column(BigInteger)


def save_node(session: Session, facts: Mapping[str, Any]) -> None:
    """Inserts a node or renews its facts; what it reported stays."""
    node = session.get(Node, facts["id"])
    if node is None:
        session.add(Node(**facts, last_seen=None, status="{}", sightings="[]", accepts=0))
        return
    for key, value in facts.items():
        setattr(node, key, value)


def remove_others(session: Session, known: Sequence[str]) -> None:
    """Forgets nodes that are no longer in the town's data."""
    session.execute(delete(Node).where(Node.id.not_in(known)))


def nodes(session: Session) -> list[Node]:
    """All nodes by name."""
    return list(session.execute(select(Node).order_by(Node.role.desc(), Node.id)).scalars())


def node(session: Session, node_id: str) -> Node | None:
    """One node, locked for a change where the database can."""
    return session.execute(select(Node).where(Node.id == node_id).with_for_update()).scalar_one_or_none()


def node_now(session: Session, node_id: str) -> Node | None:
    """One node, to look at."""
    return session.get(Node, node_id)


def names(session: Session) -> list[str]:
    """The ids of all nodes."""
    return list(session.execute(select(Node.id)).scalars())


def touch(session: Session, seen: Mapping[str, int]) -> None:
    """Sets when nodes were last heard; `seen` is node -> ms."""
    for node_id, at in sorted(seen.items()):  # one order for every worker
        session.execute(update(Node).where(Node.id == node_id).values(last_seen=at))


def read_sightings(row: Node) -> tuple[Sighting, ...]:
    """The outbox ids that the node used lately."""
    return tuple(Sighting(item["outbox"], item["at"]) for item in json.loads(row.sightings))


def write_sightings(row: Node, sightings: Sequence[Sighting]) -> None:
    """Keeps them."""
    row.sightings = json.dumps([asdict(sighting) for sighting in sightings])


def raise_alarm(session: Session, node_id: str, code: str, text: str, at: int) -> None:
    """Opens an alarm, or renews the one that is open with this code."""
    where = (Alarm.node == node_id, Alarm.code == code, Alarm.closed_at.is_(None))
    found = session.execute(select(Alarm).where(*where)).scalars().first()
    if found is None:
        session.add(Alarm(node=node_id, code=code, text=text, opened_at=at, last_at=at, closed_at=None))
    else:
        found.text, found.last_at = text, at


def close_alarm(session: Session, node_id: str, code: str, now: int) -> None:
    """Closes one alarm of one node."""
    where = (Alarm.node == node_id, Alarm.code == code, Alarm.closed_at.is_(None))
    session.execute(update(Alarm).where(*where).values(closed_at=now))


def open_codes(session: Session, node_id: str) -> frozenset[str]:
    """The codes of a node's open alarms."""
    where = (Alarm.node == node_id, Alarm.closed_at.is_(None))
    return frozenset(session.execute(select(Alarm.code).where(*where)).scalars())


def close_alarms(session: Session, code: str, quiet_since: int, now: int) -> None:
    """Closes the alarms of a code that were not renewed since a moment."""
    where = (Alarm.code == code, Alarm.closed_at.is_(None), Alarm.last_at < quiet_since)
    session.execute(update(Alarm).where(*where).values(closed_at=now))


def open_alarms(session: Session) -> list[Alarm]:
    """Alarms that are open, newest first."""
    rows = session.execute(select(Alarm).where(Alarm.closed_at.is_(None)).order_by(Alarm.opened_at.desc()))
    return list(rows.scalars())


def forget_alarms(session: Session, before: int) -> None:
    """Deletes alarms that were closed before a moment."""
    session.execute(delete(Alarm).where(Alarm.closed_at < before))


def add_grant(session: Session, node_id: str, device: str, until: int) -> None:
    """Keeps a device for the other nodes."""
    session.add(Grant(node=node_id, device=device, until=until))


def grants(session: Session, limit: int) -> list[Grant]:
    """The oldest that were not told yet."""
    return list(session.execute(select(Grant).order_by(Grant.id).limit(limit)).scalars())


def has_grants(session: Session) -> bool:
    """Whether anybody is to be told anything."""
    return session.execute(select(Grant.id).limit(1)).first() is not None


def forget_grants(session: Session, last_id: int) -> None:
    """Deletes what was told, up to an id."""
    session.execute(delete(Grant).where(Grant.id <= last_id))
