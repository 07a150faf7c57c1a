"""The sensor's own MQTT client against a real Mosquitto over TLS with client certificates, run by CPython."""

import json
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from edge import wire
from tests.lab.certificates import Authority
from tests.servers import Mosquitto, free_port, wait_for_port

pytestmark = pytest.mark.process
LIB = Path(__file__).parents[2] / "firmware" / "lib"


class _Stream:
    """A TLS socket with the methods that MicroPython's has."""

    def __init__(self, secured: ssl.SSLSocket) -> None:
        self._socket = secured
        self.write, self.close = secured.sendall, secured.close

    def read(self, size: int) -> bytes:
        return self._socket.recv(size)


class _Street:
    """A broker that takes nobody without a certificate of the town."""

    def __init__(self, directory: Path) -> None:
        self.authority, self.port = Authority(directory), free_port()
        self.files = self.authority.issue("sensor", "kurpark-bay-07")
        cert, key = self.authority.issue("broker", "localhost")
        self.lines = (
            f"listener {self.port} 127.0.0.1",
            f"cafile {self.authority.file}", f"certfile {cert}", f"keyfile {key}",
            "require_certificate true",
        )  # fmt: skip

    def connect(self, *, certificate: bool = True) -> _Stream:
        """A stream to the broker."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if certificate:
            context.load_cert_chain(*map(str, self.files))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        return _Stream(context.wrap_socket(plain, server_hostname="localhost"))


@pytest.fixture
def street(tmp_path: Path) -> Iterator[_Street]:
    made = _Street(tmp_path)
    with Mosquitto(tmp_path / "broker", extra=made.lines) as broker:
        assert wait_for_port(made.port)
        made.plain_port = broker.port  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Iterator[type]:
    monkeypatch.syspath_prepend(str(LIB))
    import mqtt

    yield mqtt.Link
    del sys.modules["mqtt"]


def test_it_publishes_subscribes_and_gets_retained_messages_through_a_real_broker(street: _Street, link: type) -> None:
    hub = paho.Client(paho.CallbackAPIVersion.VERSION2)
    heard: list[tuple[str, dict[str, object], int, bool]] = []
    hub.on_message = lambda _c, _d, message: heard.append(
        (message.topic, json.loads(message.payload), message.qos, message.retain)
    )
    hub.connect("127.0.0.1", street.plain_port)
    hub.subscribe("node/+/+/+", qos=1)
    config = {"v": 3, "ts": "2026-11-24T10:00:00.000Z", "rules": {"x": "y" * 300}}
    hub.publish(wire.down("n", "config"), wire.encode("config", config), qos=1, retain=True)
    hub.loop_start()
    try:
        sensor = link(street.connect(), "n-1")
        sensor.subscribe(wire.all_down("n"))
        bay = {"outbox": "o", "seq": 1, "ts": "2026-11-24T10:00:00.000Z", "bay": "b", "state": "free"}
        sensor.publish(wire.up("n", "bay"), wire.encode("bay", bay))
        sensor.publish(wire.up("n", "status"), wire.encode("status", {"ts": bay["ts"], "state": "online"}), retain=True)
        answers = [sensor.receive() for _ in ("subscription", "configuration", "bay", "status")]
        messages = [message for message in answers if message is not None]
        deadline = time.monotonic() + 5
        while len(heard) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert messages == [(wire.down("n", "config"), wire.encode("config", config))]
        assert [(topic, qos) for topic, _body, qos, _retain in heard] == [("node/v1/n/bay", 1), ("node/v1/n/status", 1)]
        assert heard[0][1] == bay
        hub.publish(wire.down("n", "ack"), wire.encode("ack", {"outbox": "o", "seq": 1}), qos=1)
        message = None
        while message is None:
            message = sensor.receive()
        assert wire.decode("ack", message[1]) == {"outbox": "o", "seq": 1}
        sensor.close()
    finally:
        hub.disconnect()
        hub.loop_stop()


def test_without_a_certificate_of_the_town_the_broker_lets_nobody_in(street: _Street, link: type) -> None:
    with pytest.raises(OSError):
        link(street.connect(certificate=False), "n-1")
