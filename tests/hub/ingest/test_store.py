"""Storing batches: exactly once, gaps, bad input; each on SQLite and PostgreSQL."""

import json
import threading
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
YEAR = 365 * 24 * 60 * MINUTE


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: fleet.seed(session, directory))
    database.write(lambda session: parking.seed(session, directory))
    return database


def bay(seq: int, state: str = "occupied", **more: object) -> Incoming:
    body = {"outbox": "aa", "seq": seq, "ts": wire.format_ms(NOW + seq), "bay": "lake-001", "state": state, **more}
    return raw(json.dumps(body).encode())


def raw(payload: bytes, topic: str = "node/v1/lake-b1/bay") -> Incoming:
    return Incoming(topic, payload, NOW + MINUTE)


def store(database: Database, *messages: Incoming, now: int = NOW + MINUTE) -> dict[tuple[str, str], int]:
    batch = api.Batch(messages, intake.known_senders(database), now)
    return database.write(batch.store)


def rows(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.execute(text("SELECT seq FROM ingest_message ORDER BY seq")).scalars())


def totals(database: Database, name: str) -> dict[str, int]:
    with database.read() as session:
        return api.counters(session)[name]


def reasons(database: Database) -> list[str]:
    with database.read() as session:
        return [row.reason for row in api.kept_aside(session)]


def test_a_reading_is_stored_and_acknowledged(database: Database) -> None:
    assert store(database, bay(1), bay(2)) == {("lake-b1", "aa"): 2}
    assert rows(database) == [1, 2]
    assert totals(database, "stored") == {"bay": 2}


def test_a_duplicate_is_counted_and_acknowledged_again(database: Database) -> None:
    store(database, bay(1), bay(1))
    assert store(database, bay(1)) == {("lake-b1", "aa"): 1}
    assert rows(database) == [1]
    assert totals(database, "duplicate") == {"bay": 2}


def test_a_gap_is_recorded_and_closed_by_the_late_one(database: Database) -> None:
    assert store(database, bay(1), bay(4)) == {("lake-b1", "aa"): 1}
    with database.read() as session:
        gap = api.open_gaps(session)[0]
        assert (gap.first, gap.last, api.missing(session)) == (2, 3, 2)
    assert store(database, bay(3)) == {("lake-b1", "aa"): 1}
    assert store(database, bay(2)) == {("lake-b1", "aa"): 4}
    with database.read() as session:
        assert api.open_gaps(session) == []
    assert rows(database) == [1, 2, 3, 4]


def test_a_split_gap_keeps_its_age(database: Database) -> None:
    store(database, bay(9), now=NOW + MINUTE)
    store(database, bay(5), now=NOW + 5 * MINUTE)
    with database.read() as session:
        assert {gap.opened_at for gap in api.open_gaps(session)} == {NOW + MINUTE}


def test_a_skip_closes_the_gap_that_it_names(database: Database) -> None:
    skip = {"outbox": "aa", "seq": 5, "ts": wire.format_ms(NOW), "from": 2, "to": 4, "reason": "outbox full"}
    store(database, bay(1))
    assert store(database, raw(json.dumps(skip).encode(), "node/v1/lake-b1/skip")) == {("lake-b1", "aa"): 5}
    assert totals(database, "skipped") == {"messages": 3}


