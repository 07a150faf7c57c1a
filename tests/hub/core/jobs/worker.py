"""A worker process that a test may kill: `python -m tests.hub.core.jobs.worker URL`; ends on SIGTERM."""

import signal
import sys
import threading
import time
from typing import Any

from hub import app
from hub.core import clock, events, jobs
from hub.core.db import Database
from tests.hub.core.jobs.work import mark

LEASE_MS = 1_500


def takes_a_moment(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect:
    """10 ms in which a kill can come."""
    time.sleep(0.01)
    return mark(arguments, context)


def main(url: str) -> None:
    """Runs jobs of the kind `mark` until it is told to end."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    events.wire(app.EVENTS)  # as in the hub: what listens writes in the same transaction
    database = Database(url)
    runner = jobs.Runner(database, {"mark": takes_a_moment}, clock.now_ms, lease_ms=LEASE_MS, idle_s=0.05)
    runner.run(stop)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1])
