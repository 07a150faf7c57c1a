"""What the hub wants of nodes: configuration and commands; and whom it tells about alerts."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Identity, Integer, String, Text, delete, select, update
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


class Command(Base):
    """identify, restart or reread, and what the node answered."""

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


def configs(session: Session) -> list[NodeConfig]:
    """All of them."""
    return list(session.execute(select(NodeConfig).order_by(NodeConfig.node)).scalars())


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
