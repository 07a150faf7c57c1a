"""What operations hears from the queue."""

from collections.abc import Callable, Sequence

from hub.core import jobs
from hub.core.db import Session
from hub.operations import api


def on_job_died(session: Session, event: jobs.JobDied) -> None:
    """A dead job becomes a task."""
    api.job_died(session, event)


def on_jobs_done(session: Session, event: jobs.JobsDone) -> None:
    """A job that went well needs nobody."""
    api.jobs_done(session, event)


def alarming(channels: Sequence[str], url: str) -> Callable[[Session, jobs.JobDied], None]:
    """A handler that tells people over these channels; `url` is the hub's public address."""

    def on_job_died(session: Session, event: jobs.JobDied) -> None:
        api.alarm(session, event, channels, url.rstrip("/"))

    return on_job_died
