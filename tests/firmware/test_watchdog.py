"""The watchdog: fed while all goes well, barking when something hangs."""

import pytest

from tests.firmware.device import SETTINGS, Device, echo, hub

pytestmark = pytest.mark.process  # each test starts Node


def test_a_hang_ends_in_a_watchdog_reset_and_the_next_wake_works_again() -> None:
    device = Device()
    car = {**echo("car"), **hub()}
    hung, *fine = device.wakes([{"echo_us": "hang"}, {**car, "cause": 3}, car])
    assert hung.end == "watchdog" and 30_000 < int(str(hung.all("watchdog")[0]["after_ms"])) < 31_100
    assert fine[1].messages("bay")[0]["state"] == "occupied"


def test_it_is_fed_through_the_slowest_report_that_can_succeed_or_fail() -> None:
    for board in ("esp32", "pico_w"):
        for trouble in (
            {"wifi": False},
            {"wifi": "broken"},
            {"internet": False},
            {"hub": None},
            {"refuse": 5},
            {"dns": False},
        ):
            scene = {**echo("car"), **trouble}
            wakes = Device({**SETTINGS, "board": board}).wakes([scene, {**scene, "cause": 3}])
            assert [one.end for one in wakes] == [{"esp32": "deepsleep", "pico_w": "reset"}[board]] * 2, trouble


def test_it_runs_from_the_first_moment_with_a_time_that_the_chip_can_do() -> None:
    for board, timeout_ms in (("esp32", 30_000), ("pico_w", 8_300)):
        wake = Device({**SETTINGS, "board": board}).wake(**echo("car"))
        assert [one["timeout_ms"] for one in wake.events[:2]] == [8_300, timeout_ms], "the chooser's, then the board's"
