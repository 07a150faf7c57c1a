"""The broker's configuration from the role's templates, on a real Mosquitto with real certificates."""

import logging
import queue
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import jinja2
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from werkzeug.serving import make_server

from edge import enrolment, wire
from hub import app as wiring
from hub import identities
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.settings import Settings
from tests import ready
from tests.hub import town
from tests.servers import free_port, program, wait_for_port

pytestmark = pytest.mark.process
TEMPLATES = Path(__file__).parents[3] / "ansible" / "roles" / "broker" / "templates"


class Broker:
    """Mosquitto with the role's own configuration."""

    def __init__(self, directory: Path, tls: Path) -> None:
        self.port, self.hub_port, self._directory = free_port(), free_port(), directory
        values = {
            "broker_port": self.port,
            "broker_hub_port": self.hub_port,
            "broker_address": "127.0.0.1",
            "broker_tls_dir": tls,
            "broker_config_dir": directory,
            "broker_data_dir": directory,
            "broker_user": "root",
        }
        for name, file in (("mosquitto.conf.j2", "mosquitto.conf"), ("acl.j2", "acl")):
            template = jinja2.Template((TEMPLATES / name).read_text(), undefined=jinja2.StrictUndefined)
            (directory / file).write_text(template.render(values))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = (self._directory / "mosquitto.log").open("ab")
        command = [program("mosquitto", "mosquitto"), "-c", str(self._directory / "mosquitto.conf"), "-v"]
        self._process = subprocess.Popen(command, stdout=log, stderr=log)
        assert wait_for_port(self.port) and wait_for_port(self.hub_port), (
            self._directory / "mosquitto.log"
        ).read_text()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def restart(self) -> None:
        self.stop()
        self.start()


class Hub:
    """Web application, certificates and broker of a tiny town."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        facts = town.write(directory / "town")
        (facts / "town.json").write_text('{"name": "Bad Rappenau", "address": "Kirchplatz 4"}')
        self.tls, broker_dir = directory / "tls", directory / "broker"
        broker_dir.mkdir()
        plain = Settings(state_dir=directory, town=str(facts))
        ready.migrate(plain)
        self.database = Database(plain.database)
        self.database.write(lambda session: fleet.seed(session, facts))
        self.database.write(lambda session: parking.seed(session, facts))
        identities.write_pairs(plain, self.tls, ["127.0.0.1", "localhost"], 30)
        self.broker = Broker(broker_dir, self.tls)
        self.settings = plain.model_copy(update={"node_broker_url": f"mqtts://127.0.0.1:{self.broker.port}"})
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", self.port, wiring.create_app(self.settings), threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.broker.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def code(self, node: str) -> str:
        authority = wiring_authority(self.settings)
        return self.database.write(lambda session: fleet.make_code(session, authority, node, now_ms())).code

    def enrol(self, node: str) -> Path:
        """A device's state directory with its certificate."""
        state = self.directory / f"state-{node}"
        enrolment.enrol(self.url, self.code(node), state)
        return state

    def close(self) -> None:
        self.server.shutdown()
        self.broker.stop()
        self.database.close()


def wiring_authority(settings: Settings):
    from hub.core.authority import Authority

    return Authority(settings.authority_dir)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path)
    yield made
    made.close()


