"""How long a bay was free, taken or unknown, against the plainest model: one look each minute."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub.parking.rules.history import HOUR_MS, STATES, TRUSTED_MS, Mark, hours_between, runs, time_in_states

MINUTE = 60_000
MARKS = st.lists(
    st.tuples(st.integers(0, 300), st.sampled_from(STATES), st.sampled_from(["", "b1", "b2"])), max_size=12
).map(lambda marks: [Mark(minute * MINUTE, state, boot) for minute, state, boot in sorted(marks)])


def state_at(marks: list[Mark], moment: int) -> str:
    before = [mark for mark in marks if mark.ts <= moment]
    if not before:
        return "unknown"
    last = before[-1]
    after = next((mark for mark in marks[marks.index(last) + 1 :] if mark.ts > moment), None)
    seen = after is not None and last.boot != "" and last.boot == after.boot
    return last.state if seen or moment < last.ts + TRUSTED_MS else "unknown"


@given(MARKS, st.integers(0, 200), st.integers(1, 120), st.integers(0, 400))
def test_the_sums_agree_with_a_look_each_minute(marks: list[Mark], start: int, length: int, now: int) -> None:
    marks = [mark for mark in {mark.ts: mark for mark in marks}.values() if mark.ts <= now * MINUTE]
    begin, end = start * MINUTE, (start + length) * MINUTE
    looked = dict.fromkeys(STATES, 0)
    for moment in range(begin, min(end, now * MINUTE), MINUTE):
        looked[state_at(marks, moment)] += MINUTE
    assert time_in_states(marks, begin, end, now * MINUTE) == looked


@given(MARKS)
def test_an_hour_that_is_over_is_wholly_accounted_for(marks: list[Mark]) -> None:
    assert sum(time_in_states(marks, 0, HOUR_MS, 400 * MINUTE).values()) == HOUR_MS


@given(st.sets(st.integers(0, 50)))
def test_neighbouring_hours_are_read_together(numbers: set[int]) -> None:
    spans = runs([number * HOUR_MS for number in numbers])
    assert {hour // HOUR_MS for start, end in spans for hour in range(start, end, HOUR_MS)} == numbers
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


def test_a_reading_after_months_does_not_mark_every_hour() -> None:
    assert len(hours_between(0, 10_000 * HOUR_MS)) == 31 * 24
