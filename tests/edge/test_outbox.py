"""The outbox: numbers without holes, nothing forgotten without the hub's ack."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.outbox import CHANGE, REPEAT, Message, Outbox
from edge.wire import format_ms


def message(number: int = 0, rank: int = CHANGE) -> Message:
    return Message("bay", {"ts": "2026-11-24T10:15:30.123Z", "bay": "lake-001", "state": "free", "n": number}, rank)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def test_numbers_begin_at_one_and_rise_by_one(file: Path) -> None:
    outbox = Outbox(file)
    assert [row.seq for row in outbox.put([message(), message()])] == [1, 2]
    assert [row.seq for row in outbox.put([message()])] == [3]


def test_a_row_stays_until_the_hubs_ack(file: Path) -> None:
    outbox = Outbox(file)
    outbox.put([message(), message(), message()])
    outbox.forget(outbox.id, 2)
    assert [row.seq for row in outbox.rows(0, 10)] == [3]


def test_the_ack_of_another_outbox_is_not_ours(file: Path) -> None:
    outbox = Outbox(file)
    outbox.put([message()])
    assert outbox.forget("0123456789abcdef", 1) == 0
    assert outbox.waiting == 1


def test_name_and_numbers_survive_reopening(file: Path) -> None:
    first = Outbox(file)
    first.put([message(), message()])
    first.forget(first.id, 2)
    name = first.id
    first.close()
    second = Outbox(file)
    assert second.id == name
    assert [row.seq for row in second.put([message()])] == [3]


def test_each_file_has_a_name_of_its_own(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "a.db").id != Outbox(tmp_path / "b.db").id


def test_an_overflow_drops_repetitions_first_and_says_so(file: Path) -> None:
    outbox = Outbox(file, max_rows=20)
    outbox.put([message(number, REPEAT) for number in range(10)])
    outbox.put([message(100 + number) for number in range(12)])
    rows = outbox.rows(0, 100)
    kept = {json.loads(row.text).get("n") for row in rows}
    assert {100 + number for number in range(12)} <= kept, "no change of state was dropped"
    assert any(row.kind == "skip" for row in rows)


def test_the_numbers_of_rows_and_skips_cover_everything(file: Path) -> None:
    outbox = Outbox(file, max_rows=15)
    for number in range(80):
        outbox.put([message(number, REPEAT if number % 3 else CHANGE)])
    covered: set[int] = set()
    for row in outbox.rows(0, 100):
        covered.add(row.seq)
        if row.kind == "skip":
            body = json.loads(row.text)
            covered |= set(range(body["from"], body["to"] + 1))
    assert covered == set(range(1, outbox.last + 1))


def test_a_damaged_file_is_put_aside_and_a_new_one_begins(file: Path) -> None:
    file.write_bytes(b"this is no database" * 500)
    outbox = Outbox(file)
    assert outbox.replaced
    assert [row.seq for row in outbox.put([message()])] == [1]
    assert list(file.parent.glob("outbox.db.broken-*"))


def test_the_reference_log_is_written_before_the_commit(file: Path) -> None:
    seen: list[int] = []

    def fails(_outbox: str, rows: list) -> None:
        seen.extend(row.seq for row in rows)
        raise OSError("disk full")

    outbox = Outbox(file, journal=fails)
    with pytest.raises(OSError, match="disk full"):
        outbox.put([message()])
    assert seen == [1]
    assert outbox.waiting == 0
    assert outbox.last == 0


class AnyOrder(RuleBasedStateMachine):
    """Puts, acks and restarts in any order against a plain set."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.directory = tempfile.TemporaryDirectory()
        self.outbox = Outbox(Path(self.directory.name) / "outbox.db")
        self.unacked: set[int] = set()
        self.last = 0

    @rule(count=st.integers(1, 4))
    def put(self, count: int) -> None:
        rows = self.outbox.put([message(number) for number in range(count)])
        assert [row.seq for row in rows] == list(range(self.last + 1, self.last + count + 1))
        self.last += count
        self.unacked |= {row.seq for row in rows}

    @rule(share=st.floats(0, 1))
    def ack(self, share: float) -> None:
        seq = int(self.last * share)
        self.outbox.forget(self.outbox.id, seq)
        self.unacked = {number for number in self.unacked if number > seq}

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self.outbox = Outbox(Path(self.directory.name) / "outbox.db")

    @invariant()
    def nothing_unacked_is_missing(self) -> None:
        assert {row.seq for row in self.outbox.rows(0, 10_000)} == self.unacked
        assert self.outbox.last == self.last

    def teardown(self) -> None:
        self.outbox.close()
        self.directory.cleanup()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def aged(number: int, days: float, *, synced: bool = True) -> Message:
    ts = format_ms(time.time_ns() // 1_000_000 - int(days * 86_400_000))
    return Message("bay", {"ts": ts, "synced": synced, "bay": "lake-001", "state": "free", "n": number}, CHANGE)


def kept(outbox: Outbox) -> set[int]:
    return {json.loads(row.text)["n"] for row in outbox.rows(0, 10_000) if row.kind == "bay"}


def test_a_change_of_state_is_not_dropped_before_thirty_days(file: Path) -> None:
    outbox = Outbox(file, max_rows=20, max_bytes=2_000)
    outbox.put([aged(number, 29) for number in range(60)])
    assert kept(outbox) == set(range(60)), "the soft limits are for repetitions"


def test_older_ones_go_when_the_outbox_is_over_its_soft_limit(file: Path) -> None:
    outbox = Outbox(file, max_rows=20)
    outbox.put([aged(number, 31) for number in range(10)])
    outbox.put([aged(100 + number, 1) for number in range(30)])
    assert kept(outbox) >= {100 + number for number in range(30)}
    assert len(kept(outbox)) < 40
    assert any(row.kind == "skip" for row in outbox.rows(0, 100))


def test_an_age_of_a_clock_that_was_not_set_is_no_age(file: Path) -> None:
    outbox = Outbox(file, max_rows=20)
    outbox.put([aged(number, 20_000, synced=False) for number in range(60)])
    assert kept(outbox) == set(range(60))


def test_the_hard_limit_holds_even_for_changes_of_state(file: Path) -> None:
    outbox = Outbox(file, max_rows=20, max_bytes=2_000, hard_bytes=20_000)
    outbox.put([aged(number, 1) for number in range(500)])
    assert outbox._bytes <= 20_000
    assert 499 in kept(outbox), "the newest stay"
    assert any(row.kind == "skip" for row in outbox.rows(0, 1000))