class Client:
    """One MQTT 5 client with a certificate (and key in the same file, or beside it)."""

    def __init__(
        self, hub: Hub, certificate: Path | None, key: Path | None = None, *, name: str = "", clean: bool = True
    ) -> None:
        """`name` is the client id that it asks for; without `clean` its session stays at the broker for a minute."""
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.reasons: queue.Queue[object] = queue.Queue()
        self._published: queue.Queue[int] = queue.Queue()
        self._granted: queue.Queue[int] = queue.Queue()
        context = ssl.create_default_context(cafile=str(hub.tls / "ca.crt"))
        if certificate is not None:
            context.load_cert_chain(str(certificate), str(key) if key else None)
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False
        )
        self.client.tls_set_context(context)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.reasons.put(reason)
        self.client.on_publish = lambda _c, _d, _m, reason, _p: self._published.put(reason.value)
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self._granted.put(reasons[0].value)
        self.client.on_message = lambda _c, _d, message: self.heard.put((message.topic, message.payload))
        self.gone = threading.Event()
        self.client.on_disconnect = lambda *_: self.gone.set()
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 0 if clean else 60
        port = hub.broker.hub_port if key else hub.broker.port
        self.client.connect("127.0.0.1", port, clean_start=clean, properties=session)
        self.client.loop_start()
        reason = self.reasons.get(timeout=10)
        if getattr(reason, "is_failure", True):
            raise ConnectionError(str(reason))

    def publish(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> int:
        """The broker's reason code: 0 taken, 16 nobody listens, 135 not allowed."""
        self.client.publish(topic, payload, qos=1, retain=retain)
        return self._published.get(timeout=10)

    def subscribe(self, topic: str) -> int:
        self.client.subscribe(topic, qos=1)
        return self._granted.get(timeout=10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def connects(hub: Hub, certificate: Path | None) -> bool:
    try:
        Client(hub, certificate).close()
    except (OSError, queue.Empty):
        return False
    return True


def test_a_node_writes_its_own_topics_and_no_others(hub: Hub) -> None:
    lake, hall = hub.enrol("lake-b1"), hub.enrol("hall-b1")
    ears = Client(hub, hub.tls / "hub.crt", hub.tls / "hub.key")
    ears.subscribe("node/#")
    node = Client(hub, lake / enrolment.CERTIFICATE)
    assert node.publish("node/v1/lake-b1/bay") == 0
    assert node.publish("node/v1/hall-b1/bay") == 135
    assert node.publish("node/v1/lake-b1x/bay") == 135
    assert node.publish("hub/v1/hall-b1/ack") == 135
    assert node.publish("hub/v1/all/bulletin") == 135
    assert [ears.heard.get(timeout=5)[0]] == ["node/v1/lake-b1/bay"]
    other = Client(hub, hall / enrolment.CERTIFICATE)
    node.subscribe("hub/v1/#")
    other.subscribe("hub/v1/hall-b1/+")
    for name in ("lake-b1", "hall-b1"):
        ears.publish(f"hub/v1/{name}/ack", name.encode())
    assert other.heard.get(timeout=5) == ("hub/v1/hall-b1/ack", b"hall-b1")
    assert node.heard.get(timeout=5) == ("hub/v1/lake-b1/ack", b"lake-b1")
    time.sleep(0.3)
    assert node.heard.empty()
    assert ears.heard.empty()
    for client in (ears, node, other):
        client.close()


def ours(hub: Hub, name: str = "", *, clean: bool = True) -> Client:
    """A program of the hub."""
    return Client(hub, hub.tls / "hub.crt", hub.tls / "hub.key", name=name, clean=clean)


@pytest.mark.parametrize(
    "name", ["stadtknoten-ingest", "stadtknoten-worker", "stadtknoten hub", "hall-b1", "hall-b1-1f"]
)
def test_a_nodes_certificate_takes_over_no_other_connection_whatever_client_id_it_asks_for(hub: Hub, name: str) -> None:
    lake, hall = (hub.enrol(node) / enrolment.CERTIFICATE for node in ("lake-b1", "hall-b1"))
    others = [ours(hub, "stadtknoten-ingest"), ours(hub, "stadtknoten-worker"), Client(hub, hall, name="hall-b1-1f")]
    thief = Client(hub, lake, name=name)
    assert thief.publish("node/v1/lake-b1/bay") in (0, 16)
    assert not any(other.gone.wait(0.3) for other in others)
    assert [other.publish("hub/v1/all/x") for other in others] == [16, 16, 135]
    for client in (thief, *others):
        client.close()


def test_what_the_hub_has_not_taken_is_not_deleted_by_a_node_that_uses_its_client_id(hub: Hub) -> None:
    lake = hub.enrol("lake-b1") / enrolment.CERTIFICATE
    ingest = ours(hub, "stadtknoten-ingest", clean=False)
    ingest.subscribe("node/#")
    ingest.close()
    node = Client(hub, lake, name="stadtknoten-ingest")
    assert node.publish("node/v1/lake-b1/bay", b"reading") == 0
    node.close()
    again = ours(hub, "stadtknoten-ingest", clean=False)
    assert again.heard.get(timeout=5) == ("node/v1/lake-b1/bay", b"reading")
    again.close()


def test_a_nodes_session_waits_for_it_over_a_restart_of_the_broker_and_under_any_client_id(hub: Hub) -> None:
    lake = hub.enrol("lake-b1") / enrolment.CERTIFICATE
    node = Client(hub, lake, name="lake-b1-old", clean=False)
    node.subscribe("hub/v1/lake-b1/+")
    node.close()
    hub.broker.restart()
    worker = ours(hub)
    assert worker.publish("hub/v1/lake-b1/grant", b"kept") == 0
    again = Client(hub, lake, name="lake-b1-new", clean=False)
    assert again.heard.get(timeout=5) == ("hub/v1/lake-b1/grant", b"kept")
    for client in (worker, again):
        client.close()


def test_two_devices_with_one_certificate_drive_each_other_out_and_the_hub_hears_both(hub: Hub) -> None:
    lake, ears = hub.enrol("lake-b1") / enrolment.CERTIFICATE, ours(hub)
    ears.subscribe("node/#")
    first = Client(hub, lake, name="lake-b1-first")
    first.publish("node/v1/lake-b1/status", b"first")
    second = Client(hub, lake, name="lake-b1-second")
    assert first.gone.wait(5)
    second.publish("node/v1/lake-b1/status", b"second")
    assert [ears.heard.get(timeout=5)[1] for _ in range(2)] == [b"first", b"second"]
    for client in (ears, second):
        client.close()


def test_without_a_certificate_of_the_town_nobody_connects(hub: Hub, tmp_path: Path) -> None:
    from hub.core.authority import Authority

    stranger = tmp_path / "stranger.pem"
    issued, key = Authority(tmp_path / "other-ca").issue_pair("lake-b1", now_ms(), 30)
    stranger.write_bytes(issued.pem.encode() + key)
    assert not connects(hub, None)
    assert not connects(hub, stranger)


def test_a_revoked_node_cannot_connect_and_the_others_can(hub: Hub) -> None:
    lake, hall = hub.enrol("lake-b1"), hub.enrol("hall-b1")
    assert connects(hub, lake / enrolment.CERTIFICATE)
    identities.revoke(hub.settings, "lake-b1", hub.tls / "crl.pem")
    hub.broker.restart()
    assert not connects(hub, lake / enrolment.CERTIFICATE)
    assert connects(hub, hall / enrolment.CERTIFICATE)


def test_a_renewed_certificate_connects_and_the_key_is_new(hub: Hub) -> None:
    lake = hub.enrol("lake-b1")
    before = (lake / enrolment.CERTIFICATE).read_bytes()
    enrolment.renew(hub.url, lake, "lake-b1")
    assert (lake / enrolment.CERTIFICATE).read_bytes() != before
    assert (lake / enrolment.CERTIFICATE).stat().st_mode & 0o777 == 0o600
    assert connects(hub, lake / enrolment.CERTIFICATE)


def test_what_the_hub_refuses_is_said_to_the_technician_and_nothing_is_kept(hub: Hub, tmp_path: Path, capsys) -> None:
    from edge.__main__ import main

    used = hub.code("lake-b1")
    enrolment.enrol(hub.url, used, tmp_path / "first")
    arguments = ["enrol", used, "--hub", hub.url, "--config", str(tmp_path / "n.toml"), "--state", str(tmp_path / "s")]
    assert main(arguments) == 1
    assert "used already" in capsys.readouterr().err
    assert not (tmp_path / "n.toml").exists()
    wrong_authority = hub.code("hall-b1")[:-4] + "0000"
    with pytest.raises(enrolment.EnrolmentError, match=r"not known|does not fit"):
        enrolment.enrol(hub.url, wrong_authority, tmp_path / "third")
    assert not (tmp_path / "third").exists()


def test_from_a_one_time_code_to_a_node_that_the_hub_shows(hub: Hub, tmp_path: Path) -> None:
    from edge.__main__ import main

    config, state = tmp_path / "node.toml", tmp_path / "node-state"
    assert main(["enrol", hub.code("lake-b1"), "--hub", hub.url, "--config", str(config), "--state", str(state)]) == 0
    environment = {
        "HUB_STATE_DIR": str(hub.directory),
        "HUB_BROKER_URL": f"mqtts://localhost:{hub.broker.hub_port}",
        "HUB_BROKER_CA_FILE": str(hub.tls / "ca.crt"),
        "HUB_BROKER_CERT_FILE": str(hub.tls / "hub.crt"),
        "HUB_BROKER_KEY_FILE": str(hub.tls / "hub.key"),
        "PATH": "/usr/bin",
        "PYTHONPATH": ".",
    }
    ingest = subprocess.Popen([sys.executable, "-m", "hub", "ingest"], env=environment, stderr=subprocess.DEVNULL)
    agent = subprocess.Popen(
        [sys.executable, "-m", "edge", "--mock", "--config", str(config)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        online = False
        while not online and time.monotonic() < deadline:
            with hub.database.read() as session:
                node = fleet.node(session, "lake-b1", now_ms())
            online = node is not None and node.online
            time.sleep(0.2)
        assert node is not None
        assert online, "the hub shows the node"
        assert node.certificate_until is not None
        assert wire.format_ms(node.certificate_until) == enrolment.certificate_until(state)
    finally:
        for process in (agent, ingest):
            process.kill()
            process.wait()
