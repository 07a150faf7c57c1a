"""Time: unknown at first, then the hub's."""

import pytest

from edge import wire
from tests.firmware.device import HUB_MS, Device, echo, hub

pytestmark = pytest.mark.process  # each test starts Node


def test_before_the_first_ack_a_reading_says_that_its_time_is_a_guess_and_how_old_it_is() -> None:
    wakes = Device().wakes([echo("car"), echo("car")])
    bay = wakes[1].messages("bay")[0]
    assert bay["synced"] is False and wire.is_name(str(bay["boot"]))
    assert str(bay["ts"]).startswith("2026-11-24T00:00:0")
    assert 3_000 < int(str(bay["up_ms"])) < 6_000, "the sleep between the wakes counts"


def test_the_hub_s_ack_sets_the_clock_and_the_rtc_and_later_wakes_know_it() -> None:
    wakes = Device().wakes([{**echo(what), **hub()} for what in ("car", "car", "no car", "no car")])
    first, second = wakes[1].messages("bay")[0], wakes[3].messages("bay")[0]
    assert (first["synced"], second["synced"]) == (False, True)
    assert wakes[0].all("rtc")[0]["moment"][:3] == [2026, 11, 24], "certificates are looked at with a likely date"
    assert wakes[1].all("rtc")[-1]["moment"][:6] == [2026, 11, 18, 0, 11, 6]
    told = HUB_MS + 2_560  # what the fake hub said when the first reading came
    later = wire.parse_ms(str(second["ts"])) - told
    assert abs(later - (int(str(second["up_ms"])) - int(str(first["up_ms"])))) < 3_000


def test_a_battery_change_is_a_new_boot_and_the_time_a_guess_again() -> None:
    device = Device()
    device.wakes([{**echo("car"), **hub()}] * 2)
    device.power_off()
    bay = device.wakes([{**echo("no car"), **hub(), "seed": 9}] * 2)[1].messages("bay")[0]
    assert bay["synced"] is False


def test_an_ack_without_time_sets_nothing() -> None:
    wakes = Device().wakes([{**echo("car"), **hub(None)}] * 2 + [{**echo("no car"), **hub(None)}] * 2)
    assert wakes[3].messages("bay")[0]["synced"] is False


def test_a_wake_that_hung_does_not_go_on_with_a_clock_that_stood_still() -> None:
    device = Device()
    device.wakes([{**echo("car"), **hub()}] * 2 + [{"echo_us": "hang"}])
    wakes = device.wakes([{**echo("car"), "cause": 3, "seed": 4}, {**echo("car"), "seed": 4}])
    bay = wakes[1].messages("bay")[0]
    assert bay["synced"] is False and int(str(bay["up_ms"])) < 6_000
