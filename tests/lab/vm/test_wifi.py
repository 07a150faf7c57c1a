"""A real access point in a virtual machine: hostapd on simulated radios, and visitors who join it over the air."""

import json
import re
import time
from collections.abc import Iterator

import pytest

from captive_portal.hostapd import parse_pairs, parse_station
from tests.lab.vm.image import ROOT
from tests.lab.vm.machine import Machine, code_disk, demand
from tests.lab.vm.street import GUEST, INTERNET, PORTAL_HOST, Street, Visitor, write_files

pytestmark = [pytest.mark.machine, pytest.mark.timeout(900)]
PORTAL = f"http://{PORTAL_HOST}"
PROBE = "http://connectivitycheck.gstatic.com/generate_204"
HOSTAPD_UNIT = "ansible/roles/captive_portal/templates/stadtknoten-hostapd.service.j2"
TRIES = 3
OBEYED = "/run/stadtknoten/obeyed.json"
FIGURES: list[str] = []
ACCEPTED: dict[str, float] = {}


def figure(text: str) -> None:
    FIGURES.append(text)
    print(f"\n  vm: {text}", end="", flush=True)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """The node with all its programs, the internet, and two radios that nobody uses yet."""
    demand()
    directory = tmp_path_factory.mktemp("vm")
    write_files(directory)
    began = time.monotonic()
    with Machine(directory, code_disk(directory)) as machine:
        figure(f"booted in {machine.boot_s:.1f} s")
        made = Street(machine, began)
        figure(f"access point, gate, landing page and agent ready {time.monotonic() - began:.1f} s after the start")
        yield made


@pytest.fixture(scope="module")
def visitor(street: Street) -> Visitor:
    """Joined the open network, not yet accepted."""
    device = Visitor(street, "open", "wlan1")
    figure(f"associated in {device.associate(60):.1f} s")
    return device


@pytest.fixture(scope="module")
def lease(visitor: Visitor) -> dict[str, str]:
    return visitor.lease()


def test_both_networks_of_the_generated_configuration_are_on_the_air(street: Street) -> None:
    status = parse_pairs(street.machine.run("hostapd_cli -p /run/hostapd -i wlan0 status"))
    assert (status["state"], status["channel"]) == ("ENABLED", "6")
    assert [status[f"ssid[{number}]"] for number in (0, 1)] == ["Stadt-WLAN Test", "Stadt-WLAN Test-OWE"]
    assert "country DE" in street.machine.run("iw reg get")


def test_the_lease_names_the_portals_api_in_option_114(visitor: Visitor, lease: dict[str, str]) -> None:
    assert bytes.fromhex(lease["opt114"]).decode() == f"https://{PORTAL_HOST}/captive-portal/api"
    assert lease["router"] == "10.77.0.1"
    visitor.street.machine.wait_until(lambda: bool(visitor.address6()), "an IPv6 address by router advertisement")


def test_before_the_accept_a_probe_is_redirected_and_nothing_flows(visitor: Visitor) -> None:
    for family in ("-4", "-6"):
        shown = visitor.get(PROBE, f"{family} -o /dev/null -w '%{{http_code}} %{{redirect_url}}'")
        assert shown == f"302 {PORTAL}/"
    assert visitor.is_online() == [False, False]
    assert visitor.captive()


def test_the_button_on_the_landing_page_opens_both_families(visitor: Visitor) -> None:
    page = visitor.get(f"{PORTAL}/", "-H 'Accept-Language: de'")
    assert "Willkommen in Bad Rappenau" in page
    assert page.count("<form") == 1
    assert visitor.accept() == f"303 {PORTAL}/verbunden"
    ACCEPTED["at"] = time.monotonic()
    assert visitor.is_online() == [True, True]
    assert not visitor.captive()


def test_a_device_joins_the_encrypted_network_and_gets_online(street: Street, visitor: Visitor) -> None:
    device = Visitor(street, "owe", "wlan2")
    for attempt in range(1, TRIES + 1):
        try:
            seconds = device.associate(25)
        except TimeoutError:
            figure(f"OWE, try {attempt} of {TRIES}: failed: {device.leave()}")
        else:
            figure(f"OWE, try {attempt} of {TRIES}: associated in {seconds:.1f} s")
            break
    status = device.status()
    assert (status.get("wpa_state"), status.get("key_mgmt")) == ("COMPLETED", "OWE")
    assert (status["pairwise_cipher"], status["pmf"]) == ("CCMP", "2")
    assert "opt114" in device.lease()
    street.machine.wait_until(lambda: bool(device.address6()), "an IPv6 address")
    assert device.is_online() == [False, False]
    assert device.accept() == f"303 {PORTAL}/verbunden"
    assert device.is_online() == [True, True]


