"""A node that was told nothing but a code and an address, at a hub whose certificate is of the town's own authority."""

import http.client
import json
import logging
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from edge import enrolment, trust
from edge.__main__ import main
from edge.doctor.neighbours import try_hub
from edge.rules.release import ReleaseError
from edge.update.fetch import Fetch
from edge.update.order import Order
from hub import app as wiring
from hub import identities
from hub.core.authority import Authority
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.settings import Settings
from tests import ready
from tests.hub import town

pytestmark = pytest.mark.process
_MANY = 825


def certified(authority: Authority, directory: Path, *hosts: str) -> ssl.SSLContext:
    """What a server needs to speak TLS with a certificate of this authority."""
    issued, key = authority.issue_pair(hosts[0], now_ms(), _MANY, hosts)
    (pair := directory / f"{hosts[0]}.pem").write_bytes(issued.pem.encode() + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return context


class Hub:
    """The web application behind TLS; nobody but its own authority vouches for it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        facts = town.write(directory / "town")
        (facts / "town.json").write_text('{"name": "Bad Rappenau", "address": "Kirchplatz 4"}')
        self.settings = Settings(state_dir=directory, town=str(facts))
        ready.migrate(self.settings)
        self.database = Database(self.settings.database)
        self.database.write(lambda session: fleet.seed(session, facts))
        self.authority = Authority(self.settings.authority_dir)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        context = certified(self.authority, directory, "127.0.0.1")
        application = wiring.create_app(self.settings)
        self.server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=context)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_port}"

    def code(self, node: str = "lake-b1") -> str:
        return self.database.write(lambda session: fleet.make_code(session, self.authority, node, now_ms())).code

    def close(self) -> None:
        self.server.shutdown()
        self.database.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path / "hub")
    yield made
    made.close()


class Between:
    """Somebody between node and hub: has a certificate of an authority of his own, shows `shown` as the town's, and
    keeps everything that he is told."""

    def __init__(self, directory: Path, shown: str, own: Authority) -> None:
        self.heard: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.heard.append(self.path.encode())
                self.answer(shown.encode())

            def do_POST(self) -> None:
                outer.heard.append(said := self.rfile.read(int(self.headers["Content-Length"])))
                issued = own.issue_node(json.loads(said)["csr"], "lake-b1", now_ms(), 90)
                body = {"node": "lake-b1", "certificate": issued.pem, "authority": own.pem}
                body |= {"until": "2027-04-15T08:00:00.000Z", "broker": "mqtts://evil.example"}
                self.answer(json.dumps(body).encode())

            def answer(self, body: bytes) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = certified(own, directory, "127.0.0.1")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_port}"


def enrolled(hub: Hub, directory: Path) -> tuple[Path, Path]:
    """(node.toml, state directory) of a node that was told a code and the address."""
    config, state = directory / "node.toml", directory / "state"
    assert main(["enrol", hub.code(), "--hub", hub.url, "--config", str(config), "--state", str(state)]) == 0
    return config, state


def test_a_code_and_the_address_are_enough_at_a_hub_of_the_towns_own_authority(hub: Hub, tmp_path: Path) -> None:
    config, state = enrolled(hub, tmp_path)
    assert (state / trust.PINNED).read_text() == hub.authority.pem
    before = (state / enrolment.CERTIFICATE).read_bytes()
    assert main(["renew", "--config", str(config)]) == 0, "the renewal believes what was pinned"
    assert (state / enrolment.CERTIFICATE).read_bytes() != before
    assert main(["enrol", hub.code(), "--config", str(config)]) == 0, "the address and the directory are known by now"


def test_a_code_for_another_node_is_refused_where_the_name_was_said(hub: Hub, tmp_path: Path, capsys) -> None:
    config, state = enrolled(hub, tmp_path)
    files = [config, *state.iterdir()]
    before = [file.read_bytes() for file in files]
    code = hub.code("hall-b1")
    assert main(["enrol", code, "--name", "lake-b1", "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert "The code was for hall-b1, and this node is lake-b1" in said
    assert "nothing was kept" in said
    assert "node enrol lake-b1" in said
    assert [file.read_bytes() for file in files] == before
    assert main(["enrol", hub.code(), "--name", "lake-b1", "--config", str(config)]) == 0


def test_the_doctor_and_a_download_believe_the_pinned_authority_and_nobody_who_is_not_known(
    hub: Hub, tmp_path: Path
) -> None:
    _, state = enrolled(hub, tmp_path)
    assert try_hub(hub.url, state / trust.PINNED)[0] is None
    trouble, _ = try_hub(hub.url, tmp_path / "nothing")
    assert trouble is not None
    assert trouble.kind == "authority"
    (state / "update").mkdir()

    def not_again(_failures: int) -> None:
        raise ReleaseError("the connection failed")

    fetch = Fetch(state / "update", tmp_path / "key", not_again)
    order = Order("r1-1", f"{hub.url}/api/fleet/releases/0.1.0-0123456789ab")
    assert fetch.run(order, "node-x86_64") is False
    assert "has no such release any more (404)" in (state / "update/fetch.json").read_text(), "the hub was reached"


def test_somebody_between_hears_no_code_whatever_authority_he_shows(hub: Hub, tmp_path: Path) -> None:
    own = Authority(tmp_path / "own")
    both = hub.authority.pem.strip() + "\n" + own.pem
    shown = {"his own": (own.pem, "does not fit the code"), "ours": (hub.authority.pem, "is not believed")}
    for pem, reason in (*shown.values(), (both, "does not fit|is not believed")):
        between = Between(tmp_path, pem, own)
        with pytest.raises(enrolment.EnrolmentError, match=reason):
            enrolment.enrol(between.url, hub.code(), tmp_path / "state")
        between.server.shutdown()
        assert between.heard == [b"/api/fleet/authority"]
        assert not (tmp_path / "state").exists()


def test_a_second_certificate_behind_the_true_one_is_not_believed(tmp_path: Path) -> None:
    """Base64 that ends with "=" hides what follows from a careless reader, and from the fingerprint with it."""
    own = Authority(tmp_path / "own")
    number = 0
    while not (true := Authority(tmp_path / str(number))).pem.partition("\n-----END")[0].endswith("="):
        number += 1
    code = "2" * 12 + true.fingerprint[12:20] + true.fingerprint[:12]
    between = Between(tmp_path, true.pem.strip() + "\n" + own.pem, own)
    with pytest.raises(enrolment.EnrolmentError, match=r"does not fit|is not believed"):
        enrolment.enrol(between.url, code, tmp_path / "state")
    between.server.shutdown()
    assert between.heard == [b"/api/fleet/authority"]


def test_of_the_fingerprint_eighty_bits_count_and_a_short_code_pins_nobody(hub: Hub, tmp_path: Path) -> None:
    code = hub.code().replace("-", "")
    wrong = code[:12] + ("0" if code[12] != "0" else "1") + code[13:]  # its last 48 bits still fit
    with pytest.raises(enrolment.EnrolmentError, match=r"does not fit the code.*was not sent"):
        enrolment.enrol(hub.url, wrong, tmp_path / "state")
    with pytest.raises(enrolment.EnrolmentError, match="has 31"):
        enrolment.enrol(hub.url, code[:-1], tmp_path / "state")
    with pytest.raises(enrolment.EnrolmentError, match="is not believed"):
        enrolment.enrol(hub.url, code[:12] + code[20:], tmp_path / "state")


def test_the_authority_is_for_everybody_and_nothing_else_is_sent_in_the_clear(hub: Hub, tmp_path: Path) -> None:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", hub.server.server_port, context=trust.context(hub.settings.authority_dir / "ca.crt")
    )
    connection.request("GET", "/api/fleet/authority")
    answer = connection.getresponse()
    assert (answer.status, answer.read().decode()) == (200, hub.authority.pem)
    connection.close()
    with pytest.raises(enrolment.EnrolmentError, match="must begin with https"):
        enrolment.enrol("http://hub.example", hub.code(), tmp_path / "state")


def test_what_the_hub_prints_is_english_and_is_typed_as_it_stands(hub: Hub, tmp_path: Path) -> None:
    said = identities.enrol(hub.settings.model_copy(update={"public_url": hub.url}), "lake-b1", 24, as_json=False)
    assert "Node lake-b1; the code is good once, until " in said
    words = said.strip().splitlines()[-1].split()
    assert words[:3] == ["sudo", "stadtknoten-edge", "enrol"]
    options = ["--config", str(tmp_path / "node.toml"), "--state", str(tmp_path / "state")]
    assert main([*words[2:], *options]) == 0
    assert identities.revoke(hub.settings, "lake-b1").startswith("lake-b1: 1 certificate revoked, ")


def test_without_an_address_anywhere_the_technician_is_asked_for_it(tmp_path: Path, capsys) -> None:
    config = tmp_path / "node.toml"
    assert main(["enrol", "7KQF-2M9X", "--config", str(config)]) == 2
    assert "--hub https://" in capsys.readouterr().err
