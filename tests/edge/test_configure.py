"""Provisioning and the technician write the same node.toml, and neither takes the other's work away."""

import sys
import tomllib
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.enrolment import Identity
from edge.tools import enrol

NODE = """[node]
name = "lake-b1"
hub = "https://hub.example"

[state]
directory = "{state}"

[[bays]]
id = "lake-001"
sensor = "ultrasonic"
trigger = 23
echo = 24
"""


@pytest.fixture
def wanted(tmp_path: Path) -> Path:
    directory = tmp_path / "wanted"
    directory.mkdir()
    (directory / "10-edge.toml").write_text(NODE.format(state=tmp_path / "state"))
    (directory / "20-portal.toml").write_text('[portal]\nhost = "wlan.example"\n')
    return directory


def configure(wanted: Path, *options: str) -> int:
    config = str(wanted.parent / "node.toml")
    return main(["configure", "--wanted", str(wanted), "--config", config, *options])


def test_the_second_run_changes_nothing(wanted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert configure(wanted, "--dry-run") == 0
    assert not (wanted.parent / "node.toml").exists()
    assert configure(wanted) == 0
    assert configure(wanted) == 0
    assert capsys.readouterr().out.split() == ["changed", "changed", "unchanged"]
    assert 'host = "wlan.example"' in (wanted.parent / "node.toml").read_text()


def test_the_enrolled_broker_and_the_measured_thresholds_outlive_a_run(wanted: Path, capsys) -> None:
    config, state = wanted.parent / "node.toml", wanted.parent / "state"
    state.mkdir()
    for name in ("hub-ca.crt", "node.pem"):
        (state / name).write_text("")
    configure(wanted)
    enrol._write(config, "https://hub.example", state, Identity("lake-b1", "mqtts://hub.example:8883", 0))
    text = config.read_text()
    config.write_text(text.replace("echo = 24\n", "echo = 24\noccupied_below_m = 0.7\nfree_above_m = 1.1\n"))
    capsys.readouterr()
    assert configure(wanted) == 0
    assert configure(wanted) == 0
    assert capsys.readouterr().out.split()[-1] == "unchanged"
    assert "mqtts://hub.example:8883" in config.read_text()
    assert "occupied_below_m = 0.7" in config.read_text()
    (wanted / "10-edge.toml").write_text((wanted / "10-edge.toml").read_text() + "occupied_below_m = 0.9\n")
    assert configure(wanted) == 0
    assert "occupied_below_m = 0.9" in config.read_text(), "what provisioning says itself counts"


def test_what_the_hub_says_now_counts_and_while_it_is_silent_what_it_said_before(wanted: Path, capsys) -> None:
    """Its broker after a new name of the hub, its key for roaming visitors."""
    config, state = wanted.parent / "node.toml", wanted.parent / "state"
    state.mkdir()
    for name in ("hub-ca.crt", "node.pem"):
        (state / name).write_text("")
    (wanted / "20-portal.toml").write_text("[roaming]\n")
    assert configure(wanted, "--broker", "mqtts://hub.example:8883") == 0
    assert "broker" not in tomllib.loads(config.read_text()), "who is not enrolled has none"
    enrol._write(config, "https://hub.example", state, Identity("lake-b1", "mqtts://hub.example:8883", 0))
    said = ("--broker", "mqtts://new.example:8883", "--hub-key", "a" * 64)
    for options in (said, said, (), ("--hub-key", "")):
        assert configure(wanted, *options) == 0
        found = tomllib.loads(config.read_text())
        assert found["broker"]["url"] == "mqtts://new.example:8883"
        assert found["broker"]["cert_file"] == str(state / "node.pem")
        assert found["roaming"]["hub_key"] == "a" * 64
    assert capsys.readouterr().out.split()[-3:] == ["unchanged"] * 3
    (wanted / "20-portal.toml").write_text(f'[roaming]\nhub_key = "{"b" * 64}"\n')
    assert configure(wanted, *said) == 0
    assert tomllib.loads(config.read_text())["roaming"]["hub_key"] == "b" * 64, "what provisioning says itself counts"


def test_what_a_program_refuses_is_not_written_and_its_words_are_said(wanted: Path, capsys) -> None:
    (wanted / "20-portal.toml").write_text('[portal]\nhost = "no name"\n')
    check = f"{sys.executable} -m captive_portal dnsmasq --config"
    assert configure(wanted, "--verify", check) == 2
    assert "[node] label must be a text" in capsys.readouterr().err
    assert not (wanted.parent / "node.toml").exists()
    (wanted / "30-more.toml").write_text("[portal]\n")
    assert configure(wanted) == 2
    assert "two files want [portal]" in capsys.readouterr().err
