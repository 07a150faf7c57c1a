"""What is deleted by itself and when: one table of rules in `hub.app`, run every night, tried out with a dry run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.core.db import Database, Session


@dataclass(frozen=True)
class Rule:
    """`work(session, now)` deletes what is over and returns how many entries; `keeps` says in words how long.

    With a `step` it deletes at most so many at a time and is called again, in a new transaction, until it finds fewer.
    """

    what: str
    keeps: str
    work: Callable[[Session, int], int]
    step: int = 0


class _UndoneError(Exception):
    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


def run(database: Database, rules: Sequence[Rule], now: int, *, dry: bool = False) -> list[tuple[Rule, int]]:
    """Runs each rule in transactions of its own; a dry run does the same work and takes it back before the commit."""
    return [(rule, _count(database, rule, now) if dry else _apply(database, rule, now)) for rule in rules]


def _apply(database: Database, rule: Rule, now: int) -> int:
    return _in_steps(rule, lambda: database.write(lambda session: rule.work(session, now)))


def _in_steps(rule: Rule, work: Callable[[], int]) -> int:
    done = count = work()
    while rule.step and count == rule.step:
        count = work()
        done += count
    return done


def _count(database: Database, rule: Rule, now: int) -> int:
    def undone(session: Session) -> None:
        raise _UndoneError(_in_steps(rule, lambda: rule.work(session, now)))

    try:
        database.write(undone)
    except _UndoneError as found:
        return found.count
    raise AssertionError("a dry run was not taken back")
