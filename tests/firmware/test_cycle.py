"""The whole cycle under real MicroPython: wake, measure, decide, publish, deep-sleep. TLS, battery, sensors, boards."""

import json

import pytest

from edge import wire
from tests.firmware.device import FAR_US, NEAR_US, SETTINGS, Device, echo, hub

pytestmark = pytest.mark.process  # each test starts Node

EMPTY, CAR, NOTHING = ({**echo(what), **hub()} for what in ("no car", "car", "nothing"))


def test_the_whole_cycle_wakes_measures_decides_publishes_over_tls_hears_the_ack_and_sleeps() -> None:
    device = Device()
    wakes = device.wakes([EMPTY, EMPTY, CAR, CAR, CAR, EMPTY, EMPTY])
    assert [one.slept_ms for one in wakes] == [3_000, 10_000, 3_000, 10_000, 10_000, 3_000, 10_000]
    bays = [body for one in wakes for body in one.messages("bay")]
    assert [(body["seq"], body["state"], body["distance_m"]) for body in bays] == [
        (1, "free", 2.0),
        (2, "occupied", 0.5),
        (3, "free", 2.0),
    ]
    for one in wakes:
        for event in one.all("publish"):
            _side, version, node, kind = wire.split(str(event["topic"]))
            assert (version, node, event["qos"]) == ("v1", "kurpark-bay-07", 1)
            wire.decode(kind, str(event["payload"]).encode())
    report = [event["event"] for event in wakes[3].events]
    assert report == [
        "watchdog_on", "watchdog_on", "radio", "join", "tls", "connect", "subscribe", "publish", "publish", "puback",
        "rtc", "publish", "disconnect", "closed", "radio", "deepsleep",
    ]  # fmt: skip
    assert not device.files["/outbox"].count(b"occupied"), "acked rows are forgotten"


def test_the_radio_stays_off_when_nothing_has_changed() -> None:
    wakes = Device().wakes([EMPTY, EMPTY, EMPTY, EMPTY])
    assert [bool(one.all("radio")) for one in wakes] == [False, True, False, False]


def test_a_bay_is_said_again_every_15_minutes() -> None:
    wakes = Device().wakes([EMPTY] * 2 + [{**EMPTY, "ticks": 450_000}] * 3)
    assert [len(one.messages("bay")) for one in wakes] == [0, 1, 0, 1, 0]


def test_one_odd_ping_of_three_and_one_odd_sample_change_nothing() -> None:
    odd_ping = {"echo_us": [FAR_US, NEAR_US, FAR_US], **hub()}
    wakes = Device().wakes([EMPTY, EMPTY, odd_ping, CAR, EMPTY, EMPTY])
    assert [body["state"] for one in wakes for body in one.messages("bay")] == ["free"]


def test_between_the_thresholds_the_state_before_holds() -> None:
    between = {"echo_us": [6_200] * 3, **hub()}  # 1.05 m
    wakes = Device().wakes([CAR, CAR, between, between, EMPTY, EMPTY, between, between])
    assert [body["state"] for one in wakes for body in one.messages("bay")] == ["occupied", "free"]


def test_three_samples_without_an_echo_make_the_bay_unknown() -> None:
    wakes = Device().wakes([CAR, CAR, NOTHING, NOTHING, NOTHING, NOTHING, CAR, CAR])
    bays = [(place, body["state"]) for place, one in enumerate(wakes) for body in one.messages("bay")]
    assert bays == [(1, "occupied"), (4, "unknown"), (7, "occupied")]


def test_cold_air_is_taken_into_account_on_the_way_of_the_sound() -> None:
    device = Device({**SETTINGS, "celsius": -20})
    bay = device.wakes([CAR, CAR])[1].messages("bay")[0]
    assert bay["distance_m"] == pytest.approx(NEAR_US * (331.3 - 0.606 * 20) / 2e6, abs=0.001)


def test_a_broker_that_cannot_prove_its_name_hears_nothing() -> None:
    wake = Device().wakes([EMPTY, {**EMPTY, "authority": "another"}])[1]
    assert not wake.all("publish") and not wake.all("connect") and not wake.all("plain_text")
    assert "uplink: certificate verify failed" in wake.output


