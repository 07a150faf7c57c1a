"""Sensors through gpiozero, on its mock pins."""

import time
from pathlib import Path

import pytest

from edge.bays import DigitalBay, PinError, Pinger, Thermometer, UltrasonicBay, open_bays
from edge.bays.thermometer import ASSUMED_C
from edge.config import BayConfig
from edge.mock import MockBoard, PinLineError
from edge.rules import speed_of_sound

DIGITAL = BayConfig("lake-001", "digital", (17,))
ULTRASONIC = BayConfig("lake-002", "ultrasonic", (23, 24))


def test_a_digital_sensor_tells_when_a_car_is_there() -> None:
    board = MockBoard([DIGITAL])
    bay = DigitalBay(DIGITAL, board.factory)
    board.occupy(DIGITAL, True)
    assert bay.read(None).level is True
    board.occupy(DIGITAL, False)
    assert bay.read(True).level is False


@pytest.mark.timing
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


@pytest.mark.timing
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


@pytest.mark.timing
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


def test_the_speed_of_sound_follows_the_airs_temperature() -> None:
    assert speed_of_sound(0) == pytest.approx(331.3)
    assert speed_of_sound(20) == pytest.approx(343.2, abs=0.1)
    assert speed_of_sound(-20) == pytest.approx(318.9, abs=0.1)


def test_the_same_echo_is_a_shorter_way_in_the_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    board = MockBoard([ULTRASONIC])
    bay = UltrasonicBay(ULTRASONIC, board.factory)
    used: list[float] = []
    monkeypatch.setattr(bay._device, "_read", lambda: used.append(bay._device.speed_of_sound) or 0.25)
    bay.ping(30.0)
    bay.ping(-15.0)
    assert used == [speed_of_sound(30.0), speed_of_sound(-15.0)]
    bay.close()


def test_a_thermometer_is_asked_once_a_minute_and_its_nonsense_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "temperature"
    thermometer = Thermometer(file)
    assert thermometer.celsius(0) == ASSUMED_C, "no sensor there yet"
    file.write_text("21500\n")
    assert thermometer.celsius(30) == ASSUMED_C
    assert thermometer.celsius(61) == 21.5
    for nonsense in ("85000", "garbage", ""):
        file.write_text(nonsense)
        assert thermometer.celsius(1e6 + len(nonsense) * 100) == 21.5


def test_sensors_ping_one_after_the_other() -> None:
    configs = [BayConfig(f"lake-{n:03d}", "ultrasonic", (n + 4, n + 14)) for n in range(4)]
    board = MockBoard(configs)
    bays = open_bays(configs, board)
    pinging, most = 0, 0

    def watched(ping):
        def work(celsius: float) -> float | None:
            nonlocal pinging, most
            pinging += 1
            most = max(most, pinging)
            try:
                return ping(celsius)
            finally:
                pinging -= 1

        return work

    for bay in bays:
        bay.ping = watched(bay.ping)
    pinger = Pinger(0.05)
    pinger.watch(bays[:2])
    pinger.watch(bays[2:])
    time.sleep(0.6)
    pinger.stop()
    assert most == 1
    assert all(bay.read(None) is not None for bay in bays)
    for bay in bays:
        bay.close()
