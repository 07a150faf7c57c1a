"""Magnetic bays: the car's iron, the day's drift, and a chip that falls silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bays import MagneticBay, PinError
from edge.config import BayConfig
from edge.mock import MockBoard
from edge.rules import Baseline, FieldThresholds, follow, level_of_field

EMPTY = (20.0, -3.0, 44.0)
CONFIG = BayConfig("lake-003", "magnetometer", bus=1, baseline_ut=EMPTY)


def test_a_car_is_seen_through_the_chips_registers() -> None:
    board = MockBoard([CONFIG])
    bay = MagneticBay(CONFIG, board.i2c)
    assert bay.read(None).level is False
    board.occupy(CONFIG, True)
    assert bay.read(False).level is True
    board.occupy(CONFIG, False)
    assert bay.read(True).level is False


def test_negative_fields_keep_their_sign() -> None:
    board = MockBoard([CONFIG])
    bay = MagneticBay(CONFIG, board.i2c)
    board.magnet(1, (-12.5, 0.0, -50.0))
    assert bay.field() == pytest.approx((-12.5, 0.0, -50.0), abs=0.01)


@pytest.mark.parametrize("field", [None, (250.0, 0.0, 0.0)], ids=["silent", "driven over its range"])
def test_a_chip_without_an_answer_gives_no_level(field) -> None:
    board = MockBoard([CONFIG])
    bay = MagneticBay(CONFIG, board.i2c)
    board.magnet(1, field)
    assert bay.read(True).level is None


def test_a_missing_chip_is_named_at_the_start() -> None:
    with pytest.raises(PinError, match="lake-003"):
        MagneticBay(CONFIG, MockBoard([]).i2c)


def test_the_baseline_follows_the_warming_of_a_day() -> None:
    thresholds, baseline, level = FieldThresholds(), Baseline(EMPTY, 0.0), False
    for minute in range(8 * 60):  # 12 microtesla in eight hours, more than the upper threshold
        field = (20.0 + 12.0 * minute / 480, -3.0, 44.0)
        level = level_of_field(baseline, field, level, thresholds)
        assert level is False
        baseline = follow(baseline, field, level, minute * 60.0)


def test_a_parked_car_is_never_taken_for_the_empty_bay() -> None:
    baseline, car = Baseline(EMPTY, 0.0), (26.0, -3.0, 30.0)
    for minute in range(3 * 24 * 60):
        assert level_of_field(baseline, car, True, FieldThresholds()) is True
        baseline = follow(baseline, car, True, minute * 60.0)
    assert level_of_field(baseline, EMPTY, True, FieldThresholds()) is False


@given(st.tuples(*[st.floats(-200, 200)] * 3), st.booleans())
def test_between_the_thresholds_the_level_stays(field, before: bool) -> None:
    thresholds, baseline = FieldThresholds(), Baseline(EMPTY, 0.0)
    level = level_of_field(baseline, field, before, thresholds)
    if thresholds.free_below_ut <= baseline.deviation(field) <= thresholds.occupied_above_ut:
        assert level is before
    else:
        assert level is (baseline.deviation(field) > thresholds.occupied_above_ut)