def test_the_sensor_is_a_node_of_its_own_with_name_certificate_outbox_and_ack() -> None:
    wake = Device().wakes([EMPTY, EMPTY])[1]
    outbox = str(wake.messages("bay")[0]["outbox"])
    assert wire.is_name(outbox)
    assert wake.all("connect") == [{"event": "connect", "client": f"kurpark-bay-07-{outbox}", "clean": True}]
    assert wake.all("subscribe") == [{"event": "subscribe", "topic": "hub/v1/kurpark-bay-07/+", "qos": 1}]
    other = Device()
    del other.files["/tls/sensor.key.der"]
    assert not other.wakes([EMPTY, EMPTY])[1].all("tls"), "without its certificate it says nothing"


def test_the_status_tells_battery_software_what_waits_and_the_configuration() -> None:
    status = Device().wakes([EMPTY, {**EMPTY, "battery_mv": 3_712}])[1].messages("status")
    assert [(one["battery_mv"], one["software"], one["config_v"], one["waiting"]) for one in status] == [
        (3_712, "1.0.0", 0, 1),
        (3_712, "1.0.0", 0, 0),
    ]
    assert status[0]["bays"] == ["kurpark-07"] and status[0]["protocol"] == "MQTT 3.1.1 TLS"


def test_a_low_battery_is_told_once_and_makes_the_sleeps_six_times_longer() -> None:
    low, middle, fine = ({**EMPTY, "battery_mv": millivolts} for millivolts in (3_350, 3_450, 3_600))
    wakes = Device().wakes([fine, fine, low, low, middle, fine, middle])
    assert [one.slept_ms for one in wakes[1:]] == [10_000, 60_000, 60_000, 60_000, 10_000, 10_000]
    alarms = [body for one in wakes for body in one.messages("alarm")]
    assert [(body["code"], body["text"]) for body in alarms] == [("battery_low", "battery at 3350 mV")]


def test_a_magnetic_sensor_tells_a_car_from_the_field_of_the_empty_bay() -> None:
    pins = {"scl": 22, "sda": 21, "empty_ut": [20.0, -5.0, 40.0]}
    device = Device({**SETTINGS, "sensor": "magnetic", "pins": pins})
    empty, car = {"field": [600, -150, 1200], **hub()}, {"field": [1200, -150, 1200], **hub()}
    wakes = device.wakes([empty, empty, car, car, hub(), hub(), hub()])
    bays = [body for one in wakes for body in one.messages("bay")]
    assert [body["state"] for body in bays] == ["free", "occupied", "unknown"]
    assert all("distance_m" not in body for body in bays)


def test_a_pico_w_sleeps_in_slices_that_its_watchdog_allows_and_remembers_through_the_reset() -> None:
    device = Device({**SETTINGS, "board": "pico_w"})
    wakes = device.wakes([EMPTY] + [{**EMPTY, "cause": 3}] * 2)
    assert [one.end for one in wakes] == ["reset"] * 3
    assert wakes[1].messages("bay")[0]["state"] == "free"
    assert [one["ms"] for one in wakes[2].all("lightsleep")] == [5_000, 5_000]
    assert len(wakes[1].all("radio_deinit")) == 1, "else the radio would draw on while the Pico sleeps"
    ups = [json.loads(one.files["/awake.json"])["up_ms"] for one in wakes]
    assert ups == sorted(ups) and ups[2] > 13_000


def test_what_a_wake_leaves_to_the_next_fits_into_the_rtc_memory() -> None:
    device = Device()
    device.wakes([{**EMPTY, "wifi": False, "battery_mv": 3_000}] * 3)
    assert 0 < len(device.files["/rtc.memory"]) < 1_024, "the ESP32 has 2,048 bytes"


def test_without_network_nothing_is_lost_and_the_tries_become_rarer() -> None:
    dark = {**echo("no car"), "wifi": False}
    wakes = Device().wakes([dark] * 12)
    assert [place for place, one in enumerate(wakes) if one.all("radio")] == [1, 4, 10]
    assert all(one.end == "deepsleep" for one in wakes)


def test_a_service_jumper_keeps_it_awake_without_a_watchdog_for_a_technician() -> None:
    wake = Device().wake(**EMPTY, grounded=[15])
    assert wake.events == [] and wake.error is None
    assert wake.output == ["service: awake while pin 15 was on ground at the start"]


def test_wrong_settings_put_it_to_sleep_instead_of_to_death() -> None:
    device = Device({**SETTINGS, "name": "Kurpark Bay 7"})
    wake = device.wake()
    assert wake.slept_ms == 10_000
    assert "SettingsError: name must be 1 to 63 of a-z 0-9 _ -" in wake.output
