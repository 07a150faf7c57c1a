"""A node whose certificate is another one's: the broker takes the connection, and nothing that it says."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.__main__ import main
from tests.hub.fleet.test_broker import Hub

pytestmark = pytest.mark.process
_PATIENCE_S = 20


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    yield made
    made.close()


def asked(config: Path, words: str) -> dict[str, dict[str, str]]:
    """What the doctor says by area, as soon as these words stand in the broker's line."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        command = [sys.executable, "-m", "edge", "doctor", "--json", "--config", str(config)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        found = {row["area"]: row for row in json.loads(said)["findings"]}
        if words in found["broker"]["text"]:
            return found
        assert time.monotonic() < deadline, found["broker"]


def test_the_doctor_of_a_renamed_node_says_that_it_is_refused(hub: Hub, tmp_path: Path) -> None:
    config, state = tmp_path / "node.toml", tmp_path / "node-state"
    assert main(["enrol", hub.code("lake-b1"), "--hub", hub.url, "--config", str(config), "--state", str(state)]) == 0
    levels = []
    for name, words in (("lake-b1", "is connected to"), ("hall-b1", "refuses what this node says (Not authorized)")):
        config.write_text(config.read_text().replace('name = "lake-b1"', f'name = "{name}"'))
        command = [sys.executable, "-m", "edge", "--mock", "--config", str(config)]
        agent = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            found = asked(config, words)
        finally:
            agent.terminate()
            agent.wait(10)
        levels.append((found["broker"]["level"], found["certificate"]["level"]))
    assert levels == [("ok", "ok"), ("bad", "bad")]
    assert found["certificate"]["text"] == "the certificate is lake-b1's, but this node is hall-b1"
    assert "enrol CODE" in found["broker"]["advice"]
