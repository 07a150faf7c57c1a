"""What the hub wants of nodes: configuration and commands; and whom it tells about alerts."""

import json
from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Identity, Integer, String, Text, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session


class NodeConfig(Base):
    """The configuration that a node shall use; `body` is the message."""

    __tablename__ = "fleet_config"
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    v: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    set_at: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(String(80))
    told_at: Mapped[int | None] = mapped_column(BigInteger)


class ConfigVersion(Base):
    """Every configuration that a node was ever told; `of_version` is the older one that it brought back."""

    __tablename__ = "fleet_config_version"
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    v: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)
    set_at: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(String(20))  # changed, returned, blocked or unblocked
    of_version: Mapped[int | None] = mapped_column(BigInteger)


class Block(Base):
    """A device (the beginning of its hash of the day) that a node shuts out until then; no part of the versions."""

    __tablename__ = "fleet_block"
    __table_args__ = (UniqueConstraint("node", "device"),)
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    device: Mapped[str] = mapped_column(String(32))
    until: Mapped[int] = mapped_column(BigInteger, index=True)
    set_at: Mapped[int] = mapped_column(BigInteger)
    set_by: Mapped[str] = mapped_column(String(80))


class Command(Base):
    """identify, restart, restart_wifi or reread, and what the node answered."""

    __tablename__ = "fleet_command"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    node: Mapped[str] = mapped_column(String(63), index=True)
    name: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[int] = mapped_column(BigInteger)
    asked_by: Mapped[str] = mapped_column(String(80))
    until: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[int | None] = mapped_column(BigInteger)
    ok: Mapped[bool | None] = mapped_column(Boolean)
    answer: Mapped[str] = mapped_column(String(200), default="")


class Notice(Base):
    """A message about an alert on its way out of the house."""

    __tablename__ = "fleet_notice"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10))  # mail or webhook
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    not_before: Mapped[int] = mapped_column(BigInteger, default=0)


def config(session: Session, node: str) -> NodeConfig | None:
    """A node's configuration, locked for a change where the database can."""
    return session.execute(select(NodeConfig).where(NodeConfig.node == node).with_for_update()).scalar_one_or_none()


def config_to_read(session: Session, node: str) -> NodeConfig | None:
    """The same, to look at."""
    return session.get(NodeConfig, node)


def config_versions(session: Session) -> dict[str, int]:
    """node -> the newest version that it was told."""
    return {row.node: row.v for row in session.execute(select(NodeConfig.node, NodeConfig.v))}


def configs_to_tell(session: Session) -> list[NodeConfig]:
    """Those that the broker does not have."""
    query = select(NodeConfig).where(NodeConfig.told_at.is_(None)).order_by(NodeConfig.node)
    return list(session.execute(query).scalars())


def firmware_urls(session: Session) -> set[str]:
    """Where sensors are told to fetch firmware."""
    bodies = map(json.loads, session.execute(select(NodeConfig.body)).scalars())
    return {str(body["firmware"].get("url", "")) for body in bodies if "firmware" in body}


def configs_told_before(session: Session, before: int) -> list[tuple[str, int]]:
    """(node, version) of what the broker took before a moment."""
    query = select(NodeConfig.node, NodeConfig.v).where(NodeConfig.told_at < before)
    return [(row.node, row.v) for row in session.execute(query)]


def tell_config_again(session: Session, nodes: Sequence[str]) -> None:
    """As if the broker never had it."""
    session.execute(update(NodeConfig).where(NodeConfig.node.in_(nodes)).values(told_at=None))


def add_version(session: Session, row: ConfigVersion) -> None:
    """Keeps a version; the primary key forbids the same number twice."""
    session.add(row)
    session.flush()


def versions(session: Session, node: str, limit: int) -> Sequence[ConfigVersion]:
    """The newest versions of a node's configuration."""
    query = select(ConfigVersion).where(ConfigVersion.node == node).order_by(ConfigVersion.v.desc()).limit(limit)
    return session.execute(query).scalars().all()


def version(session: Session, node: str, v: int) -> ConfigVersion | None:
    """One of them."""
    return session.get(ConfigVersion, (node, v))


