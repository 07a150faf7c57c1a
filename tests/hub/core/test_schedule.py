"""The worker's clock."""

import threading

from hub.core.schedule import Task, run


def test_a_failing_task_does_not_stop_the_others() -> None:
    stop, seen = threading.Event(), []

    def fails(_now: int) -> None:
        seen.append("failed")
        raise RuntimeError("broken on purpose")

    def ends(now: int) -> None:
        seen.append(str(now))
        stop.set()

    run([Task("fails", 60, fails), Task("ends", 60, ends)], stop, lambda: 7)
    assert seen == ["failed", "7"]


def test_a_task_runs_again_after_its_interval() -> None:
    stop, count = threading.Event(), []

    def counts(_now: int) -> None:
        count.append(1)
        if len(count) == 3:
            stop.set()

    run([Task("counts", 0.01, counts)], stop, lambda: 0)
    assert len(count) == 3
