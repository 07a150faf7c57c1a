"""Rollouts: at most one is active; what became of each of its nodes."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Identity, Integer, String, Text, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session

ACTIVE = 1  # unique: a second active rollout cannot be written


class Rollout(Base):
    """A release on its way; state running, paused, halted (by failures), stopped or done.

    `installed` are the names under which nodes run it, parted by blanks; empty in rows of older hubs.
    """

    __tablename__ = "fleet_rollout"
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


def has_active_rollout(session: Session) -> bool:
    """Whether there is one, to look at."""
    return session.execute(select(Rollout.id).where(Rollout.active == ACTIVE)).first() is not None


def open_releases(session: Session) -> set[str]:
    """The releases that somebody may be told to fetch."""
    return set(session.execute(select(Rollout.release).where(Rollout.active.is_not(None))).scalars())


def last_rollouts(session: Session, limit: int) -> Sequence[Rollout]:
    """The newest first."""
    return session.execute(select(Rollout).order_by(Rollout.id.desc()).limit(limit)).scalars().all()


def rollout_nodes(session: Session, rollout: int) -> list[RolloutNode]:
    """Its nodes, ring by ring."""
    query = select(RolloutNode).where(RolloutNode.rollout == rollout).order_by(RolloutNode.ring, RolloutNode.node)
    return list(session.execute(query).scalars())


def add_rollout(session: Session, rollout: Rollout) -> int | None:
    """Its number; None when another one is active."""
    try:
        with session.begin_nested():
            session.add(rollout)
    except IntegrityError:
        return None
    return rollout.id


def forget_rollouts(session: Session, before: int) -> None:
    """Deletes what ended before a moment."""
    old = select(Rollout.id).where(Rollout.active.is_(None), Rollout.changed_at < before)
    session.execute(delete(RolloutNode).where(RolloutNode.rollout.in_(old)))
    session.execute(delete(Rollout).where(Rollout.active.is_(None), Rollout.changed_at < before))
