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
from hub.fleet.store.alarms import (
    Alarm,
    alarms_since,
    close_alarm,
    close_alarms,
    forget_alarms,
    open_alarms,
    open_codes,
    raise_alarm,
)
from hub.fleet.store.certificates import forget_own_certificates, keep_own_certificate, own_certificates
from hub.fleet.store.enrolment import add_certificate, add_code, code, holder, revoke, revoked, use_code
from hub.fleet.store.history import (
    Backup,
    OutageRow,
    add_outage,
    add_sample,
    backup,
    backups,
    close_outage,
    forget_history,
    forget_nodes,
    grow_outage,
    keep_backup,
    last_backups,
    open_outages,
    outages_since,
    samples,
)
from hub.fleet.store.orders import (
    add_block,
    add_command,
    add_notice,
    add_version,
    answer_command,
    blocks,
    commands_since,
    commands_to_tell,
    config,
    config_to_read,
    config_versions,
    configs_to_tell,
    configs_told_before,
    firmware_urls,
    forget_blocks,
    forget_names,
    forget_orders,
    last_commands,
    mark_command_told,
    mark_config_told,
    notice_failed,
    notice_sent,
    notices,
    remove_block,
    tell_config_again,
    version,
    versions,
)

__all__ = [
    "Alarm",
    "Backup",
    "Grant",
    "Node",
    "OutageRow",
    "add_block",
    "add_certificate",
    "add_code",
    "add_command",
    "add_grant",
    "add_notice",
    "add_outage",
    "add_sample",
    "add_version",
    "alarms_since",
    "answer_command",
    "backup",
    "backups",
    "blocks",
    "close_alarm",
    "close_alarms",
    "close_outage",
    "code",
    "commands_since",
    "commands_to_tell",
    "config",
    "config_to_read",
    "config_versions",
    "configs_to_tell",
    "configs_told_before",
    "facts",
    "firmware_urls",
    "forget_alarms",
    "forget_blocks",
    "forget_grants",
    "forget_history",
    "forget_names",
    "forget_nodes",
    "forget_orders",
    "forget_own_certificates",
    "grants",
    "grow_outage",
    "has_grants",
    "holder",
    "keep_backup",
    "keep_own_certificate",
    "last_backups",
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
    "open_outages",
    "outages_since",
    "own_certificates",
    "raise_alarm",
    "read_sightings",
    "remove_block",
    "remove_others",
    "revoke",
    "revoked",
    "samples",
    "save_node",
    "standing",
    "tell_config_again",
    "touch",
    "use_code",
    "version",
    "versions",
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
    ring: Mapped[str] = mapped_column(String(20), default="rest", server_default="rest")  # which updates it gets first
    site: Mapped[str] = mapped_column(String(63), default="", server_default="")  # nodes that share a line or a mast
    sampled_at: Mapped[int | None] = mapped_column(BigInteger)  # when its figures were kept the last time


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


def standing(session: Session) -> Sequence[Any]:
    """(id, role, site, status, last_seen) of every node, without the weight of rows that may be changed."""
    columns = (Node.id, Node.role, Node.site, Node.status, Node.last_seen)
    return session.execute(select(*columns).order_by(Node.id)).all()


def facts(session: Session) -> Sequence[Any]:
    """What the list of nodes needs of every node."""
    columns = (Node.id, Node.role, Node.site, Node.ring, Node.name_de, Node.name_en, Node.lat, Node.lon)
    return session.execute(select(*columns, Node.capacity, Node.last_seen, Node.status)).all()


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
