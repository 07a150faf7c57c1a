"""Rollouts: at most one is active, and one for each single node; what became of each of its nodes."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Identity, Index, Integer, String, Text, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session

ACTIVE = 1  # unique: a second active rollout cannot be written


class Rollout(Base):
    """A release on its way; state running, paused, halted (by failures), stopped or done.

    `node` is set for a single node's update (running, stopped, done or failed), and `updating` while it runs.
    `installed` are the names under which nodes run it, parted by blanks; empty in rows of older hubs.
    """

    __tablename__ = "fleet_rollout"
    __table_args__ = (Index("fleet_rollout_updating", "updating", unique=True),)
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    release: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10))
    ring: Mapped[int] = mapped_column(Integer)
    canary: Mapped[str] = mapped_column(String(63))
    installed: Mapped[str] = mapped_column(Text, default="", server_default="")
    soak_ms: Mapped[int] = mapped_column(BigInteger)
    at_once: Mapped[int] = mapped_column(Integer)
    active: Mapped[int | None] = mapped_column(Integer, unique=True)
    started_at: Mapped[int] = mapped_column(BigInteger)
    started_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[int] = mapped_column(BigInteger)
    node: Mapped[str] = mapped_column(String(63), default="", server_default="")
    updating: Mapped[str | None] = mapped_column(String(63))
    stuck_at: Mapped[int | None] = mapped_column(BigInteger)  # when people were told so


class RolloutNode(Base):
    """One node of a rollout; `step`, `percent` and `text` are its own words, `old` the release it had before.

    `asked` is the id of its order, another one for each try.
    """

    __tablename__ = "fleet_rollout_node"
    rollout: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(String(63), primary_key=True)
    ring: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    asked: Mapped[str] = mapped_column(String(40), default="", server_default="")
    old: Mapped[str] = mapped_column(String(80), default="")
    step: Mapped[str] = mapped_column(String(16), default="")
    percent: Mapped[int] = mapped_column(Integer, default=0)
    text: Mapped[str] = mapped_column(String(200), default="")
    told_at: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[int | None] = mapped_column(BigInteger)


def active_rollout(session: Session) -> Rollout | None:
    """The one that is not over, locked for a change where the database can."""
    query = select(Rollout).where(Rollout.active == ACTIVE).with_for_update()
    return session.execute(query).scalar_one_or_none()


_OPEN = or_(Rollout.active == ACTIVE, Rollout.updating.is_not(None))


def has_open(session: Session) -> bool:
    """Whether the town's or a single node's is not over."""
    return session.execute(select(Rollout.id).where(_OPEN)).first() is not None


def open_updates(session: Session) -> Sequence[Rollout]:
    """Those of single nodes that are not over, locked as above."""
    query = select(Rollout).where(Rollout.updating.is_not(None)).order_by(Rollout.id).with_for_update()
    return session.execute(query).scalars().all()


def open_update(session: Session, node: str) -> Rollout | None:
    """That of one node."""
    query = select(Rollout).where(Rollout.updating == node).with_for_update()
    return session.execute(query).scalar_one_or_none()


def last_updates(session: Session, node: str, limit: int) -> Sequence[Rollout]:
    """The newest of one node alone."""
    query = select(Rollout).where(Rollout.node == node).order_by(Rollout.id.desc()).limit(limit)
    return session.execute(query).scalars().all()


def parts_since(session: Session, node: str, since: int) -> list[tuple[Rollout, RolloutNode]]:
    """What a node was told after a moment, by the town's rollouts and its own."""
    query = select(Rollout, RolloutNode).join(RolloutNode, RolloutNode.rollout == Rollout.id)
    query = query.where(RolloutNode.node == node, RolloutNode.told_at >= since).order_by(Rollout.id)
    return [(row, part) for row, part in session.execute(query)]


def mark_told(session: Session, node: str, order: str, now: int) -> None:
    """The broker has that order."""
    where = (RolloutNode.node == node, RolloutNode.asked == order)
    session.execute(update(RolloutNode).where(*where).values(told_at=now))


def open_releases(session: Session) -> set[str]:
    """The releases that somebody may be told to fetch."""
    return set(session.execute(select(Rollout.release).where(_OPEN)).scalars())


def last_rollouts(session: Session, limit: int) -> Sequence[Rollout]:
    """The town's, the newest first."""
    return (
        session.execute(select(Rollout).where(Rollout.node == "").order_by(Rollout.id.desc()).limit(limit))
        .scalars()
        .all()
    )


def rollout_nodes(session: Session, rollout: int) -> list[RolloutNode]:
    """Its nodes, ring by ring."""
    query = select(RolloutNode).where(RolloutNode.rollout == rollout).order_by(RolloutNode.ring, RolloutNode.node)
    return list(session.execute(query).scalars())


def add_rollout(session: Session, rollout: Rollout) -> int | None:
    """Its number; None when another one is active, or the node has one."""
    try:
        with session.begin_nested():
            session.add(rollout)
    except IntegrityError:
        return None
    return rollout.id


def forget_rollouts(session: Session, before: int) -> None:
    """Deletes what ended before a moment."""
    over = (Rollout.active.is_(None), Rollout.updating.is_(None), Rollout.changed_at < before)
    session.execute(delete(RolloutNode).where(RolloutNode.rollout.in_(select(Rollout.id).where(*over))))
    session.execute(delete(Rollout).where(*over))