def test_our_client_of_the_control_socket_agrees_with_hostapd_cli(street: Street) -> None:
    cli = "hostapd_cli -p /run/hostapd -i wlan0"
    status = parse_pairs(street.machine.run(f"{cli} status"))
    before = street.machine.run(f"{cli} all_sta")
    own = json.loads(street.machine.run(f"python3 {GUEST}/control.py"))
    first, last = parse_station(before), parse_station(street.machine.run(f"{cli} all_sta"))
    assert own["status"] == status
    assert len(own["stations"]) == before.count("aid=") == 1
    said = own["stations"][0]
    assert said["signal_dbm"] in (first.signal_dbm, last.signal_dbm)
    for field in ("connected_s", "received_bytes", "sent_bytes"):
        assert getattr(first, field) <= said[field] <= getattr(last, field)
    assert own["all"] == int(status["num_sta[0]"]) + int(status["num_sta[1]"]) == 2


def test_the_agents_readings_and_the_portals_figures_reach_the_broker(street: Street) -> None:
    def states() -> list[object]:
        return [message["state"] for message in street.heard("bay")]

    assert "occupied" not in states()
    street.machine.run("echo 17 0 > /run/pins")
    street.machine.wait_until(lambda: "occupied" in states(), "the bay's reading")
    street.machine.wait_until(lambda: street.heard("portal")[-1]["clients"] == 2, "the second accept")
    assert {message["event"] for message in street.heard("portal")} == {"accept"}
    assert street.heard("status")[0]["state"] == "online"


def test_the_doctor_finds_the_radio_well(street: Street) -> None:
    said = street.machine.run("python3 -m edge doctor --config /etc/stadtknoten/node.toml --json", check=False)
    found = {row["area"]: row for row in json.loads(said)["findings"]}
    assert found["radio"]["level"] == "ok", found
    assert found["gate"]["level"] == "ok", found


def test_after_its_time_the_visitor_is_offline_in_both_families(visitor: Visitor) -> None:
    visitor.wait_until_offline(90)
    figure(f"offline {time.monotonic() - ACCEPTED['at']:.0f} s after the accept, which was for 60 s")
    assert visitor.status()["wpa_state"] == "COMPLETED"
    assert [visitor.reaches(address) for address in INTERNET] == [False, False]
    assert visitor.captive()
    assert visitor.get(f"{PORTAL}/").count("<form") == 1


def test_off_takes_both_networks_off_the_air_and_on_brings_them_back(street: Street, visitor: Visitor) -> None:
    """The hub's word, handed on by the agent, reaches hostapd; another radio's scan of channel 6 says what is sent."""
    machine, folder = street.machine, "/var/lib/stadtknoten"
    cli = "hostapd_cli -p /run/hostapd -i wlan0 status | grep -q state="

    def order(version: int, wifi: dict[str, object], state: str) -> float:
        body = json.dumps({"v": version, "wifi": wifi})
        machine.run(f"echo '{body}' > {folder}/next && mv {folder}/next {folder}/wifi.json")
        return machine.wait_until(lambda: machine.succeeds(cli + state), f"state {state}", 60)

    def heard() -> set[str]:
        said = visitor.run("iw dev wlan1 scan freq 2437 flush", check=False)
        return set(re.findall(r"(?m)^BSS ([0-9a-f:]{17})", said))

    machine.wait_until(lambda: len(heard()) == 2, "both networks in a scan", 60)
    took = order(900, {"off": True}, "DISABLED")
    figure(f"off the air {took:.1f} s after the order")
    machine.wait_until(lambda: heard() == set(), "an empty scan", 60)
    said = f"cat {OBEYED}"
    machine.wait_until(lambda: '"radio": "off"' in machine.run(said), "the gate's word")
    took = order(901, {}, "ENABLED")
    figure(f"on the air again {took:.1f} s after the order")
    machine.wait_until(lambda: len(heard()) == 2, "both networks in a scan again", 60)
    assert machine.succeeds("ip link show master lan0 | grep -q wlan0_owe"), "the encrypted one is in the bridge again"
    machine.wait_until(lambda: visitor.status().get("wpa_state") == "COMPLETED", "the visitor's return", 90)
    visitor.lease()
    assert visitor.accept() == f"303 {PORTAL}/verbunden"
    assert visitor.reaches(INTERNET[0])


def test_no_program_complained_and_none_named_a_device(street: Street) -> None:
    """hostapd names devices on its standard output; on a node nobody keeps that."""
    assert "\nStandardOutput=null\n" in (ROOT / HOSTAPD_UNIT).read_text()
    logs = {name: street.machine.run(f"cat /run/{name}.log") for name in ("edge", "gate", "portal", "dnsmasq")}
    for name, text in logs.items():
        assert re.findall(r"(?m)^(?:ERROR|CRITICAL|Traceback).*", text) == [], f"{name}: {text}"
        assert "02:00:00:00:0" not in text, f"{name}: {text}"


def test_it_was_measured(street: Street, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures once more, together, and whoever captures output sees them."""
    figure(f"everything in {time.monotonic() - street.began_s:.1f} s, the minute until the session's end included")
    assert len(FIGURES) >= 6
    with capsys.disabled():
        print("\nfigures of the virtual machine:", *FIGURES, sep="\n  ")
