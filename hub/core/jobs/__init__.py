"""Jobs that are done later, with patience, and whose effects are written exactly once.

`add` puts a job into the caller's own transaction. A `Runner` claims it under a lease and calls the kind's handler,
which does what is outside of the database and returns a function of a session; that function runs in the very
transaction that marks the job as done. A worker whose lease is over can write nothing.
"""

from hub.core.jobs.care import (
    VIEWS,
    Counts,
    JobNow,
    counts,
    drop,
    forget_arguments,
    kinds,
    listed,
    pause,
    paused,
    plan,
    resume,
    retry,
    tidy,
    unplanned,
)
from hub.core.jobs.news import JobDied, JobsDone
from hub.core.jobs.queue import Claimed, add, claim, complete, extend, fail, give_back, has_due
from hub.core.jobs.rules import MAX_CLAIM, JobError, Schedule
from hub.core.jobs.runner import Context, Handler, Runner
from hub.core.jobs.settle import Effect, Outcome, Settled, settle
from hub.core.jobs.table import DEAD, DONE, RUNNING, WAITING

__all__ = [
    "DEAD",
    "DONE",
    "MAX_CLAIM",
    "RUNNING",
    "VIEWS",
    "WAITING",
    "Claimed",
    "Context",
    "Counts",
    "Effect",
    "Handler",
    "JobDied",
    "JobError",
    "JobNow",
    "JobsDone",
    "Outcome",
    "Runner",
    "Schedule",
    "Settled",
    "add",
    "claim",
    "complete",
    "counts",
    "drop",
    "extend",
    "fail",
    "forget_arguments",
    "give_back",
    "has_due",
    "kinds",
    "listed",
    "pause",
    "paused",
    "plan",
    "resume",
    "retry",
    "settle",
    "tidy",
    "unplanned",
]
