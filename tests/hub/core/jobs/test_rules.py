"""Rules of jobs: pauses, leases, slots over the change of the clocks, words for errors."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.jobs import rules
from hub.core.jobs.rules import JobError, Schedule

MOMENTS = st.integers(1_700_000_000_000, 2_000_000_000_000)
CHANCES = st.floats(0, 1, exclude_max=True)
TIMES = st.times().map(lambda one: one.strftime("%H:%M"))


@given(st.integers(1, 500), CHANCES, CHANCES)
def test_a_pause_grows_up_to_its_ceiling_and_is_spread_over_half_of_it(tries: int, chance: float, other: float) -> None:
    pause = rules.pause_ms(tries, chance)
    assert rules.FIRST_PAUSE_MS / 2 <= pause <= rules.LONGEST_PAUSE_MS
    assert rules.pause_ms(tries + 1, chance) >= pause
    assert pause <= 2 * rules.pause_ms(tries, other) + 2


def test_the_second_pause_is_three_times_the_first() -> None:
    assert [rules.pause_ms(tries, 0) for tries in (1, 2, 3, 9)] == [5_000, 15_000, 45_000, 1_800_000]


@given(MOMENTS, MOMENTS)
def test_a_lease_is_over_at_its_very_end(lease_until: int, now: int) -> None:
    assert rules.is_over(lease_until, now) == (now >= lease_until)


@given(st.integers(1, 20), st.integers(1, 20))
def test_after_the_last_try_or_a_final_error_no_other_follows(tries: int, most: int) -> None:
    assert rules.is_last(tries, most) == (tries >= most)
    assert rules.is_last(tries, most, final=True)


@given(MOMENTS, st.one_of(st.integers(1, 1_000_000), TIMES))
def test_now_lies_between_the_newest_slot_and_the_next(now: int, rhythm: int | str) -> None:
    schedule = Schedule("s", "k", every_s=rhythm) if isinstance(rhythm, int) else Schedule("s", "k", daily_at=rhythm)
    newest, following = rules.newest_slot(schedule, now), rules.next_slot(schedule, now)
    assert newest <= now < following
    assert rules.newest_slot(schedule, newest) == newest
    assert rules.newest_slot(schedule, following) == following
    assert rules.newest_slot(schedule, following - 1) == newest


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("first_day", "expected"),
    [
        ("2026-03-28", ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]),
        ("2026-10-24", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]),
    ],
)
def test_half_past_two_comes_once_on_each_day_of_a_change_of_the_clocks(first_day: str, expected: list[str]) -> None:
    schedule = Schedule("night", "k", daily_at="02:30")
    now, slots = utc(first_day) - 1, []
    for _ in range(3):
        now = rules.next_slot(schedule, now)
        slots.append(now)
    assert slots == [utc(text) for text in expected]


@given(TIMES)
def test_a_daily_schedule_has_one_slot_on_each_day_of_a_year(at: str) -> None:
    schedule, now, days = Schedule("daily", "k", daily_at=at), utc("2026-01-01T12:00"), []
    for _ in range(370):
        now = rules.next_slot(schedule, now)
        days.append(datetime.fromtimestamp(now / 1000, rules.ZONE).date())
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))


def test_a_schedule_has_exactly_one_rhythm() -> None:
    for wrong in ({}, {"every_s": 5, "daily_at": "03:00"}, {"every_s": 0}, {"daily_at": "25:00"}):
        with pytest.raises(ValueError):
            Schedule("s", "k", **wrong)


def test_an_error_is_told_by_class_and_place_and_never_by_its_text() -> None:
    try:
        int("anna@example.org")
    except ValueError as error:
        told = rules.describe(error)
    assert told.startswith("ValueError in test_rules.py, line ")
    assert rules.describe(JobError("mail server is away " * 50)).startswith("mail server is away")
    assert len(rules.describe(JobError("x" * 999))) == rules.REASON_LENGTH
