"""Two people begin, hold or end a rollout at the same moment: one rollout, one clear answer, on both databases."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.core.db import Database, Session
from hub.fleet import api
from hub.fleet.api import rollouts
from hub.fleet.store.rollouts import Rollout
from tests.hub import town

NOW, AT_ONCE = 1_800_000_000_000, 6
RELEASE = rollouts.Release("1.0-bbbbbbbbbbbb", "1.0", {}, {})
PLAN = rollouts.Plan(RELEASE, {0: ["plaza"], 1: [], 2: ["hall-b1"]}, [], [], [])


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


def together(database: Database, work: Callable[[Session, int], object]) -> Counter[str]:
    """What became of `work(session, number)` of people who come at once, each with a connection of their own."""
    begin, said = threading.Barrier(AT_ONCE), []

    def one(number: int) -> None:
        own = Database(database.engine.url.render_as_string(hide_password=False))

        def meet(session: Session) -> object:
            if not own.is_sqlite and not begin.broken:  # SQLite lets in one writer after the other
                rollouts.last_rollouts(session, NOW)  # each sees that none is active
                begin.wait(20)
            return work(session, number)

        try:
            if own.is_sqlite:
                begin.wait(20)
            own.write(meet)
            said.append("done")
        except rollouts.RolloutError as error:
            said.append(error.reason)
        finally:
            own.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(said)


def start(session: Session, number: int = 0) -> int:
    return rollouts.start_rollout(session, PLAN, f"person {number}", NOW + number, "cli")


def states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.execute(select(Rollout.state).order_by(Rollout.id)).scalars())


def test_of_many_who_begin_at_once_one_does_and_the_others_hear_why(database: Database) -> None:
    assert together(database, start) == {"done": 1, "running": AT_ONCE - 1}
    assert states(database) == ["running"]
    with database.read() as session:
        nodes = rollouts.last_rollouts(session, NOW)[0].nodes
    assert sorted(one.node for one in nodes) == ["hall-b1", "plaza"], "nobody else's nodes are in it"


def test_of_many_who_end_it_at_once_one_does(database: Database) -> None:
    database.write(start)
    ended = together(database, lambda session, _number: rollouts.stop_rollout(session, NOW, "cli"))
    assert ended == {"done": 1, "none": AT_ONCE - 1}
    assert states(database) == ["stopped"]


def test_ending_one_and_beginning_the_next_at_once_never_leaves_two(database: Database) -> None:
    database.write(start)

    def work(session: Session, number: int) -> None:
        if number % 2:
            rollouts.stop_rollout(session, NOW, "cli")
        else:
            start(session, number)

    together(database, work)
    active = [state for state in states(database) if state in rollouts.ACTIVE_STATES]
    assert len(active) <= 1


def test_the_database_itself_refuses_a_second_active_one(database: Database) -> None:
    database.write(start)
    with pytest.raises(rollouts.RolloutError, match="running already"):
        database.write(start)


def test_of_many_who_set_a_node_aside_at_once_one_does_and_one_takes_its_place(database: Database) -> None:
    database.write(start)
    skipped = together(database, lambda session, _number: rollouts.skip_node(session, "plaza", NOW, "cli"))
    assert skipped == {"done": 1, "skip": AT_ONCE - 1}
    with database.read() as session:
        found = {one.node: (one.ring, one.state) for one in rollouts.last_rollouts(session, NOW)[0].nodes}
    assert found == {"plaza": (0, "skipped"), "hall-b1": (0, "waiting")}


def test_of_many_who_update_the_same_node_at_once_one_does(database: Database) -> None:
    body = {"ts": "2027-01-15T08:00:00.000Z", "state": "online", "release": "0.9-aaaaaaaaaaaa"}
    database.write(lambda session: api.status(session, "plaza", body, NOW))
    by = api.By("x", "cli", NOW)
    begun = together(database, lambda session, _number: rollouts.update_node(session, "plaza", RELEASE, by))
    assert begun == {"done": 1, "updating": AT_ONCE - 1}
    ended = together(database, lambda session, _number: rollouts.stop_update(session, "plaza", by))
    assert ended == {"done": 1, "none": AT_ONCE - 1}
