"""`python -m edge` as a process, against a real broker."""

import json
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge import wire
from hub.core.embedded import EmbeddedBroker
from tests.servers import Mosquitto, free_port, wait_for_port

pytestmark = pytest.mark.process
GOLDEN = Path(__file__).parents[1] / "wire" / "golden"


class Listener:
    """Hears what a node says and answers as the hub would."""

    def __init__(self, port: int, protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5) -> None:
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, "listener", protocol=protocol)
        self.client.on_message = lambda _client, _data, said: self.messages.put((said.topic, said.payload))
        subscribed: queue.Queue[bool] = queue.Queue()
        self.client.on_subscribe = lambda *_: subscribed.put(True)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe(wire.ALL_UP, qos=1)
        subscribed.get(timeout=10)

    def next(self, kind: str, seconds: float = 20.0) -> dict:
        """The next message of a kind."""
        deadline = time.monotonic() + seconds
        while True:
            topic, payload = self.messages.get(timeout=max(0.1, deadline - time.monotonic()))
            if topic.endswith("/" + kind) and payload:
                return wire.decode(kind, payload)

    def ack(self, node: str, outbox: str, seq: int) -> None:
        self.client.publish(wire.down(node, "ack"), wire.encode("ack", {"outbox": outbox, "seq": seq}), qos=1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "node.toml"


def write(config: Path, port: int) -> None:
    config.write_text(
        f"""
[node]
name = "lake-b1"
[broker]
url = "mqtt://127.0.0.1:{port}"
[state]
directory = "{config.parent / "state"}"
[rules]
occupied_after_s = 0.2
free_after_s = 0.2
sample_s = 0.1
status_s = 1
[[bays]]
id = "lake-001"
sensor = "digital"
pin = 17
"""
    )


@pytest.fixture
def agent(config: Path) -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def start(config: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge", "--config", str(config), "--mock"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def test_a_pin_line_becomes_a_bay_message_like_the_golden_one(mosquitto: Mosquitto, config: Path, agent: list) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    status = hub.next("status")
    assert (status["state"], status["protocol"]) == ("online", "MQTT 5")
    assert hub.next("bay")["state"] == "free"
    say(agent[0], "17 0")  # active low: the sensor pulls the pin down when a car is there
    body = hub.next("bay")
    golden = json.loads((GOLDEN / "bay.json").read_text())
    assert (body["bay"], body["state"], body["seq"]) == ("lake-001", "occupied", 2)
    assert set(body) == set(golden) - {"distance_m", "repeat_s"}
    assert {type(body[field]) for field in body} <= {type(value) for value in golden.values()}
    hub.close()


def test_a_row_is_sent_again_after_a_restart_until_the_hub_acks(
    mosquitto: Mosquitto, config: Path, agent: list
) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    first = hub.next("bay")  # the broker took it and PUBACKed, the hub says nothing
    agent[0].kill()
    agent[0].wait()
    agent.append(start(config))
    again = hub.next("bay")
    assert (again["outbox"], again["seq"]) == (first["outbox"], first["seq"])
    hub.ack("lake-b1", str(first["outbox"]), int(first["seq"]))
    say(agent[1], "17 0")
    assert hub.next("bay")["seq"] == 2
    hub.close()


def test_the_last_will_says_offline_when_the_agent_is_killed(mosquitto: Mosquitto, config: Path, agent: list) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    assert hub.next("status")["state"] == "online"
    agent[0].kill()
    assert until(hub, lambda status: status["state"] == "offline")
    hub.close()


def test_sigterm_says_goodbye_and_ends(mosquitto: Mosquitto, config: Path, agent: list) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    assert hub.next("status")["state"] == "online"
    agent[0].terminate()
    assert until(hub, lambda status: status["state"] == "offline")
    assert agent[0].wait(10) == 0
    hub.close()


def test_a_broker_of_the_old_protocol_is_spoken_to_in_3_1_1(config: Path, agent: list) -> None:
    port = free_port()
    broker = EmbeddedBroker("127.0.0.1", port)
    broker.start()
    assert wait_for_port(port)
    hub = Listener(port, MQTTProtocolVersion.MQTTv311)
    write(config, port)
    agent.append(start(config))
    assert hub.next("status", 15)["protocol"] == "MQTT 3.1.1"
    hub.close()
    broker.stop()


def test_a_wrong_line_on_standard_input_is_answered_and_ignored(
    mosquitto: Mosquitto, config: Path, agent: list
) -> None:
    write(config, mosquitto.port)
    agent.append(start(config))
    say(agent[0], "99 maybe")
    assert agent[0].stderr is not None
    assert any("99" in line and "Traceback" not in line for line in iter(agent[0].stderr.readline, ""))


def test_a_wrong_configuration_ends_with_one_line(config: Path) -> None:
    config.write_text("[node]\n")
    process = start(config)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert errors.count("\n") == 1
    assert "name" in errors


def later(seconds: float) -> str:
    return wire.format_ms(time.time_ns() // 1_000_000 + int(seconds * 1000))


def test_configuration_of_the_hub_is_applied_refused_and_kept_over_a_restart(
    mosquitto: Mosquitto, config: Path, agent: list
) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    good = {"v": 4, "ts": later(0), "rules": {"occupied_after_s": 3, "free_after_s": 3}}
    hub.client.publish(wire.down("lake-b1", "config"), wire.encode("config", good), qos=1, retain=True)
    agent.append(start(config))
    assert until(hub, lambda status: status.get("config_v") == 4)
    bad = {"v": 5, "ts": later(0), "rules": {"max_flips": "many"}}
    hub.client.publish(wire.down("lake-b1", "config"), wire.encode("config", bad), qos=1, retain=True)
    refused = until(hub, lambda status: status.get("refused_v") == 5)
    assert refused["config_v"] == 4
    assert "max_flips" in refused["refused_why"]
    hub.client.publish(wire.down("lake-b1", "config"), b"", qos=1, retain=True)
    agent[0].kill()
    agent[0].wait()
    agent.append(start(config))
    assert until(hub, lambda status: status.get("config_v") == 4), "the last good one was kept"


def until(hub: Listener, right) -> dict:
    for _ in range(20):
        status = hub.next("status")
        if right(status):
            return status
    raise AssertionError("no such status came")


def test_a_restart_that_the_hub_asks_for_happens_once_and_loses_nothing(
    mosquitto: Mosquitto, config: Path, agent: list
) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    assert hub.next("status")["state"] == "online"
    assert hub.next("bay")["seq"] == 1
    asked = {"id": "c-1", "name": "restart", "ts": later(0), "until": later(60)}
    for _ in range(2):  # the broker may deliver one twice
        hub.client.publish(wire.down("lake-b1", "command"), wire.encode("command", asked), qos=1)
    answer = hub.next("answer")
    assert (answer["id"], answer["ok"]) == ("c-1", True)
    assert until(hub, lambda status: status["state"] == "offline")
    assert until(hub, lambda status: status["state"] == "online")
    assert hub.next("bay")["seq"] == 1, "the row that nobody acked is sent again by the same process"
    assert agent[0].poll() is None
    with pytest.raises(queue.Empty):
        hub.next("answer", 2)


def test_a_node_without_a_light_says_so(mosquitto: Mosquitto, config: Path, agent: list) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    hub.next("status")
    asked = {"id": "c-2", "name": "identify", "ts": later(0), "until": later(60)}
    hub.client.publish(wire.down("lake-b1", "command"), wire.encode("command", asked), qos=1)
    answer = hub.next("answer")
    assert (answer["ok"], "light" in answer["text"]) == (False, True)


def test_a_broken_file_is_not_reread(mosquitto: Mosquitto, config: Path, agent: list) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    hub.next("status")
    config.write_text("[node")
    asked = {"id": "c-3", "name": "reread", "ts": later(0), "until": later(60)}
    hub.client.publish(wire.down("lake-b1", "command"), wire.encode("command", asked), qos=1)
    answer = hub.next("answer")
    assert (answer["ok"], "TOML" in answer["text"]) == (False, True)


def test_what_the_broker_refuses_stays_in_the_outbox(tmp_path: Path, config: Path, agent: list) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic write node/v1/lake-b1/status\ntopic read #\n")
    with Mosquitto(tmp_path / "strict", extra=(f"acl_file {rules}",)) as broker:
        hub = Listener(broker.port)
        write(config, broker.port)
        agent.append(start(config))
        assert hub.next("status")["state"] == "online"
        with pytest.raises(queue.Empty):
            hub.next("bay", 2)
        assert until(hub, lambda status: status["waiting"] >= 1 or status["state"] == "offline")


def test_the_broker_keeps_a_command_for_a_node_that_is_away_for_a_moment(
    mosquitto: Mosquitto, config: Path, agent: list
) -> None:
    hub = Listener(mosquitto.port)
    write(config, mosquitto.port)
    agent.append(start(config))
    assert until(hub, lambda status: status["state"] == "online")
    agent[0].kill()
    agent[0].wait()
    assert until(hub, lambda status: status["state"] == "offline")
    asked = {"id": "c-9", "name": "identify", "ts": later(0), "until": later(60)}
    hub.client.publish(wire.down("lake-b1", "command"), wire.encode("command", asked), qos=1)
    agent.append(start(config))
    assert hub.next("answer")["id"] == "c-9"
