"""Readings from before a node knew the time: repaired by its monotonic clock, or put aside, never believed blindly."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from edge import wire
from hub import intake
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.ingest import api
from hub.ingest.api import Incoming
from hub.parking import api as parking
from tests.hub import town

NOW = 1_800_000_000_000
MINUTE = 60_000
BOOTED = NOW - 3 * 60 * MINUTE  # when the machine really started
WRONG = 1_600_000_000_000  # what its clock believed at that moment


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: fleet.seed(session, directory))
    database.write(lambda session: parking.seed(session, directory))
    return database


def bay(seq: int, up_ms: int, *, synced: bool, boot: str = "b1", state: str = "occupied") -> Incoming:
    ts = BOOTED + up_ms if synced else WRONG + up_ms
    clock = {"ts": wire.format_ms(ts), "synced": synced, "boot": boot, "up_ms": up_ms}
    body = {"outbox": "aa", "seq": seq, **clock, "bay": "lake-001", "state": state}
    return Incoming("node/v1/lake-b1/bay", json.dumps(body).encode(), NOW)


def status(up_ms: int, *, synced: bool, received_at: int, retained: bool = False, boot: str = "b1") -> Incoming:
    ts = BOOTED + up_ms if synced else WRONG + up_ms
    body = {"ts": wire.format_ms(ts), "state": "online", "synced": synced, "boot": boot, "up_ms": up_ms}
    return Incoming("node/v1/lake-b1/status", json.dumps(body).encode(), received_at, retained)


def store(database: Database, *messages: Incoming, now: int = NOW) -> dict[tuple[str, str], int]:
    return database.write(api.Batch(messages, intake.known_senders(database), now).store)


def moments(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.execute(text("SELECT ts FROM ingest_message ORDER BY seq")).scalars())


def totals(database: Database, name: str) -> int:
    with database.read() as session:
        return sum(api.counters(session)[name].values())


def held_message(seq: int = 1, up_ms: int = 5 * MINUTE) -> Incoming:
    """From a boot of which nothing is known: it waited in the node over a restart."""
    return bay(seq, up_ms, synced=False, boot="b0")


def test_a_reading_is_dated_by_a_synchronised_word_of_the_same_boot(database: Database) -> None:
    store(database, status(60 * MINUTE, synced=True, received_at=NOW))
    assert store(database, bay(1, 5 * MINUTE, synced=False)) == {("lake-b1", "aa"): 1}
    assert moments(database) == [BOOTED + 5 * MINUTE]
    assert totals(database, "repaired") == 1


def test_the_order_within_a_batch_does_not_matter(database: Database) -> None:
    store(database, bay(1, 5 * MINUTE, synced=False), bay(2, 60 * MINUTE, synced=True))
    assert moments(database) == [BOOTED + 5 * MINUTE, BOOTED + 60 * MINUTE]


def test_a_node_that_never_learns_the_time_is_dated_by_when_its_word_came(database: Database) -> None:
    up = NOW - BOOTED
    store(database, status(up, synced=False, received_at=NOW + 400), bay(1, up - MINUTE, synced=False), now=NOW + 400)
    assert moments(database)[0] == pytest.approx(NOW - MINUTE, abs=500)


def test_the_shortest_journey_is_the_best_estimate(database: Database) -> None:
    up = NOW - BOOTED
    store(database, status(up, synced=False, received_at=NOW + 40 * MINUTE), now=NOW + 40 * MINUTE)
    later = up + MINUTE
    store(database, status(later, synced=False, received_at=NOW + MINUTE + 100), now=NOW + 40 * MINUTE)
    store(database, bay(1, up, synced=False), now=NOW + 40 * MINUTE)
    assert moments(database)[0] == pytest.approx(NOW, abs=1000)


def test_an_unknown_boot_waits_and_is_acknowledged(database: Database) -> None:
    assert store(database, held_message()) == {("lake-b1", "aa"): 1}
    assert moments(database) == []
    assert totals(database, "held") == 1


def test_what_waited_is_stored_when_the_boot_says_its_time(database: Database) -> None:
    store(database, held_message())
    store(database, status(60 * MINUTE, synced=True, received_at=NOW, boot="b0"))
    assert moments(database) == [BOOTED + 5 * MINUTE]
    assert (totals(database, "held"), totals(database, "stored")) == (0, 1)
    with database.read() as session:
        assert parking.bays(session, NOW, "lake")[0].since == BOOTED + 5 * MINUTE
        proof = api.proof(session, "lake-b1", NOW)
    assert (proof.outboxes[0].held, proof.outboxes[0].stored) == (0, 1)


def test_what_waited_is_a_duplicate_when_it_comes_again(database: Database) -> None:
    store(database, held_message(), held_message())
    store(database, held_message())
    assert (totals(database, "held"), totals(database, "duplicate")) == (1, 2)


def test_after_a_day_it_is_put_aside_with_the_reason(database: Database) -> None:
    store(database, held_message())
    database.write(lambda session: api.give_up_held(session, NOW + 25 * 60 * MINUTE))
    with database.read() as session:
        assert [row.reason for row in api.kept_aside(session)] == ["clock was never set"]
    assert (totals(database, "held"), totals(database, "quarantined")) == (0, 1)


def test_an_exact_clock_is_not_replaced_by_an_estimate(database: Database) -> None:
    store(database, status(60 * MINUTE, synced=True, received_at=NOW))
    store(database, status(61 * MINUTE, synced=False, received_at=NOW - 30 * MINUTE))
    store(database, bay(1, 5 * MINUTE, synced=False))
    assert moments(database) == [BOOTED + 5 * MINUTE]


def test_a_kept_status_says_nothing_about_the_time_of_its_sending(database: Database) -> None:
    store(database, status(60 * MINUTE, synced=False, received_at=NOW, retained=True), held_message())
    assert totals(database, "held") == 1


def test_a_reading_of_an_earlier_boot_is_not_dated_by_the_present_one(database: Database) -> None:
    store(database, status(NOW - BOOTED, synced=True, received_at=NOW), held_message())
    assert (totals(database, "held"), totals(database, "stored")) == (1, 0)
