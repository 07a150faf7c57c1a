"""A node that has something newer than a rollout's release is set aside before it is told, and nothing stops."""

from hub import distribution
from hub.fleet.api import rollouts
from hub.settings import Settings
from tests.edge.update.town import Releases
from tests.hub.dashboard.conftest import BOARD, LAKE, MARKET
from tests.hub.dashboard.test_rollouts import MINUTE, Worker, begin, made, worker

__all__ = ["made", "worker"]


def take_in(settings: Settings, made: Releases, version: str, at: int) -> tuple[rollouts.Release, str]:
    """A release of that moment on the hub, and what nodes call it."""
    found = distribution.take_in(settings, str(made.make(version, made=at)))
    (runs,) = found.installed
    return found, runs


def test_who_got_something_newer_while_it_waited_is_set_aside_and_the_town_goes_on(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    begin(settings, made.make("1.0", made=100))
    assert worker.turn() == [MARKET]
    _, newer = take_in(settings, made, "2.0", at=200)
    _, older = take_in(settings, made, "0.9", at=50)
    worker.say(MARKET, "done", 100)
    worker.turn()
    worker.now += 31 * MINUTE
    worker.say(MARKET, "done", 100)
    worker.say(LAKE, release=newer)
    worker.say(BOARD, release=older)
    assert worker.turn() == [BOARD], "the other is told, in whichever ring it was"
    lake = next(one for one in worker.show().nodes if one.node == LAKE)
    assert (lake.state, lake.text) == ("skipped", "has a newer release")
    assert worker.show().state == "running"


def test_a_canary_with_something_newer_is_replaced(worker: Worker, settings: Settings, made: Releases) -> None:
    begin(settings, made.make("1.0", made=100))
    _, newer = take_in(settings, made, "2.0", at=200)
    worker.say(MARKET, release=newer)
    (told,) = worker.turn()
    assert told in (LAKE, BOARD)
    assert {one.node: one.ring for one in worker.show().nodes}[told] == 0


def test_a_plan_asks_nobody_to_go_back(worker: Worker, settings: Settings, made: Releases) -> None:
    wanted, _ = take_in(settings, made, "1.0", at=100)
    _, newer = take_in(settings, made, "2.0", at=200)
    worker.say(MARKET, release=newer)
    kept = rollouts.Releases(settings.stored_releases_dir, settings.release_key)
    with worker.town.database.read() as session:
        plan = rollouts.plan(session, kept, wanted, worker.now)
    assert list(plan.up_to_date) == [MARKET]
    assert MARKET not in [name for names in plan.rings.values() for name in names]
