"""Sensors through gpiozero, on its mock pins."""

import pytest

from edge.bays import DigitalBay, PinError, UltrasonicBay, open_bays
from edge.config import BayConfig
from edge.mock import MockBoard, PinLineError

DIGITAL = BayConfig("lake-001", "digital", (17,))
ULTRASONIC = BayConfig("lake-002", "ultrasonic", (23, 24))


def test_a_digital_sensor_tells_when_a_car_is_there() -> None:
    board = MockBoard([DIGITAL])
    bay = DigitalBay(DIGITAL, board.factory)
    board.occupy(DIGITAL, True)
    assert bay.read(None).level is True
    board.occupy(DIGITAL, False)
    assert bay.read(True).level is False


@pytest.mark.parametrize(("metres", "level"), [(0.4, True), (2.4, False)])
def test_an_ultrasonic_sensor_measures_the_distance(metres: float, level: bool) -> None:
    board = MockBoard([ULTRASONIC])
    bay = UltrasonicBay(ULTRASONIC, board.factory)
    board.distance(24, metres)
    bay.ping(10.0)
    reading = bay.read(None)
    assert reading.level is level
    assert reading.distance_m == pytest.approx(metres, abs=0.25)
    bay.close()


def test_a_lost_echo_is_no_answer_and_never_the_old_distance() -> None:
    board = MockBoard([ULTRASONIC])
    bay = UltrasonicBay(ULTRASONIC, board.factory)
    board.distance(24, 0.4)
    bay.ping(10.0)
    assert bay.read(None).level is True
    board.distance(24, None)
    bay.ping(10.0)
    reading = bay.read(True)
    assert (reading.level, reading.distance_m) == (None, None)
    bay.close()


def test_a_result_is_taken_once() -> None:
    board = MockBoard([ULTRASONIC])
    bay = UltrasonicBay(ULTRASONIC, board.factory)
    bay.ping(10.0)
    bay.read(None)
    assert bay.read(None) is None
    bay.close()


def test_a_pin_that_cannot_be_used_is_named() -> None:
    echo_on_gpio3 = BayConfig("lake-009", "ultrasonic", (2, 3))
    with pytest.raises(PinError, match="lake-009"):
        open_bays([echo_on_gpio3], MockBoard([]))


@pytest.mark.parametrize("line", ["17", "x 1", "99 1", "17 7", "24 -1", "24 maybe", "17 1 1"])
def test_a_wrong_pin_line_gets_a_plain_sentence(line: str) -> None:
    board = MockBoard([DIGITAL, ULTRASONIC])
    with pytest.raises(PinLineError) as caught:
        board.line(line)
    assert len(str(caught.value)) > 10
