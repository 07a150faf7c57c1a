"""What a bay is, decided from samples."""

from hypothesis import given
from hypothesis import strategies as st

from edge.rules import FAULTY, FREE, OCCUPIED, UNKNOWN, Bay, Limits, Thresholds, is_settled, level_of, observe

LIMITS = Limits()


def see(bay: Bay, level: bool | None, start: float, seconds: float, step: float = 0.5) -> Bay:
    now = start
    while now <= start + seconds:
        bay = observe(bay, level, now, LIMITS)
        now += step
    return bay


def test_a_car_counts_after_five_steady_seconds() -> None:
    assert see(Bay(), True, 0, 4.5).state == UNKNOWN
    assert see(Bay(), True, 0, 5).state == OCCUPIED


def test_a_bay_is_free_after_ten_steady_seconds() -> None:
    bay = see(Bay(), True, 0, 6)
    assert see(bay, False, 7, 9.5).state == OCCUPIED
    assert see(bay, False, 7, 10).state == FREE


def test_a_person_walking_by_changes_nothing() -> None:
    bay = see(Bay(), False, 0, 11)
    bay = see(bay, True, 12, 3)
    assert see(bay, False, 16, 11).state == FREE


def test_more_than_six_flips_in_ten_minutes_is_a_fault() -> None:
    bay = see(Bay(), False, 0, 11)
    for number in range(6):
        bay = observe(bay, number % 2 == 0, 20 + number, LIMITS)
    assert bay.state != FAULTY
    assert observe(bay, True, 27, LIMITS).state == FAULTY


def test_a_faulty_bay_recovers_when_it_is_quiet() -> None:
    bay = see(Bay(), False, 0, 11)
    for number in range(8):
        bay = observe(bay, number % 2 == 0, 20 + number, LIMITS)
    assert bay.state == FAULTY
    assert see(bay, False, 700, 20).state == FREE


def test_the_third_lost_echo_makes_a_bay_unknown() -> None:
    bay = see(Bay(), True, 0, 6)
    bay = observe(observe(bay, None, 7, LIMITS), None, 8, LIMITS)
    assert bay.state == OCCUPIED
    assert observe(bay, None, 9, LIMITS).state == UNKNOWN


def test_one_lost_echo_is_forgiven() -> None:
    bay = see(Bay(), True, 0, 6)
    for now in range(7, 60, 2):
        bay = observe(bay, None, now, LIMITS)
        bay = observe(bay, True, now + 1, LIMITS)
    assert bay.state == OCCUPIED


@given(st.floats(0, 6), st.booleans())
def test_between_the_thresholds_the_level_stays(distance: float, before: bool) -> None:
    thresholds = Thresholds()
    level = level_of(distance, before, thresholds)
    if thresholds.occupied_below_m <= distance <= thresholds.free_above_m:
        assert level is before
    else:
        assert level is (distance < thresholds.occupied_below_m)


def test_no_echo_is_no_level() -> None:
    assert level_of(None, True, Thresholds()) is None


@given(st.lists(st.sampled_from([True, False, None]), max_size=80))
def test_whatever_a_sensor_says_the_state_is_one_of_four(levels: list[bool | None]) -> None:
    bay = Bay()
    for index, level in enumerate(levels):
        settled = is_settled(bay, level)
        seen = observe(bay, level, index * 0.5, LIMITS)
        if settled:
            assert seen == bay, "a sample that need not be seen must change nothing"
        bay = seen
        assert bay.state in (FREE, OCCUPIED, UNKNOWN, FAULTY)
