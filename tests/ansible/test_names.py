"""What has another name than before is noticed: a certificate that is not this node's, a hub that moved."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.core.authority import Authority
from hub.core.clock import now_ms
from tests.ansible import rendered

DAY_MS = 86_400_000
HOSTS = ("hub.example", "localhost", "127.0.0.1")


@pytest.fixture
def town(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "town")


def fits(directory: Path, certificate: bytes, authority: Authority) -> bool:
    """What the edge role asks of a node that is called lake."""
    (directory / "node.pem").write_bytes(certificate)
    (directory / "ca.crt").write_text(authority.pem)
    script = (rendered.ROLES / "edge/files/fits").read_text()
    command = ["/bin/sh", "-c", script, "fits", str(directory / "node.pem"), "lake", str(directory / "ca.crt")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def pair(authority: Authority, name: str, now: int) -> bytes:
    issued, key = authority.issue_pair(name, now, 90)
    return issued.pem.encode() + key


CERTIFICATES: dict[str, tuple[Callable[[Authority, Path], bytes], bool]] = {
    "its own": (lambda town, _: pair(town, "lake", now_ms()), True),
    "of its old name": (lambda town, _: pair(town, "lake-1", now_ms()), False),
    "of another town": (lambda _, scratch: pair(Authority(scratch / "other"), "lake", now_ms()), False),
    "over": (lambda town, _: pair(town, "lake", now_ms() - 91 * DAY_MS), False),
    "broken": (lambda _, __: b"-----BEGIN CERTIFICATE-----\n", False),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_certificate_counts_for_this_node_and_this_town_alone(town: Authority, tmp_path: Path, kind: str) -> None:
    make, good = CERTIFICATES[kind]
    assert fits(tmp_path, make(town, tmp_path), town) is good


def found_by_look(root: Path, name: str, *broker: str) -> list[str]:
    """What the hub role finds, with its directories below `root` and a database that has everything."""
    (programs := root / "bin").mkdir(exist_ok=True)
    (programs / "runuser").write_text("#!/bin/sh\necho owner; echo database\n")
    (programs / "runuser").chmod(0o755)
    script = (rendered.ROLES / "hub/files/look").read_text().replace("/var/lib/stadtknoten-hub", str(root))
    command = ["/bin/sh", "-s", "--", "stadtknoten", "/opt/release", name, *broker]
    environment = {"PATH": f"{programs}:/usr/bin:/bin"}
    done = subprocess.run(command, input=script, env=environment, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.split() if line.endswith("tls")]


def test_a_hub_with_another_name_needs_other_certificates_for_broker_and_web(town: Authority, tmp_path: Path) -> None:
    for name, hosts in (("tls", HOSTS), ("web-tls", HOSTS[:1])):
        (tmp_path / name).mkdir()
        issued, _ = town.issue_pair(hosts[0], now_ms(), 825, hosts)
        (tmp_path / name / "broker.crt").write_text(issued.pem)
    assert found_by_look(tmp_path, "hub.example", *HOSTS) == ["tls", "web-tls"]
    assert found_by_look(tmp_path, "new.example", "new.example", *HOSTS[1:]) == []
    assert found_by_look(tmp_path, "hub.example", *HOSTS, "10.1.2.3") == ["web-tls"]
    assert found_by_look(tmp_path, "new.example", *HOSTS) == ["tls"]
    assert found_by_look(tmp_path, "hub.example", "fd77::1") == ["web-tls"]
    (tmp_path / "tls/broker.crt").unlink()
    assert found_by_look(tmp_path, "hub.example", *HOSTS) == ["web-tls"]
