"""Which reading counts."""

from hypothesis import given
from hypothesis import strategies as st

from hub.parking.rules import STALE_MS, STATES, Reading, after, count, shown

READINGS = st.builds(Reading, st.sampled_from(STATES), st.integers(0, 20), st.just("aa"), st.integers(1, 20))


@given(st.lists(READINGS, min_size=1, max_size=12, unique_by=lambda one: one.seq), st.randoms())
def test_the_order_of_arrival_does_not_matter(readings: list[Reading], chance) -> None:
    def last_state(order: list[Reading]) -> tuple[str, int, int]:
        present = None
        for reading in order:
            present = after(present, reading) or present
        assert present is not None
        return present.state, present.ts, present.seq

    mixed = list(readings)
    chance.shuffle(mixed)
    assert last_state(mixed) == last_state(sorted(readings, key=lambda one: (one.ts, one.seq)))


def test_a_late_reading_never_overwrites_a_newer_one() -> None:
    present = after(None, Reading("occupied", 200, "aa", 2))
    assert after(present, Reading("free", 100, "aa", 1)) is None


def test_a_repeated_state_keeps_the_moment_when_it_began() -> None:
    present = after(None, Reading("occupied", 100, "aa", 1))
    present = after(present, Reading("occupied", 500, "aa", 2))
    assert present is not None
    assert (present.since, present.ts) == (100, 500)


def test_a_silent_bay_is_unknown_and_never_free() -> None:
    assert shown("free", 0, STALE_MS + 1) == "unknown"
    assert shown("free", None, 0) == "unknown"


def test_a_faulty_bay_stays_faulty() -> None:
    assert shown("faulty", 0, STALE_MS + 1) == "faulty"


def test_every_bay_is_counted_once() -> None:
    assert count(["free", "free", "faulty"]) == {"free": 2, "occupied": 0, "unknown": 0, "faulty": 1}
