"""Orders of many callers of a process at once, in few statements and one commit.

Callers put their order on the desk and wait; what lies there goes into one job of the writer. Nobody is answered before
the commit. On PostgreSQL each order is a transaction of its own.
"""

import _thread
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from hub.core.db import Database, Session

Order = TypeVar("Order")
Result = TypeVar("Result")
WAIT_SECONDS = 15.0


class _Waiting(Generic[Order, Result]):
    __slots__ = ("answer", "done", "order")

    def __init__(self, order: Order) -> None:
        self.order = order
        self.answer: Result | BaseException | None = None
        self.done = _thread.allocate_lock()  # a bare lock wakes faster than an Event
        self.done.acquire()


class Desk(Generic[Order, Result]):
    """`work(session, orders)` gives a result or a refusal (an exception, not raised) for each order, by plain
    statements (see `GroupWriter.submit`).
    """

    def __init__(
        self, database: Database, work: Callable[[Session, Sequence[Order]], Sequence[Result | Exception]]
    ) -> None:
        self._database, self._work = database, work
        self._waiting: list[_Waiting[Order, Result]] = []
        self._lock = _thread.allocate_lock()
        self._is_called = False  # a job that will take what lies there is on its way to the writer

    def put(self, order: Order) -> Result:
        """The order's result once it is committed; its refusal is raised. TimeoutError: the outcome is unknown."""
        mine: _Waiting[Order, Result] = _Waiting(order)
        if not self._database.is_sqlite:
            mine.answer = self._database.write(lambda session: self._work(session, [order]))[0]
        else:
            with self._lock:
                self._waiting.append(mine)
                calls, self._is_called = not self._is_called, True
            if calls:
                self._call_writer()
            if not mine.done.acquire(timeout=WAIT_SECONDS):
                raise TimeoutError("the booking may or may not have happened")
        if isinstance(mine.answer, BaseException):
            raise mine.answer
        return mine.answer  # type: ignore[return-value]

    def _call_writer(self) -> None:
        group: list[_Waiting[Order, Result]] = []

        def work(session: Session) -> Sequence[Result | Exception]:
            time.sleep(0)  # those who were answered a moment ago put their next order first: fuller groups
            if not group:  # else the writer runs it again after its group was lost
                group.extend(self._take())
            return self._work(session, [one.order for one in group])

        def settled(answers: Sequence[Result | Exception], error: BaseException | None) -> None:
            if error is not None and len(group) > 1:  # one order may have spoiled it, so each is tried by itself
                for one in group:
                    self._alone(one)
                return
            for one, answer in zip(group, answers if error is None else [error], strict=False):
                one.answer = answer
                one.done.release()

        try:
            self._database.submit(work, settled)
        except Exception as error:  # too much waits: everybody who lies here is told so
            for one in self._take():
                one.answer = error
                one.done.release()

    def _alone(self, one: _Waiting[Order, Result]) -> None:
        def settled(answers: Sequence[Result | Exception], error: BaseException | None) -> None:
            one.answer = answers[0] if error is None else error
            one.done.release()

        try:
            self._database.submit(lambda session: self._work(session, [one.order]), settled)
        except Exception as error:  # the writer's own thread is here, it must live
            one.answer = error
            one.done.release()

    def _take(self) -> list[_Waiting[Order, Result]]:
        """What lies there now; whoever comes later calls the writer again."""
        with self._lock:
            some, self._waiting, self._is_called = self._waiting, [], False
        return some
