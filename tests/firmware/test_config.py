"""Configuration over the air: a newer one is taken or refused as a whole, the last good one stays."""

import pytest

from tests.firmware.device import Device, echo, hub

pytestmark = pytest.mark.process  # each test starts Node


def _config(v: int, rules: dict[str, object] | None = None, **bay: object) -> dict[str, object]:
    bays = [{"id": "another", "occupied_below_m": 3}, {"id": "kurpark-07", **bay}]
    return {"v": v, "ts": "2026-11-24T10:00:00.000Z", "rules": rules or {}, "bays": bays}


def _report(device: Device, config: object) -> dict[str, object]:
    """The last status of a report in which the hub's retained configuration came."""
    scene = {**echo("no car"), **hub(), "ticks": 1_000_000, "retained": {"config": config}}
    return device.wakes([scene, scene, scene])[-1].messages("status")[-1]


def test_a_newer_configuration_is_taken_kept_over_sleeps_and_changes_what_is_a_car() -> None:
    device = Device()
    status = _report(device, _config(7, {"sample_s": 30}, occupied_below_m=2.2, free_above_m=2.5))
    assert status["config_v"] == 7 and "refused_v" not in status
    device.power_off()
    wakes = device.wakes([{**echo("no car"), **hub()}] * 2)  # 2 m is a car now
    assert wakes[1].messages("bay")[0]["state"] == "occupied" and wakes[1].slept_ms == 30_000


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (_config(8, occupied_below_m=1.1, free_above_m=1.2), "free_above_m must be at least 15 cm over"),
        (_config(8, occupied_below_m="near"), "occupied_below_m must be a number from 0.2 to 4"),
        (_config(8, occupied_below_m=True), "occupied_below_m must be a number from 0.2 to 4"),
        (_config(8, free_above_m=40), "free_above_m must be a number from 0.2 to 4"),
        (_config(8, {"sample_s": 0}), "sample_s must be a number from 2 to 600"),
        (_config(8, {"repeat_minutes": 0}), "repeat_minutes must be a number from 1 to 1440"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_reason_and_the_last_good_one_stays(
    config: dict[str, object], why: str
) -> None:
    device = Device()
    _report(device, _config(7, {"sample_s": 20}))
    status = _report(device, config)
    assert (status["config_v"], status["refused_v"]) == (7, 8)
    assert str(status["refused_why"]).startswith(why)
    assert device.wake(**echo("no car")).slept_ms == 20_000


def test_an_older_configuration_and_one_that_breaks_the_contract_are_ignored() -> None:
    device = Device()
    _report(device, _config(7))
    for config in (_config(6, {"sample_s": 20}), "not JSON", {"v": "8"}):
        status = _report(device, config)
        assert status["config_v"] == 7 and "refused_v" not in status
    assert device.wake(**echo("no car")).slept_ms == 10_000


def test_keys_of_other_kinds_of_nodes_are_left_alone() -> None:
    assert _report(Device(), _config(3, {"occupied_after_s": 5, "max_flips": 6}, sensor="ultrasonic"))["config_v"] == 3


def test_a_power_cut_while_the_configuration_is_written_leaves_the_old_or_the_new_one() -> None:
    script = """
import config, json
device = {"bay": "kurpark-07", "sensor": "ultrasonic"}
def body(v):
    return {"v": v, "ts": "2026-11-24T10:00:00.000Z", "rules": {"sample_s": v}}
found = []
config.Rules(device).hear(body(7))
for budget in range(200):
    before = config.Rules(device).v
    set_flash(budget)
    try:
        config.Rules(device).hear(body(8 + budget))
    except End:
        pass
    set_flash(None)
    rules = config.Rules(device)
    found.append(rules.v in (before, 8 + budget))
    assert rules.sample_ms == rules.v * 1000
say("result", good=all(found), last=rules.v)
"""
    result = Device().script(script)[-1]
    assert result["good"] is True and int(str(result["last"])) > 7
