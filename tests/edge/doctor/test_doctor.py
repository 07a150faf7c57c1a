"""`stadtknoten-edge doctor` as a program, on a node where one thing of each kind is broken at once."""

import datetime
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.doctor import machine
from edge.doctor.examine import certificate_days, room
from tests.servers import free_port

NODE = """
[node]
name = "lake-b1"
hub = "http://127.0.0.1:{hub}"
[broker]
url = "mqtt://127.0.0.1:{broker}"
[state]
directory = "{state}"
[portal]
listen = "*:{page}"
[network]
lan = "lo"
wan = "no-such-line"
ipv4 = "10.77.0.1/16"
gate_socket = "{state}/gate.sock"
lease_file = "{state}/leases"
[radio]
interface = "no-radio"
ssid = "Lab"
country = "XX"
[[bays]]
id = "lake-001"
sensor = "digital"
pin = 17
"""


class _Yesterday(http.server.BaseHTTPRequestHandler):
    """A hub whose clock is a day behind."""

    def do_GET(self) -> None:
        self.send_response_only(200)
        day = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        self.send_header("Date", day.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def hub() -> Iterator[int]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Yesterday)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def old_certificate(file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lake-b1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=100))
        .not_valid_after(now - datetime.timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def doctor(config: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", "doctor", "--config", str(config), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.process
def test_one_round_finds_every_kind_of_trouble_and_says_what_to_do(hub: int, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    old_certificate(state / "node.pem")
    config = tmp_path / "node.toml"
    with socket.create_server(("0.0.0.0", 0)) as occupied:
        page = occupied.getsockname()[1]
        config.write_text(NODE.format(hub=hub, broker=free_port(), state=state, page=page))
        ended = doctor(config, "--json")
        shown = doctor(config)
    found = {row["area"]: row for row in json.loads(ended.stdout)["findings"]}
    assert ended.returncode == 1, "something is bad"
    assert '"XX" does not exist' in found["radio"]["text"]
    assert "ended 10 days ago" in found["certificate"]["text"]
    assert "24 hours ahead" in found["clock"]["text"]
    assert "no interface no-such-line" in found["uplink"]["text"]
    assert "nobody listens there" in found["broker"]["text"]
    assert "agent is not running" in found["sensors"]["text"]
    ports = [row["text"] for row in json.loads(ended.stdout)["findings"] if row["area"] == "ports"]
    assert any(f"port {page} is taken by" in text for text in ports), ports
    assert all(row["advice"] for row in found.values() if row["level"] != "ok")
    assert "BAD   radio" in shown.stdout
    assert "\033[" not in shown.stdout, "no colours into a file"


def test_what_cannot_be_read_is_said_and_nothing_else(tmp_path: Path) -> None:
    assert "cannot be read" in doctor(tmp_path / "none.toml").stdout
    (tmp_path / "half.toml").write_text("[node")
    ended = doctor(tmp_path / "half.toml")
    assert ended.returncode == 1
    assert "not valid TOML" in ended.stdout


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_seen_where_the_state_lies(tmp_path: Path) -> None:
    """A disk of its own that holds 64 KiB, in a mount namespace that nobody else sees."""
    script = (
        f"mount -t tmpfs -o size=64k none {tmp_path} && head -c 65536 /dev/zero > {tmp_path}/x 2>/dev/null; "
        f"{sys.executable} -c 'from pathlib import Path; from edge.doctor.examine import room; "
        f'print(room(Path("{tmp_path}")))\''
    )
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(0, 0, False)", done.stderr


def test_the_room_and_the_certificate_are_read_as_they_are(tmp_path: Path) -> None:
    free, total, writable = room(tmp_path)
    assert free is not None
    assert 0 < free <= total
    assert writable
    assert list(tmp_path.iterdir()) == [], "the trial is gone"
    assert room(tmp_path / "none") == (None, 0, False)
    assert certificate_days(tmp_path / "none") == (None, None)
    old_certificate(tmp_path / "node.pem")
    begins, ends = certificate_days(tmp_path / "node.pem")
    assert begins is not None
    assert ends is not None
    assert ends - begins == 90 * 86_400_000


def test_a_listening_program_is_named_as_a_person_knows_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = [one for one in machine.listeners() if one.port == server.getsockname()[1]]
    assert [(one.protocol, one.pid) for one in held] == [("tcp", os.getpid())]
    assert held[0].program not in ("", "?")
