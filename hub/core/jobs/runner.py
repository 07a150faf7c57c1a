"""The loop in the worker process: claims jobs, runs their handlers, completes them in groups, keeps their leases."""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from hub.core.db import Database, Session, UnavailableErrors
from hub.core.jobs import care, queue, rules
from hub.core.jobs.held import Held
from hub.core.jobs.queue import Claimed
from hub.core.jobs.rules import JobError, Schedule
from hub.core.jobs.settle import Effect, Outcome, Settled, settle

log = logging.getLogger(__name__)

T = TypeVar("T")

GROUP_SECONDS = 0.25
PLAN_SECONDS = 1.0
ATTEMPTS = 3
UNKNOWN_KIND = "this hub has no handler for this kind"


@dataclass(frozen=True)
class Context:
    """What a handler knows of its job; `idempotency_key` is the same at every try, for services outside."""

    job_id: int
    idempotency_key: str
    attempt: int
    created_at: int


# Does what is outside of the database (and may run more than once), then returns what is to be written (exactly once,
# in the transaction that marks the job as done) or None. An exception means another try; JobError says why.
Handler = Callable[[dict[str, Any], Context], Effect | None]


class Runner:
    """One worker; any number of them, in any processes, may share a database.

    A handler that runs longer than `longest_s` loses its lease, for it may hang.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        now: Callable[[], int],
        *,
        schedules: Sequence[Schedule] = (),
        lease_ms: int = rules.LEASE_MS,
        idle_s: float = 0.5,
        longest_s: float = 900.0,
    ) -> None:
        self._database, self._handlers, self._now = database, dict(handlers), now
        self._schedules, self._idle_s, self._lease_ms = tuple(schedules), idle_s, lease_ms
        self._held = Held(longest_s)
        self._writing = threading.Lock()  # a heartbeat and a completion would lock the same rows in two orders
        self._plan_at = 0.0
        self._chance = random.random
        self.total = Settled()

    def run(self, stop: threading.Event) -> None:
        """Works until `stop` is set, finishes the job at hand and gives back those that were not begun."""
        ended = threading.Event()
        heart = threading.Thread(target=self._beat, args=(ended,), name="jobs-heartbeat", daemon=True)
        heart.start()
        try:
            while not stop.is_set():
                if not self._turn_safely(stop):
                    stop.wait(self._idle_s)
        finally:
            ended.set()
            heart.join(10)

    def turn(self, stop: threading.Event) -> bool:
        """Plans, claims and works once; False when nothing was due."""
        self._plan()
        with self._database.read() as session:
            if not queue.has_due(session, self._now()):
                return False
        jobs = self._write(
            lambda session: queue.claim(session, rules.MAX_CLAIM, now=self._now(), lease_ms=self._lease_ms)
        )
        self._held.put(jobs)
        try:
            self._work(stop)
        finally:
            self._give_back()
        return bool(jobs)

    def _turn_safely(self, stop: threading.Event) -> bool:
        try:
            return self.turn(stop)
        except UnavailableErrors as error:
            log.warning("jobs wait, the database is away: %s", type(error).__name__)
        except Exception:
            log.exception("a turn of the jobs failed and will be tried again")
        return False

    def _work(self, stop: threading.Event) -> None:
        outcomes: list[Outcome] = []
        since = time.monotonic()
        while not stop.is_set() and (job := self._held.take()) is not None:
            if job.lost:  # it may kill this process, so nothing else hangs on it
                self._settle(outcomes)
                outcomes = []
            outcomes.append(self._run_one(job))
            if time.monotonic() - since > GROUP_SECONDS:
                self._settle(outcomes)
                outcomes, since = [], time.monotonic()
        self._settle(outcomes)

    def _run_one(self, job: Claimed) -> Outcome:
        handler = self._handlers.get(job.kind)
        if handler is None:
            return Outcome(job, error=JobError(UNKNOWN_KIND, final=True))
        key = f"{job.kind}-{job.id}-{job.created_at}"
        try:
            return Outcome(job, handler(job.arguments, Context(job.id, key, job.tries, job.created_at)))
        except Exception as error:
            log.warning("job %d (%s) failed: %s", job.id, job.kind, rules.describe(error))
            log.debug("job %d", job.id, exc_info=True)
            return Outcome(job, error=error)

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        """Writes how the jobs went; when the database stays away they are left to the end of their lease."""
        if not outcomes:
            return
        work = partial(self._settled, outcomes)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.total += self._write(work)
                break
            except UnavailableErrors:
                time.sleep(0.2 * attempt)
            except Exception as error:  # only seen at the commit: no effect says which job it was
                self._settle_apart(outcomes, error)
                break
        else:
            log.warning("%d jobs could not be completed and will be run again", len(outcomes))
        self._held.forget([one.job for one in outcomes])

    def _settle_apart(self, outcomes: Sequence[Outcome], error: Exception) -> None:
        if len(outcomes) == 1 and outcomes[0].error is None:
            self._settle([Outcome(outcomes[0].job, error=error)])
        elif len(outcomes) > 1:
            for one in outcomes:
                self._settle([one])

    def _settled(self, outcomes: Sequence[Outcome], session: Session) -> Settled:
        return settle(session, outcomes, now=self._now(), chance=self._chance)

    def _write(self, function: Callable[[Session], T]) -> T:
        with self._writing:
            return self._database.write(function)

    def _plan(self) -> None:
        if not self._schedules or time.monotonic() < self._plan_at:
            return
        self._plan_at = time.monotonic() + PLAN_SECONDS
        with self._database.read() as session:
            due = care.unplanned(session, self._schedules, self._now())
        for schedule in due:
            self._write(partial(care.plan, schedule=schedule, now=self._now()))

    def _beat(self, ended: threading.Event) -> None:
        """Prolongs what is begun; what a slow job keeps waiting goes back to the queue for other workers."""
        while not ended.wait(self._lease_ms / 3000):
            try:
                self._give_back()
                self._extend(self._held.begun())
            except Exception as error:  # the heart must go on
                log.warning("no heartbeat for the jobs at hand: %s", type(error).__name__)

    def _give_back(self) -> None:
        rest = self._held.hand_back()
        if rest:
            self._write(lambda session: queue.give_back(session, rest, now=self._now()))

    def _extend(self, begun: list[Claimed]) -> None:
        if begun:
            self._write(lambda session: queue.extend(session, begun, now=self._now(), lease_ms=self._lease_ms))
