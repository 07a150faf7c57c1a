"""What the privileged piece believes of its callers and of its configuration; the kernel's side is in tests/lab."""

import ipaddress
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal import config
from captive_portal.elements import Pass
from captive_portal.gateserver import respond
from captive_portal.kernel import leases_a_minute, rules_text
from captive_portal.netlink import attributes
from captive_portal.online import Online, Running
from captive_portal.probes import PROBES
from captive_portal.sessions import Session, Sessions

NODE = """
[node]
name = "kurpark"
label = "Kurpark"
[state]
directory = "/nowhere"
[network]
lan = "lan0"
wan = "wan0"
ipv4 = "10.77.0.1/16"
ipv6 = "fd77:77::1/64"
"""


def load(tmp_path: Path, more: str = "", node: str = NODE) -> config.Config:
    file = tmp_path / "node.toml"
    file.write_text(node + more)
    return config.load(file)


class Recorder:
    """A gate that only notes what reaches it."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []

    def is_visitor(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return address in ipaddress.ip_network("10.77.0.0/16") if address.version == 4 else False

    def open(self, address: object, seconds: int) -> dict[str, object]:
        self.opened.append((str(address), seconds))
        return {}

    def name(self, mac: str) -> dict[str, object]:
        self.opened.append((mac, 0))
        return {}


@pytest.mark.parametrize(
    "request_",
    [
        {"verb": "open", "address": "10.77.1.1", "seconds": True},
        {"verb": "open", "address": "10.77.1.1", "seconds": 59},
        {"verb": "open", "address": "10.77.1.1", "seconds": 86_401},
        {"verb": "open", "address": "10.77.1.1", "seconds": "3600"},
        {"verb": "open", "address": "8.8.8.8", "seconds": 3600},
        {"verb": "open", "address": "10.77.1.1 } ; flush ruleset", "seconds": 3600},
        {"verb": "open", "address": "fe80::1%lan0", "seconds": 3600},
        {"verb": "open", "seconds": 3600},
        {"verb": "flush"},
        {"verb": "name", "mac": "aa:bb:cc:dd:ee:ff; flush"},
        {"verb": "name"},
        ["open"],
        None,
    ],
)
def test_the_gate_refuses_what_it_was_not_made_for(request_: object) -> None:
    gate = Recorder()
    assert respond(gate, json.dumps(request_).encode())["ok"] is False  # type: ignore[arg-type]
    assert gate.opened == []


def test_a_proper_request_reaches_the_gate() -> None:
    gate = Recorder()
    line = json.dumps({"verb": "open", "address": "10.77.1.1", "seconds": 3600}).encode()
    assert respond(gate, line) == {"ok": True}  # type: ignore[arg-type]
    assert gate.opened == [("10.77.1.1", 3600)]


@given(st.binary(max_size=5000))
def test_no_line_breaks_the_gate(line: bytes) -> None:
    assert respond(Recorder(), line)["ok"] is False  # type: ignore[arg-type]


@given(st.binary(max_size=200), st.integers(0, 20))
def test_no_answer_of_the_kernel_breaks_the_reader(message: bytes, offset: int) -> None:
    assert sum(len(value) for _, value in attributes(message, offset)) <= len(message)


def test_the_garden_may_not_hold_what_phones_test_with(tmp_path: Path) -> None:
    for hosts in PROBES.values():
        with pytest.raises(config.ConfigError, match="phones test"):
            load(tmp_path, f'[garden]\nnames = ["{hosts[0]}"]\n')
    with pytest.raises(config.ConfigError, match="phones test"):
        load(tmp_path, '[garden]\nnames = ["apple.com"]\n')
    assert load(tmp_path, '[garden]\nnames = ["badrappenau.de"]\n').network.garden == ("badrappenau.de",)


def test_a_network_that_a_flood_could_use_up_is_refused(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="4096"):
        load(tmp_path, node=NODE.replace("/16", "/24"))
    network = load(tmp_path).network
    half_an_hour = leases_a_minute(network) * 30
    assert half_an_hour <= network.ipv4.network.num_addresses


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('[portal]\ncertificate = "/x.pem"\n', "belong together"),
        ('[portal]\ncertificate = "/x.pem"\ncertificate_key = "/x.key"\n', "certificate is for"),
        ('[roaming]\nhub_key = "abc"\n', "64 hexadecimal"),
        ("[limits]\nquota_mb = -1\n", "from 0"),
        ("[limits]\ndownload_mbit = true\n", "must be a number"),
        ('[garden]\nnames = ["a b"]\n', "host names"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(tmp_path: Path, more: str, words: str) -> None:
    with pytest.raises(config.ConfigError, match=words):
        load(tmp_path, more)


def test_the_rules_hold_no_unfilled_place(tmp_path: Path) -> None:
    assert "$" not in rules_text(load(tmp_path).network)


def running(number: int, *addresses: str, slot: int = 16) -> Running:
    device = Pass(f"02:00:00:00:00:{number:02x}", slot, f"c{number}")
    return Running(device, tuple(map(ipaddress.ip_address, addresses)), 100.0, 3600)


def test_a_place_belongs_to_one_device_until_it_leaves() -> None:
    online = Online(range(16, 18))
    first = running(1, "10.77.1.1", slot=online.place())
    online.keep(first)
    online.keep(first.without([ipaddress.ip_address("10.77.1.1")]))
    assert online.at(ipaddress.ip_address("10.77.1.1")) is None
    online.keep(running(2, "10.77.1.1", slot=online.place()))
    assert online.is_full
    online.forget(first)
    assert online.place() == first.device.slot


def test_an_address_given_to_another_device_is_taken_from_the_first() -> None:
    online = Online(range(16, 20))
    online.keep(running(1, "10.77.1.1", "10.77.1.2"))
    newcomer = running(2, "10.77.1.2", slot=17)
    assert [(session.mac, [str(address) for address in taken]) for session, taken in online.losing(newcomer)] == [
        ("02:00:00:00:00:01", ["10.77.1.2"])
    ]


def test_the_store_holds_no_address_in_the_clear_and_forgets_what_another_key_sealed(tmp_path: Path) -> None:
    stored = Session("02:77:00:00:00:01", ("10.77.1.1",), 1, 2, 3)
    store = Sessions(tmp_path / "s.db", tmp_path / "key")
    store.put(stored)
    assert Sessions(tmp_path / "s.db", tmp_path / "key").all() == [stored]
    for file in tmp_path.iterdir():
        assert b"02:77" not in file.read_bytes()
        assert b"10.77" not in file.read_bytes()
    assert Sessions(tmp_path / "s.db", tmp_path / "other").all() == []
    assert store.all() == []


def test_each_user_may_ask_for_its_own_verbs_alone() -> None:
    line = json.dumps({"verb": "open", "address": "10.77.1.1", "seconds": 3600}).encode()
    gate = Recorder()
    assert "may not ask" in str(respond(gate, line, frozenset({"name"}))["error"])  # type: ignore[arg-type]
    assert gate.opened == []
    assert respond(gate, line, frozenset({"open"})) == {"ok": True}  # type: ignore[arg-type]