@pytest.mark.parametrize(
    ("payload", "topic", "reason"),
    [
        (b"{not json", "node/v1/lake-b1/bay", "not JSON"),
        (b"[1, 2]", "node/v1/lake-b1/bay", "not a JSON object"),
        (b"\xff\xfe\x00", "node/v1/lake-b1/bay", "not JSON"),
        (b"[" * 50_000, "node/v1/lake-b1/bay", "not JSON"),
        (b"x" * 1_000_000, "node/v1/lake-b1/bay", "payload over 64 KiB"),
        (b"{}", "node/v2/lake-b1/bay", "unknown version"),
        (b"{}", "node/v1/lake-b1/weather", "unknown kind"),
        (b"{}", "node/v1/stranger/bay", "unknown node"),
    ],
)
def test_garbage_is_counted_and_kept_aside(database: Database, payload: bytes, topic: str, reason: str) -> None:
    store(database, raw(payload, topic), bay(1))
    assert totals(database, "refused") == {reason: 1}
    assert reasons(database) == [reason]
    assert rows(database) == [1]
    with database.read() as session:
        kept = api.kept_aside(session)[0]
    assert len(kept.payload) <= 4096
    assert kept.size == len(payload)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("state", 7, "wrong type: state"),
        ("state", "flying", "unknown value: state"),
        ("bay", "hall-001", "unknown bay"),
        ("bay", "nowhere-001", "unknown bay"),
        ("bay", None, "missing field: bay"),
        ("ts", "yesterday", "not a timestamp: ts"),
        ("outbox", "a\u0000b", "not a name: outbox"),
        ("outbox", "\ud800", "not a name: outbox"),
    ],
)
def test_a_broken_reading_is_refused(database: Database, field: str, value: object, reason: str) -> None:
    acks = store(database, bay(1, **{field: value}))
    assert totals(database, "refused") == {reason: 1}
    assert rows(database) == []
    if field != "outbox":
        assert acks == {("lake-b1", "aa"): 1}, "its number counts, so that the node does not send it for ever"


@pytest.mark.parametrize("years", [10, -10])
def test_a_clock_ten_years_off_goes_into_quarantine(database: Database, years: int) -> None:
    acks = store(database, bay(1, ts=wire.format_ms(NOW + years * YEAR)), bay(2))
    assert acks == {("lake-b1", "aa"): 2}
    assert sum(totals(database, "quarantined").values()) == 1
    assert rows(database) == [2]


def test_a_reflashed_node_starts_a_new_count(database: Database) -> None:
    store(database, bay(1), bay(2))
    assert store(database, bay(1, outbox="bb")) == {("lake-b1", "bb"): 1}
    assert rows(database) == [1, 1, 2]


def test_two_nodes_with_one_name_raise_an_alarm_and_lose_nothing(database: Database) -> None:
    for round_ in range(3):
        store(database, bay(round_ + 1), now=NOW + MINUTE)
        store(database, bay(round_ + 1, outbox="bb"), now=NOW + MINUTE)
    with database.read() as session:
        assert [alarm.code for alarm in fleet.alarms(session)] == ["two_nodes_one_name"]
    assert len(rows(database)) == 6


def test_a_message_that_the_database_refuses_leaves_its_reason(database: Database) -> None:
    database.write(lambda session: api.refuse_unstorable(session, bay(1)))
    assert reasons(database) == ["cannot be stored"]


def test_garbage_does_not_fill_the_disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.ingest.store.MAX_KEPT_ASIDE", 5)
    for _ in range(4):
        store(database, *[raw(b"garbage")] * 5)
    with database.read() as session:
        assert len(api.kept_aside(session)) == 5
    assert totals(database, "refused") == {"not JSON": 20}


def test_several_workers_that_store_the_same_messages_store_each_once(database: Database) -> None:
    messages = [bay(seq) for seq in range(1, 101)]
    errors: list[BaseException] = []

    def work(start: int) -> None:
        try:
            for first in range(start, 101, 5):
                store(database, *messages[first : first + 10])
                store(database, *messages[:start])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows(database) == list(range(1, 101))
    assert store(database, bay(1)) == {("lake-b1", "aa"): 100}


def test_the_constraint_itself_forbids_a_second_row(database: Database) -> None:
    store(database, bay(1))
    statement = text(
        "INSERT INTO ingest_message (node, outbox, seq, kind, ts, received_at, body) "
        "VALUES ('lake-b1', 'aa', 1, 'bay', 0, 0, '{}')"
    )
    with pytest.raises(Exception, match=r"(?i)unique"):
        database.write(lambda session: session.execute(statement) and None)


def test_old_messages_are_deleted_and_still_known_as_duplicates(database: Database) -> None:
    store(database, bay(1), bay(2))
    database.write(lambda session: api.forget_old(session, NOW + YEAR))
    assert rows(database) == []
    store(database, bay(1))
    assert rows(database) == []
    assert totals(database, "duplicate") == {"bay": 1}


def test_the_rate_of_the_last_hour_is_known_by_the_minute(database: Database) -> None:
    store(database, bay(1), bay(2), now=NOW)
    with database.read() as session:
        rate = api.per_minute(session, NOW + 2 * MINUTE)
    assert len(rate) == 60
    assert rate[-2:] == [2, 0]
