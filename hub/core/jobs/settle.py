"""How jobs went, written in one transaction: done together with their effects, or failed with a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.core.jobs import queue, rules
from hub.core.jobs.queue import Claimed

Effect = Callable[[Session], None]


@dataclass(frozen=True)
class Outcome:
    """What a handler left: an effect to write, nothing, or the error that it raised."""

    job: Claimed
    effect: Effect | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Settled:
    """How many jobs are done, failed, or refused because their lease was over."""

    done: int = 0
    failed: int = 0
    refused: int = 0

    def __add__(self, other: "Settled") -> "Settled":
        return Settled(self.done + other.done, self.failed + other.failed, self.refused + other.refused)


def settle(session: Session, outcomes: Sequence[Outcome], *, now: int, chance: Callable[[], float]) -> Settled:
    """Completes jobs in the caller's transaction and applies their effects; an effect that raises fails its job alone.

    The effect of a job whose lease is over is not applied.
    """
    good = [one for one in outcomes if one.error is None]
    total = Settled()
    try:
        with session.begin_nested():
            total += _complete(session, good, now)
    except Exception:
        if not _is_open(session):
            raise  # SQLite took back everything; the caller decides
        for one in good:
            total += _settle_alone(session, one, now, chance)
    for one in outcomes:
        if one.error is not None:
            total += _fail(session, one.job, one.error, now, chance)
    return total


def _complete(session: Session, outcomes: Sequence[Outcome], now: int) -> Settled:
    held = queue.complete(session, [one.job for one in outcomes], now=now)
    for one in outcomes:
        if one.effect is not None and one.job.id in held:
            one.effect(session)
    session.flush()
    return Settled(done=len(held), refused=len(outcomes) - len(held))


def _settle_alone(session: Session, one: Outcome, now: int, chance: Callable[[], float]) -> Settled:
    try:
        with session.begin_nested():
            return _complete(session, (one,), now)
    except Exception as error:
        if not _is_open(session):
            raise
        return _fail(session, one.job, error, now, chance)


def _fail(session: Session, job: Claimed, error: Exception, now: int, chance: Callable[[], float]) -> Settled:
    final = isinstance(error, rules.JobError) and error.final
    held = queue.fail(session, job, rules.describe(error), now=now, chance=chance(), final=final)
    return Settled(failed=int(held), refused=int(not held))


def _is_open(session: Session) -> bool:
    """False when the database itself has ended the whole transaction, as SQLite does on a full disk."""
    connection = session.connection().connection.dbapi_connection
    return bool(getattr(connection, "in_transaction", True))
