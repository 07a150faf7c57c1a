"""One thread that writes to SQLite for all callers of a process, many transactions per fsync.

Each job runs in a savepoint, so that one caller's error takes back only that caller's work. When the whole group is
lost (disk full, lost lock) its jobs are run again one by one, so that the innocent ones succeed.
"""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

T = TypeVar("T")

MAX_GROUP = 64  # jobs
GROUP_SECONDS = 0.05
MAX_WAITING = 1000  # jobs
CALLER_TIMEOUT = 15.0  # seconds
_LOOK_AGAIN_SECONDS = 0.01  # whether there is room for one more job


class _JobSession(Session):
    def __init__(self, engine: Engine) -> None:
        self.connection_of_its_own = engine.connect()
        self.connection_of_its_own.detach()
        super().__init__(self.connection_of_its_own, expire_on_commit=False)
        self.info["driver"] = self.connection_of_its_own.connection.dbapi_connection

    def commit(self) -> None:
        raise RuntimeError("a job must not commit: the writer owns the transaction")

    def rollback(self) -> None:
        raise RuntimeError("a job must raise an exception instead of rolling back")


def wrapped(error: BaseException) -> BaseException:
    """The driver's error as SQLAlchemy's, which callers know; any other as it is."""
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError("", None, error)
    return OperationalError("", None, error) if isinstance(error, sqlite3.OperationalError) else error


class _Job:
    def __init__(self, function: Callable[[Session], Any]) -> None:
        self.function = function
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Event()

    def savepoint(self, session: Session) -> AbstractContextManager[Any]:
        """What takes back this job alone when it fails."""
        return session.begin_nested()

    def finish(self) -> None:
        """The group is committed, or this job has failed."""
        self.done.set()


class _PlainJob(_Job):
    """Speaks to the driver (`session.info["driver"]`) alone, so the session knows nothing of its savepoint."""

    def __init__(
        self, function: Callable[[Session], Any], settled: Callable[[Any, BaseException | None], None]
    ) -> None:
        self.function, self._settled = function, settled
        self.result, self.error = None, None

    @contextmanager
    def savepoint(self, session: Session) -> Iterator[None]:
        driver: Any = session.info["driver"]
        driver.execute("SAVEPOINT plain")
        try:
            yield
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK TO plain")
                driver.execute("RELEASE plain")
            raise
        driver.execute("RELEASE plain")

    def finish(self) -> None:
        self._settled(self.result, self.error)


class GroupWriter:
    """Queue and thread around one writing engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: _JobSession | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()  # several times as fast as a Queue
        self._local = threading.local()
        self._thread = threading.Thread(target=self._loop, name="db-writer", daemon=True)
        self._thread.start()

    def run(self, function: Callable[[Session], T]) -> T:
        """The result of `function(session)` once committed; queue.Full when too many wait, TimeoutError when unsure."""
        session: Session | None = getattr(self._local, "session", None)
        if session is not None:  # called from inside a job: join it, queueing would wait for itself
            return function(session)
        job = _Job(function)
        self._put(job, CALLER_TIMEOUT)
        if not job.done.wait(CALLER_TIMEOUT):
            raise TimeoutError("the write may or may not have happened")
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def submit(self, function: Callable[[Session], T], settled: Callable[[T, BaseException | None], None]) -> None:
        """Queues `function` without waiting; `settled(result, error)` is called in the writer after the commit.

        `function` speaks to the driver's connection alone and leaves no objects in the session; `settled` is quick and
        raises nothing. queue.Full when too many wait.
        """
        self._put(_PlainJob(function, settled), 0)

    def close(self) -> None:
        """Finishes what waits, then ends the thread."""
        self._jobs.put(None)
        self._thread.join(10)
        if self._session is not None and not self._thread.is_alive():
            self._session.connection_of_its_own.close()

    def _put(self, job: _Job, patience_s: float) -> None:
        """Queues a job when not too many wait; about as many threads as there are may come a little above that."""
        end = time.monotonic() + patience_s if self._jobs.qsize() >= MAX_WAITING else 0.0
        while self._jobs.qsize() >= MAX_WAITING:
            if time.monotonic() >= end:
                raise queue.Full
            time.sleep(_LOOK_AGAIN_SECONDS)
        self._jobs.put(job)

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            group, ending = self._collect(job)
            if not self._commit(group) and len(group) > 1:
                for single in group:
                    if single.error is None:
                        self._commit([single])
            for single in group:
                single.finish()
            if ending:
                return

    def _collect(self, first: _Job) -> tuple[list[_Job], bool]:
        """Everything that waits already, at most one group; True when the writer shall end."""
        group, stop = [first], time.monotonic() + GROUP_SECONDS
        while len(group) < MAX_GROUP and time.monotonic() < stop:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, group: list[_Job]) -> bool:
        session: Session | None = None
        try:
            session = self._local.session = self._begin()
            for job in group:
                self._run(session, job, is_alone=len(group) == 1)
            self._end(session)
        except BaseException as error:  # the group is lost; its callers must hear of it, the thread must live
            if session is not None:
                self._take_back(session)
            for job in group:
                job.result = None
            if len(group) == 1 and group[0].error is None:
                group[0].error = wrapped(error)
            return False
        finally:
            self._local.session = None
            if session is not None:
                session.close()
        return True

    def _begin(self) -> Session:
        """A session in a transaction that the driver has begun: asking the pool and SQLAlchemy for it takes as long as
        the statements of a small job. Session and connection are the writer's own, so that the pool's stays free.
        """
        if self._session is None:
            self._session = _JobSession(self._engine)
        self._session.info["driver"].execute("BEGIN IMMEDIATE")
        return self._session

    def _end(self, session: Session) -> None:
        """Commits; by the driver alone when nobody used the session."""
        driver = session.info["driver"]
        if not driver.in_transaction:
            raise sqlite3.OperationalError("SQLite took the transaction back")
        if session.in_transaction():
            Session.commit(session)
        if driver.in_transaction:
            driver.execute("COMMIT")

    def _take_back(self, session: Session) -> None:
        Session.rollback(session)
        driver = session.info["driver"]
        if driver.in_transaction:
            driver.execute("ROLLBACK")

    def _run(self, session: Session, job: _Job, *, is_alone: bool) -> None:
        try:
            with nullcontext() if is_alone else job.savepoint(session):
                job.result = job.function(session)
                if session.in_transaction():  # else the job spoke to the driver alone
                    session.flush()
        except BaseException as error:
            job.result, job.error = None, wrapped(error)
            if is_alone or not session.info["driver"].in_transaction:  # SQLite took back all, not only the savepoint
                raise
        if session.in_transaction():
            session.expunge_all()  # no object of one caller is seen by the next
