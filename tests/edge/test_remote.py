"""Configuration and commands from the hub: what is right is kept, what is wrong changes nothing and says why."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import handover, wire
from edge.config import BayConfig, Broker, Config, State
from edge.remote import Commands, RemoteConfig, overlay
from edge.rules import MIN_GAP_M
from edge.section import ConfigError

TS = "2026-11-24T10:15:30.123Z"
NOW = wire.parse_ms(TS)


def own(directory: Path = Path("/nowhere")) -> Config:
    bays = (BayConfig("lake-001", "digital", (17,)), BayConfig("lake-002", "ultrasonic", (23, 24)))
    return Config("lake-b1", "Lake", Broker("127.0.0.1", 1883), State(directory), bays)


def message(version: int, **body: object) -> bytes:
    return wire.encode("config", {"v": version, "ts": TS, **body})


class Node:
    def __init__(self, directory: Path, config: Config | None = None) -> None:
        self.used: list[Config] = []
        self.remote = RemoteConfig(config or own(directory), self.used.append)
        self.remote.load()


def test_thresholds_and_rules_of_the_hub_are_used_and_told(tmp_path: Path) -> None:
    node = Node(tmp_path)
    bays = [{"id": "lake-002", "occupied_below_m": 0.7, "free_above_m": 1.0}]
    node.remote.receive(message(3, rules={"occupied_after_s": 7, "repeat_minutes": 30}, bays=bays))
    used = node.used[-1]
    assert used.limits.occupied_after_s == 7
    assert used.repeat_s == 1800
    assert used.bays[1].thresholds.free_above_m == 1.0
    assert (node.remote.verdict.applied_v, node.remote.verdict.why) == (3, "")


def test_a_wrong_one_changes_nothing_and_says_why(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.remote.receive(message(3, rules={"occupied_after_s": 7}))
    bays = [{"id": "lake-002", "occupied_below_m": 0.9, "free_above_m": 1.0}]
    node.remote.receive(message(4, bays=bays))
    assert len(node.used) == 1
    verdict = node.remote.verdict
    assert (verdict.applied_v, verdict.refused_v) == (3, 4)
    assert "0.15 m" in verdict.why
    assert Node(tmp_path).remote.verdict.applied_v == 3, "on disk the last good one stayed"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"bays": [{"id": "lake-009"}]}, "no bay lake-009"),
        ({"bays": ["lake-001"]}, "must be a section"),
        ({"bays": [{"id": "lake-001", "free_above_m": 1}]}, "digital sensor"),
        ({"rules": {"colour": "red"}}, "unknown key"),
        ({"rules": {"sample_s": 1}}, "unknown key"),
        ({"rules": {"max_flips": "many"}}, "must be a number"),
        ({"rules": {"occupied_after_s": -1}}, "at least 0"),
    ],
)
def test_each_mistake_is_named(body: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        overlay(own(), body)


def test_the_last_good_one_is_used_again_after_a_restart(tmp_path: Path) -> None:
    Node(tmp_path).remote.receive(message(3, rules={"occupied_after_s": 7}))
    again = Node(tmp_path)
    assert again.used[-1].limits.occupied_after_s == 7
    assert again.remote.verdict.applied_v == 3


def test_a_kept_one_that_no_longer_fits_the_nodes_own_file_is_not_used(tmp_path: Path) -> None:
    bays = [{"id": "lake-002", "occupied_below_m": 0.7, "free_above_m": 1.0}]
    Node(tmp_path).remote.receive(message(3, bays=bays))
    smaller = replace(own(tmp_path), bays=own().bays[:1])
    node = Node(tmp_path, smaller)
    assert node.used == []
    assert "no bay lake-002" in node.remote.verdict.why


def test_an_older_version_is_refused_and_the_same_one_is_no_news(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.remote.receive(message(3))
    node.remote.receive(message(3))
    assert len(node.used) == 1
    node.remote.receive(message(2))
    assert "newer" in node.remote.verdict.why
    assert len(node.used) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "max_flips", "free_above_m"]), inner)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_whatever_the_hub_sends_the_bays_keep_sound_thresholds(rules: object, bays: object) -> None:
    try:
        used = overlay(own(), {"rules": rules, "bays": bays})
    except ConfigError:
        return
    for bay in used.bays:
        assert bay.thresholds.free_above_m - bay.thresholds.occupied_below_m >= MIN_GAP_M - 1e-6


def command(name: str = "identify", identity: str = "c-1", until: str = TS) -> bytes:
    return wire.encode("command", {"id": identity, "name": name, "ts": TS, "until": until})


def test_a_command_is_obeyed_once_even_after_a_restart(tmp_path: Path) -> None:
    done: list[str] = []

    def act() -> str:
        done.append("blink")
        return "It blinks."

    for _ in range(2):
        commands = Commands(tmp_path / "commands.json", {"identify": act})
        commands.receive(command(), NOW, True)
    assert done == ["blink"]


def test_the_answer_says_what_became_of_it(tmp_path: Path) -> None:
    def refuse() -> str:
        raise ConfigError("this node has no light")

    commands = Commands(tmp_path / "c.json", {"identify": refuse, "restart": lambda: "The agent starts anew."})
    assert commands.receive(command(), NOW, True)["text"] == "this node has no light"
    answer = commands.receive(command("restart", "c-2"), NOW, True)
    wire.check("answer", answer)
    assert answer["ok"] is True


def test_a_command_that_comes_too_late_is_not_obeyed(tmp_path: Path) -> None:
    commands = Commands(tmp_path / "c.json", {"identify": lambda: pytest.fail("obeyed")})
    answer = commands.receive(command(), NOW + 1, True)
    assert (answer["ok"], answer["text"]) == (False, "came too late")


def test_nothing_else_can_be_commanded() -> None:
    with pytest.raises(wire.WireError):
        wire.decode("command", json.dumps({"id": "x", "name": "shell", "ts": TS, "until": TS}).encode())


HOURS = [[["07:00", "22:00"]]] * 7


def test_the_wifis_settings_reach_the_portals_side_as_a_file(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.remote.receive(message(3, wifi={"zone": "Europe/Berlin", "hours": HOURS, "quota_mb": 500}))
    handover.write_wifi(node.used[-1], None)
    kept = json.loads((tmp_path / "wifi.json").read_text())
    assert kept == {"v": 3, "wifi": {"zone": "Europe/Berlin", "hours": HOURS, "quota_mb": 500}}
    node.remote.receive(message(4))
    handover.write_wifi(node.used[-1], None)
    assert json.loads((tmp_path / "wifi.json").read_text()) == {"v": 4, "wifi": {}}


@pytest.mark.parametrize(
    ("wifi", "reason"),
    [
        ({"quota_mb": -1}, "quota_mb: must be a whole number from 0"),
        ({"zone": "Europe/Rappenau", "hours": HOURS}, "does not know Europe/Rappenau"),
        ({"off": "yes"}, "off: must be true or false"),
    ],
)
def test_wifi_settings_that_cannot_be_obeyed_are_refused_and_the_last_good_ones_stay(
    tmp_path: Path, wifi: dict[str, object], reason: str
) -> None:
    node = Node(tmp_path)
    node.remote.receive(message(3, wifi={"off": True}))
    node.remote.receive(message(4, wifi=wifi))
    assert len(node.used) == 1
    assert node.used[-1].wifi == {"off": True}
    assert (node.remote.verdict.applied_v, node.remote.verdict.refused_v) == (3, 4)
    assert reason in node.remote.verdict.why


def test_a_board_without_a_portal_has_no_wifi_to_set(tmp_path: Path) -> None:
    node = Node(tmp_path, replace(own(tmp_path), portal=False))
    node.remote.receive(message(3, wifi={"off": True}))
    assert "this node has none" in node.remote.verdict.why


def test_the_status_says_which_version_the_gate_obeys(tmp_path: Path) -> None:
    config = replace(own(tmp_path), obeyed=tmp_path / "obeyed.json")
    assert handover.obeyed(config) == {}
    for nonsense in ("", "[]", '{"v": "7", "open": true}', '{"v": 7}'):
        (tmp_path / "obeyed.json").write_text(nonsense)
        assert handover.obeyed(config) == {}
    (tmp_path / "obeyed.json").write_text('{"v": 7, "open": false}')
    assert handover.obeyed(config) == {"wifi_v": 7, "wifi_open": False, "wifi_held": None}
    (tmp_path / "obeyed.json").write_text('{"v": 7, "open": false, "held": true, "radio": "off"}')
    assert handover.obeyed(config) == {"wifi_v": 7, "wifi_open": False, "wifi_held": True, "wifi_radio": "off"}


def test_a_clock_that_was_set_once_stays_set_until_the_machine_starts_anew(tmp_path: Path) -> None:
    config, file = replace(own(tmp_path), wifi_v=3), tmp_path / "wifi.json"

    def said() -> object:
        return json.loads(file.read_text()).get("clock")

    handover.write_wifi(config, {"boot": "a", "set": False})
    assert said() == {"boot": "a", "set": False}
    handover.write_wifi(config, {"boot": "a", "set": True})
    before = file.stat()
    handover.write_wifi(config, {"boot": "a", "set": False})
    assert said() == {"boot": "a", "set": True}, "the line is gone, the clock runs on"
    assert file.stat().st_ino == before.st_ino, "nothing is written twice: the card lives longer"
    handover.write_wifi(config, {"boot": "b", "set": False})
    assert said() == {"boot": "b", "set": False}
    handover.write_wifi(config, None)
    assert said() is None, "a sandbox hides the clock's state"


def test_the_nodes_own_file_is_sent_unless_it_is_missing_or_too_long(tmp_path: Path) -> None:
    file = tmp_path / "node.toml"
    assert handover.own_file(file, "lake") is None
    file.write_text("[node]\n")
    assert handover.own_file(file, "lake") == {"name": "node.toml", "text": "[node]\n"}
    file.write_text("#" * 40_000)
    assert handover.own_file(file, "lake") is None
