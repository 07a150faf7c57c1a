"""The worker's loop: handlers, heartbeats, a graceful end, unknown kinds, schedules."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database, Session
from tests.hub.core.jobs.work import add_many, claim, effects, leave, mark, states


class Running:
    """A runner in a thread, ended by `with`."""

    def __init__(self, database: Database, handlers: Mapping[str, jobs.Handler], **how: Any) -> None:
        self.stop = threading.Event()
        self.runner = jobs.Runner(database, handlers, clock.now_ms, idle_s=0.02, **how)
        self._thread = threading.Thread(target=self.runner.run, args=(self.stop,))

    def __enter__(self) -> "Running":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(15)
        assert not self._thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_two_runners_do_every_job_once(database: Database, another: Database) -> None:
    ids = add_many(database, 300)
    with Running(database, {"mark": mark}), Running(another, {"mark": mark}):
        assert until(lambda: states(database) == {"done": 300})
    assert effects(database) == ids


def test_a_handler_gets_arguments_and_a_key_that_is_the_same_at_every_try(database: Database) -> None:
    seen: list[tuple[int, str, int]] = []

    def fails_first(arguments: dict[str, Any], context: jobs.Context) -> None:
        seen.append((arguments["number"], context.idempotency_key, context.attempt))
        if context.attempt == 1:
            raise jobs.JobError("not yet")

    (job_id,) = add_many(database, 1, "flaky")
    with Running(database, {"flaky": fails_first}):
        assert until(lambda: len(seen) == 1 and states(database) == {"waiting": 1})
        database.write(lambda session: session.connection().exec_driver_sql("UPDATE core_job SET due_at = 0") and None)
        assert until(lambda: states(database) == {"done": 1})
    assert seen == [(0, f"flaky-{job_id}-0", 1), (0, f"flaky-{job_id}-0", 2)]


def test_an_unknown_kind_is_dead_with_a_clear_reason(database: Database) -> None:
    add_many(database, 1, "nobody")
    with Running(database, {}):
        assert until(lambda: states(database) == {"dead": 1})
    with database.read() as session:
        assert jobs.listed(session, jobs.DEAD, limit=1)[0].last_error == "this hub has no handler for this kind"


def test_a_long_job_keeps_its_lease_and_lets_the_others_go(database: Database, another: Database) -> None:
    going = threading.Event()

    def slow(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect:
        assert going.wait(15)
        return leave(context.job_id)

    (first,) = add_many(database, 1, "slow")
    others = add_many(database, 20)
    with Running(database, {"slow": slow, "mark": mark}, lease_ms=300) as running:
        assert until(lambda: states(another).get("running", 0) > 0)
        with Running(another, {"mark": mark}, lease_ms=300):
            assert until(lambda: states(another) == {"running": 1, "done": 20})
        time.sleep(0.7)
        assert claim(another, clock.now_ms()) == [], "the heartbeat holds it beyond its first lease"
        going.set()
        assert until(lambda: states(another) == {"done": 21})
    assert running.runner.total.refused == 0
    assert effects(database) == [first, *others]


def test_a_hanging_job_loses_its_lease_and_its_late_result_is_refused(database: Database, another: Database) -> None:
    going = threading.Event()

    def hangs(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect:
        if context.attempt == 1:
            assert going.wait(15)
        return leave(context.job_id)

    (job_id,) = add_many(database, 1, "hangs")
    with Running(database, {"hangs": hangs}, lease_ms=200, longest_s=0.3) as first:
        assert until(lambda: states(another) == {"running": 1})
        with Running(another, {"hangs": hangs}, lease_ms=5_000):
            assert until(lambda: states(another) == {"done": 1})
        going.set()
        assert until(lambda: first.runner.total.refused == 1)
    assert effects(database) == [job_id]


def test_a_runner_that_stops_finishes_the_job_at_hand_and_gives_the_rest_back(database: Database) -> None:
    begun, going = threading.Event(), threading.Event()

    def slow(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect:
        begun.set()
        assert going.wait(15)
        return leave(context.job_id)

    ids = add_many(database, 10, "slow")
    with Running(database, {"slow": slow}) as running:
        assert begun.wait(15)
        running.stop.set()
        going.set()
    assert states(database) == {"waiting": 9, "done": 1}
    assert effects(database) == ids[:1]
    assert {one.tries for one in claim(database, clock.now_ms())} == {1}, "what was given back has lost no try"


def test_a_database_that_is_away_for_a_moment_loses_nothing(database: Database) -> None:
    ids, real, broken = add_many(database, 30), database.write, [3]

    def sometimes(function: Callable[[Session], Any]) -> Any:
        if broken[0] > 0:
            broken[0] -= 1
            raise TimeoutError("away")
        return real(function)

    database.write = sometimes  # type: ignore[method-assign]
    with Running(database, {"mark": mark}):
        assert until(lambda: states(database) == {"done": 30})
    assert effects(database) == ids


def test_a_schedule_is_planned_by_the_runners_once_for_each_slot(database: Database, another: Database) -> None:
    every = [jobs.Schedule("second", "mark", every_s=1)]
    began = clock.now_ms()
    with (
        Running(database, {"mark": mark}, schedules=every) as first,
        Running(another, {"mark": mark}, schedules=every) as second,
    ):
        assert until(lambda: len(effects(database)) >= 3)
    slots = (clock.now_ms() - began) // 1000 + 1
    assert 3 <= first.runner.total.done + second.runner.total.done <= slots
