"""The worker's clock: runs each task when its interval has passed, one after the other, and survives their errors."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """`run(now_ms)` every `seconds`; the first time at once."""

    name: str
    seconds: float
    run: Callable[[int], None]


def run(
    tasks: Sequence[Task],
    stop: threading.Event,
    now_ms: Callable[[], int],
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Runs the tasks until `stop` is set; a failing task is logged and tried again at its next turn.

    `alive` is called after each task and at every turn.
    """
    due = dict.fromkeys(range(len(tasks)), 0.0)
    while not stop.is_set():
        for index, task in enumerate(tasks):
            if time.monotonic() >= due[index] and not stop.is_set():
                due[index] = time.monotonic() + task.seconds
                _run_one(task, now_ms())
                alive()
        pause = min(due.values()) - time.monotonic() if due else 1.0
        alive()
        stop.wait(min(max(pause, 0.05), 1.0))


def _run_one(task: Task, now_ms: int) -> None:
    try:
        task.run(now_ms)
    except Exception:
        log.exception("the task %s failed and will be tried again", task.name)
