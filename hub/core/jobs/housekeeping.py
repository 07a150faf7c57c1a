"""The queue's own job: what is finished is forgotten after a while."""

from typing import Any

from hub.core import clock
from hub.core.db import Database, Session
from hub.core.jobs import care
from hub.core.jobs.runner import Context, Handler
from hub.settings import Settings

DAY_MS = 24 * 3_600_000
DEAD_DAYS = 90  # people have this long to look after a job that failed


def tidying(settings: Settings, database: Database) -> Handler:
    """The handler that deletes old jobs, a few hundred in each transaction, for the writer serves others, too."""
    done_ms, dead_ms = settings.keep_jobs_days * DAY_MS, max(settings.keep_jobs_days, DEAD_DAYS) * DAY_MS

    def tidy(_arguments: dict[str, Any], _context: Context) -> None:
        now = clock.now_ms()

        def batch(session: Session) -> int:
            return care.tidy(session, done_before=now - done_ms, dead_before=now - dead_ms)

        while database.write(batch) == care.TIDY_BATCH:
            pass

    return tidy
