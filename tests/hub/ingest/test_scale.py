"""Several workers give the same result as one: whatever the order, the split and the luck of threads."""

import json
import random
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from edge import wire
from hub import intake
from hub.core.db import Base, Database
from hub.fleet import api as fleet
from hub.ingest import api
from hub.ingest.api import Incoming
from hub.parking import api as parking
from tests.hub import town

NOW = 1_800_000_000_000
HOUR = 3_600_000
FILLED = ("ingest_", "parking_", "fleet_")
KEPT = {
    "messages": "SELECT node, outbox, seq, kind, ts, body FROM ingest_message ORDER BY node, outbox, seq",
    "ledgers": "SELECT node, outbox, highest, stored, duplicates, late, aside, skipped FROM ingest_outbox "
    "ORDER BY node, outbox",
    "gaps": "SELECT node, outbox, first, last FROM ingest_gap WHERE closed_at IS NULL ORDER BY 1, 2, 3",
    "bays": "SELECT id, state, since, ts, outbox, seq FROM parking_bay ORDER BY id",
    "readings": "SELECT bay, ts, outbox, seq, state FROM parking_reading ORDER BY bay, ts, outbox, seq",
    "hours": "SELECT site, hour_ms, free, occupied, unknown, faulty FROM parking_hour ORDER BY site, hour_ms",
    "counters": "SELECT name, detail, sum(value) FROM ingest_counter GROUP BY name, detail ORDER BY name, detail",
}


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    town.write(tmp_path / "town")
    return database


def begin(database: Database, directory: Path) -> None:
    """An empty database with the tiny town."""

    def work(session) -> None:
        for table in reversed([one for one in Base.metadata.sorted_tables if one.name.startswith(FILLED)]):
            session.execute(table.delete())
        fleet.seed(session, directory)
        parking.seed(session, directory)

    database.write(work)


def story(chance: random.Random) -> list[Incoming]:
    """A morning of two boards: changes, repetitions, duplicates, a gap, a skip, a bad one, a re-flashed node."""
    messages: list[Incoming] = []
    for node in ("lake-b1", "hall-b1"):
        for outbox in ("aa", "bb")[: chance.randint(1, 2)]:
            ts, given_up = NOW - 3 * HOUR, {number for first in range(5, 25, 9) for number in (first, first + 1)}
            for seq in range(1, chance.randint(5, 25)):
                ts += chance.choice([0, 20_000, 600_000])
                if seq in given_up:
                    continue
                body = {"outbox": outbox, "seq": seq, "ts": wire.format_ms(ts)}
                kind = "bay"
                if seq - 1 in given_up:
                    kind, more = "skip", {"from": seq - 2, "to": seq - 1, "reason": "outbox full"}
                elif chance.random() < 0.05:
                    more = {"bay": f"{node[:4]}-001", "state": "flying"}
                else:
                    more = {"bay": f"{node[:4]}-00{chance.randint(1, 2)}", "state": chance.choice(wire.BAY_STATES[:2])}
                message = Incoming(f"node/v1/{node}/{kind}", json.dumps({**body, **more}).encode(), NOW)
                if chance.random() < 0.95:  # the rest is lost on the way
                    messages += [message] * chance.choice([1, 1, 1, 2])
    return messages


def result(database: Database) -> dict[str, list[tuple]]:
    while True:
        with database.read() as session:
            sums = parking.sum_up(session, NOW)
        if not sums.marks:
            break
        database.write(lambda session, sums=sums: parking.keep_sums(session, sums))
    with database.read() as session:
        return {name: [tuple(row) for row in session.execute(text(query))] for name, query in KEPT.items()}


def store(database: Database, messages: list[Incoming], worker: int = 0) -> None:
    if messages:
        database.write(api.Batch(messages, intake.known_senders(database), NOW, worker).store)


SEEDS = st.integers(0, 10**9)
QUIET = [HealthCheck.function_scoped_fixture]


@pytest.mark.thorough
@given(SEEDS)
@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
def test_any_order_and_any_split_end_in_the_same_state_and_history(
    database: Database, tmp_path: Path, seed: int
) -> None:
    compare(database, tmp_path, seed)


@pytest.mark.slow
@given(SEEDS)
@settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
def test_three_hundred_stories_end_alike(database: Database, tmp_path: Path, seed: int) -> None:
    compare(database, tmp_path, seed)


def compare(database: Database, tmp_path: Path, seed: int) -> None:
    """One worker in order against three at once with everything shuffled."""
    chance = random.Random(seed)
    messages = story(chance)
    begin(database, tmp_path / "town")
    store(database, messages)
    alone = result(database)
    begin(database, tmp_path / "town")
    shuffled = chance.sample(messages, len(messages))
    parts: list[list[Incoming]] = [[] for _ in range(3)]
    for message in shuffled:
        parts[chance.randrange(3)].append(message)
    errors: list[BaseException] = []

    def work(worker: int, part: list[Incoming]) -> None:
        while part:
            size = random.Random(seed + len(part)).randint(1, 7)
            batch, part = part[:size], part[size:]
            try:
                store(database, batch, worker)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(number + 1, part)) for number, part in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    together = result(database)
    for name, rows in alone.items():
        assert together[name] == rows, name
