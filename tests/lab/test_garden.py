"""The walled garden, HTTPS, probes as phones really send them, and roaming."""

import json
import time
from pathlib import Path

import pytest

from captive_portal.devices import device_hash
from captive_portal.probes import PROBES
from tests.lab.lab import GARDEN4, INTERNET4, INTERNET6, PORTAL_HOST, Client, Lab, wait_until

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def first(street: Lab) -> Client:
    """A device that joined and has not accepted."""
    return street.client(1).join()


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_the_garden_is_open_by_name_before_the_accept_in_both_families(first: Client, family: str) -> None:
    trusted = ("--cacert", str(first.lab.authority.file))
    assert "hello" in first.get("https://garden.test/", family, *trusted).stdout
    assert first.captive()


def test_the_garden_has_no_port_80_so_that_detection_never_breaks(first: Client) -> None:
    shown = first.get("http://garden.test/", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}").stdout
    assert shown == f"302 http://{PORTAL_HOST}/"
    assert "hello" not in first.get(f"http://{GARDEN4}:8000/").stdout


def test_what_is_not_in_the_garden_is_reset_and_never_intercepted(first: Client) -> None:
    started = time.monotonic()
    answer = first.get(f"https://{INTERNET4}/", "-k")
    assert answer.returncode in (7, 35)  # refused at once: neither a page with a wrong certificate nor a time-out
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("kind", PROBES)
@pytest.mark.parametrize("family", ["-4", "-6"])
def test_every_systems_probe_finds_the_portal(first: Client, kind: str, family: str) -> None:
    for host in PROBES[kind][:2]:
        shown = ("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}")
        assert first.get(f"http://{host}/hotspot-detect.html", family, *shown).stdout == f"302 http://{PORTAL_HOST}/"


def test_names_asked_elsewhere_are_answered_here(first: Client) -> None:
    """DNS is captured: a device with a resolver of its own finds the portal all the same."""
    script = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(3);"
        "s.sendto(bytes.fromhex('abcd01000001000000000000') + b'\\x04wlan\\x04test\\x00\\x00\\x01\\x00\\x01',"
        " ('10.99.0.77', 53)); print(s.recv(512)[-4:].hex())"
    )
    assert first.python("-c", script).stdout.strip() == "0a4d0001"


def test_a_changed_certificate_is_used_without_a_restart_and_a_broken_one_is_not(street: Lab, first: Client) -> None:
    def served() -> str:
        answer = first.get(f"https://{PORTAL_HOST}/healthz", "--cacert", str(street.authority.file), "-v")
        return next((line for line in answer.stderr.splitlines() if "start date" in line), "")

    before = served()
    assert before
    time.sleep(1.1)  # the start date counts whole seconds
    chain, _ = street.authority.issue("portal", PORTAL_HOST)
    wait_until(lambda: served() not in ("", before), "the new certificate", 20)
    fresh = served()
    chain.write_text("nonsense")
    wait_until(lambda: "the old one stays" in street.log("portal"), "the complaint", 20)
    assert served() == fresh
    street.authority.issue("portal", PORTAL_HOST)


def grant(street: Lab, name: str, node: str = "kurpark_see", until_s: float = 600, forged: bool = False) -> None:
    """What the hub sends when a device accepted at another node, as the agent leaves it."""
    now = time.time()
    body = json.dumps({"node": node, "ts": int(now * 1000), "grants": [[name, int((now + until_s) * 1000)]]})
    signature = street.hub_key.sign(body.encode() + (b" " if forged else b"")).hex()
    folder = street.directory / "state/grants"
    folder.mkdir(exist_ok=True)
    fresh = folder / "grant.new"
    fresh.write_text(json.dumps({"body": body, "signature": signature}))
    fresh.rename(folder / f"{time.time_ns()}.json")
    wait_until(lambda: not list(folder.iterdir()), "the gate to read the grant")


def name_of(street: Lab, client: Client) -> str:
    keys = json.loads((street.directory / "gate-store/device.key").read_text())
    return device_hash(bytes.fromhex(keys["key"]), client.mac)


def test_a_grant_that_is_forged_over_or_meant_for_others_opens_nothing(street: Lab, first: Client) -> None:
    name = name_of(street, first)
    grant(street, name, forged=True)
    grant(street, name, node="bahnhof")
    grant(street, name, until_s=-1)
    grant(street, "0" * 32)
    time.sleep(1.5)
    assert first.captive()
    assert not first.reaches(INTERNET4)


def test_who_accepted_at_another_node_is_online_here_without_a_click(street: Lab) -> None:
    visitor = street.client(2).join()
    assert visitor.captive()
    grant(street, name_of(street, visitor), until_s=600)
    wait_until(lambda: visitor.reaches(INTERNET4), "the granted device to be let out")
    assert visitor.reaches(f"[{INTERNET6}]")
    assert 500 < visitor.api()["seconds-remaining"] <= 600


def test_the_keys_of_the_gate_are_for_root_alone(street: Lab) -> None:
    store = street.directory / "gate-store"
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in store.iterdir() if not path.name.endswith(("-wal", "-shm"))
    }
    assert modes == {"sessions.db": 0o600, "store.key": 0o600, "device.key": 0o600}
    assert Path(store).stat().st_mode & 0o777 == 0o700