def forget_names(session: Session, before: int) -> None:
    """Who made versions before a moment; the audit log goes on knowing the account's number."""
    for table in (ConfigVersion, NodeConfig):
        session.execute(update(table).where(table.set_at < before, table.set_by != "").values(set_by=""))


def add_block(session: Session, node: str, device: str, until: int, set_at: int, set_by: str) -> None:
    """Shuts a device out; one that is named already gets the new end."""
    found = session.execute(select(Block).where(Block.node == node, Block.device == device)).scalar_one_or_none()
    if found is None:
        session.add(Block(node=node, device=device, until=until, set_at=set_at, set_by=set_by))
        session.flush()
        return
    found.until, found.set_at, found.set_by = until, set_at, set_by


def remove_block(session: Session, node: str, key: int) -> bool:
    """Lets a device in again; False when it is not blocked there."""
    result = session.execute(delete(Block).where(Block.id == key, Block.node == node))
    return int(getattr(result, "rowcount", 0)) == 1


def blocks(session: Session, node: str, now: int) -> Sequence[Block]:
    """The devices that a node shuts out."""
    query = select(Block).where(Block.node == node, Block.until > now).order_by(Block.id)
    return session.execute(query).scalars().all()


def forget_blocks(session: Session, now: int) -> list[str]:
    """Deletes blocks that are over; the nodes that had some."""
    over = Block.until <= now
    nodes = list(session.execute(select(Block.node).where(over).distinct()).scalars())
    session.execute(delete(Block).where(over))
    return nodes


def mark_config_told(session: Session, node: str, v: int, now: int) -> None:
    """The broker has it."""
    session.execute(update(NodeConfig).where(NodeConfig.node == node, NodeConfig.v == v).values(told_at=now))


def add_command(session: Session, row: Command) -> None:
    """Keeps a command until it is told."""
    session.add(row)


def commands_to_tell(session: Session, now: int) -> Sequence[Command]:
    """Commands that nobody was told yet and that are not over."""
    where = (Command.told_at.is_(None), Command.until > now)
    return session.execute(select(Command).where(*where).order_by(Command.asked_at)).scalars().all()


def mark_command_told(session: Session, command: str, now: int) -> None:
    """The broker has it."""
    session.execute(update(Command).where(Command.id == command).values(told_at=now))


def answer_command(session: Session, node: str, command: str, ok: bool, text: str) -> None:
    """What the node said; another node's word about it is ignored."""
    session.execute(update(Command).where(Command.id == command, Command.node == node).values(ok=ok, answer=text))


def last_commands(session: Session, node: str, limit: int) -> Sequence[Command]:
    """The newest commands of a node."""
    query = select(Command).where(Command.node == node).order_by(Command.asked_at.desc()).limit(limit)
    return session.execute(query).scalars().all()


def commands_since(session: Session, node: str, since: int) -> Sequence[Command]:
    """A node's commands after a moment, oldest first."""
    query = select(Command).where(Command.node == node, Command.asked_at >= since).order_by(Command.asked_at)
    return session.execute(query).scalars().all()


def add_notice(session: Session, channel: str, body: str, now: int) -> None:
    """Keeps a message for the worker."""
    session.add(Notice(channel=channel, body=body, created_at=now, tries=0, not_before=0))


def notices(session: Session, now: int, limit: int) -> Sequence[Notice]:
    """What is to be sent now."""
    query = select(Notice).where(Notice.not_before <= now).order_by(Notice.id).limit(limit)
    return session.execute(query).scalars().all()


def notice_sent(session: Session, notice: int) -> None:
    """It is out."""
    session.execute(delete(Notice).where(Notice.id == notice))


def notice_failed(session: Session, notice: int, tries: int, not_before: int) -> None:
    """To be tried again later."""
    session.execute(update(Notice).where(Notice.id == notice).values(tries=tries, not_before=not_before))


def forget_orders(session: Session, before: int) -> None:
    """Deletes old commands, and messages that nobody could be told for so long."""
    session.execute(delete(Command).where(Command.asked_at < before))
    session.execute(delete(Notice).where(Notice.created_at < before))
