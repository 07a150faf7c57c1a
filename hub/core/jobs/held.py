"""What one worker has in its hands, shared by its loop and its heartbeat."""

import threading
import time
from collections import deque
from collections.abc import Iterable

from hub.core.jobs.queue import Claimed


class Held:
    """Jobs that are claimed: first waiting for their turn, then begun, until it is written how they went."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self._waiting: deque[Claimed] = deque()
        self._begun: dict[int, Claimed] = {}
        self._since = 0.0

    def put(self, jobs: Iterable[Claimed]) -> None:
        """Adds claimed jobs."""
        with self._lock:
            self._waiting.extend(jobs)

    def take(self) -> Claimed | None:
        """The next job, which is begun now; None when none waits."""
        with self._lock:
            if not self._waiting:
                return None
            job = self._waiting.popleft()
            self._begun[job.id] = job
            self._since = time.monotonic()
            return job

    def forget(self, jobs: Iterable[Claimed]) -> None:
        """Lets go of jobs whose result is written."""
        with self._lock:
            for job in jobs:
                self._begun.pop(job.id, None)

    def hand_back(self) -> list[Claimed]:
        """Takes out what has not begun."""
        with self._lock:
            rest = list(self._waiting)
            self._waiting.clear()
            return rest

    def begun(self) -> list[Claimed]:
        """What a heartbeat keeps alive: nothing any more when the job at hand takes too long."""
        with self._lock:
            if time.monotonic() - self._since > self._longest_s:
                return []
            return list(self._begun.values())
