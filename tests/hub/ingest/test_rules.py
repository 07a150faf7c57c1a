"""The ledger of an outbox against the plainest model: a set of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from hub.ingest.rules import DAY_MS, MINUTE_MS, Ledger, distrust

SEQ = st.integers(1, 30)
STEP = st.one_of(st.tuples(SEQ, SEQ), SEQ.map(lambda seq: (seq, seq)))


@given(st.lists(STEP, max_size=60))
def test_the_ledger_agrees_with_a_set_of_numbers_in_any_order(steps: list[tuple[int, int]]) -> None:
    ledger, seen = Ledger(), set()
    for one, other in steps:
        first, last = min(one, other), max(one, other)
        numbers = set(range(first, last + 1))
        ledger, new = ledger.close(first, last)
        assert new == len(numbers - seen)
        seen |= numbers
        missing = set(range(1, max(seen) + 1)) - seen
        assert {number for start, end in ledger.gaps for number in range(start, end + 1)} == missing
        assert ledger.highest == max(seen)
        assert ledger.contiguous == min(missing, default=max(seen) + 1) - 1


@given(st.lists(SEQ, max_size=60))
def test_a_number_is_new_once(numbers: list[int]) -> None:
    ledger, new = Ledger(), []
    for seq in numbers:
        ledger, is_new = ledger.accept(seq)
        if is_new:
            new.append(seq)
    assert sorted(new) == sorted(set(numbers))


def test_the_gaps_stay_in_order_and_never_touch() -> None:
    ledger = Ledger()
    for seq in (10, 5, 7):
        ledger, _ = ledger.accept(seq)
    assert ledger.gaps == ((1, 4), (6, 6), (8, 9))
    assert ledger.contiguous == 0


def test_nothing_is_acknowledged_behind_a_gap() -> None:
    ledger, _ = Ledger(highest=3).accept(5)
    assert ledger.contiguous == 3
    ledger, _ = ledger.accept(4)
    assert ledger.contiguous == 5


NOW = 1_800_000_000_000


def test_a_clock_that_runs_a_little_ahead_is_believed() -> None:
    assert distrust(NOW + 4 * MINUTE_MS, NOW) is None


def test_a_reading_from_the_future_is_not_believed() -> None:
    assert distrust(NOW + 10 * 365 * DAY_MS, NOW) == "time in the future"


def test_a_reading_of_ten_years_ago_is_not_believed() -> None:
    assert distrust(NOW - 10 * 365 * DAY_MS, NOW) == "time too old"


def test_a_month_in_the_outbox_is_believed() -> None:
    assert distrust(NOW - 30 * DAY_MS, NOW) is None
