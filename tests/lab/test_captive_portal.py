"""A visitor in the street: real DHCP, real DNS, real nftables, gate and portal as processes."""

import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.lab import INTERNET4, INTERNET6, PORTAL_HOST, Client, Lab, wait_until

pytestmark = pytest.mark.lab

PROBE = "http://connectivitycheck.gstatic.com/generate_204"
PORTAL = f"http://{PORTAL_HOST}"
API = f"https://{PORTAL_HOST}/captive-portal/api"


@pytest.fixture(scope="module")
def street(lab: Lab) -> Iterator[Lab]:
    """The lab with gate and portal running."""
    lab.start_gate()
    lab.start_portal()
    yield lab


@pytest.fixture(scope="module")
def first(street: Lab) -> Client:
    """A device that joined and has not accepted."""
    return street.client(1).join()


@pytest.fixture(scope="module")
def second(street: Lab) -> Client:
    """Another device, which never accepts."""
    return street.client(2).join()


def api(client: Client, *options: str) -> dict[str, Any]:
    """The answer of the RFC 8908 API over HTTPS, its certificate checked."""
    return dict(json.loads(client.get(API, "--cacert", str(client.lab.authority.file), *options).stdout))


def captive(client: Client, *options: str) -> bool:
    return bool(api(client, *options)["captive"])


def accept(client: Client, *options: str) -> str:
    return client.get(
        f"{PORTAL}/verbinden", "-X", "POST", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", *options
    ).stdout


def test_the_lease_names_the_portals_api_in_option_114(first: Client) -> None:
    assert bytes.fromhex(first.lease["opt114"]).decode() == API
    assert first.lease["router"] == "10.77.0.1"


def test_before_the_accept_nothing_flows_in_either_family(first: Client) -> None:
    assert not first.reaches(INTERNET4)
    assert not first.reaches(f"[{INTERNET6}]")
    for address in (INTERNET4, INTERNET6):
        assert first.lab.run("ping", "-c", "1", "-W", "1", address, netns=first.space, check=False).returncode != 0


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_a_phones_probe_is_redirected_to_the_landing_page(first: Client, family: str) -> None:
    shown = first.get(PROBE, family, "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}")
    assert shown.stdout == f"302 {PORTAL}/"


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_the_landing_page_shows_the_town_and_one_form(first: Client, family: str) -> None:
    page = first.get(f"{PORTAL}/", family, "-H", "Accept-Language: de").stdout
    assert "Willkommen in Bad Rappenau" in page
    assert page.count("<form") == 1
    assert captive(first, family)


def test_another_device_cannot_be_opened_by_naming_it(first: Client) -> None:
    first.get(f"{PORTAL}/verbinden?address=10.77.0.1", "-X", "POST", "-H", "X-Forwarded-For: 10.77.0.1")
    sessions = first.lab.nft("list", "map", "inet", "portal", "up4")
    assert "10.77.0.1 " not in sessions


def test_accept_opens_both_families_and_leads_to_a_new_page(first: Client) -> None:
    assert accept(first) == f"303 {PORTAL}/verbunden"
    assert "Sie sind verbunden" in first.get(f"{PORTAL}/verbunden", "-H", "Accept-Language: de").stdout
    assert first.reaches(INTERNET4)
    assert first.reaches(f"[{INTERNET6}]")
    assert not captive(first, "-4")
    assert not captive(first, "-6")
    assert "hello" in first.get(PROBE).stdout  # port 80 of the internet is the internet's again


def test_a_second_device_stays_captive_beside_the_first(first: Client, second: Client) -> None:
    assert first.reaches(INTERNET4)
    assert not second.reaches(INTERNET4)
    assert not second.reaches(f"[{INTERNET6}]")
    assert captive(second)


def test_a_borrowed_address_opens_nothing_for_another_device(first: Client, second: Client) -> None:
    stolen = (first.lease["ip"], first.address6() or "")
    first.run("ip", "link", "set", "wlan0", "down")
    for address, gateway in zip(stolen, ("10.77.0.1", "fd77:77::1"), strict=True):
        second.borrow(address)
        # the node answers the thief, so that only the gate's binding can be what stops it
        second.lab.run("ip", "neigh", "flush", "all", netns=second.space)
        wait_until(lambda a=address, g=gateway: second.pings(g, a), "the node to believe the thief")
        assert "hello" not in second.get(f"http://{INTERNET4}:8000/", "--interface", address).stdout
        assert "hello" not in second.get(f"http://[{INTERNET6}]:8000/", "--interface", address).stdout
        second.give_back(address)
    first.run("ip", "link", "set", "wlan0", "up")
    first.run("ip", "route", "replace", "default", "via", "10.77.0.1")
    wait_until(lambda: first.reaches(INTERNET4), "the first device to be back")
    wait_until(lambda: first.reaches(f"[{INTERNET6}]"), "its IPv6 to be back")


def test_a_new_privacy_address_of_an_open_device_is_learned(first: Client) -> None:
    first.run("ip", "addr", "add", "fd77:77::cafe/64", "dev", "wlan0", "nodad")
    reached = lambda: "hello" in first.get(f"http://[{INTERNET6}]:8000/", "--interface", "fd77:77::cafe").stdout  # noqa: E731
    wait_until(reached, "the new address to be let out")


def test_the_node_itself_answers_only_what_visitors_need(second: Client) -> None:
    for port in (22, 8000, 8883):
        assert second.get(f"http://10.77.0.1:{port}/", "--max-time", "1").returncode != 0
    assert second.get("http://10.77.0.1/").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_dead_gate_opens_nothing_and_keeps_who_is_online(
    street: Lab, first: Client, second: Client, number: signal.Signals
) -> None:
    street.kill("gate", number)
    assert first.reaches(INTERNET4)
    assert first.reaches(f"[{INTERNET6}]")
    assert accept(second).startswith("503")
    assert not second.reaches(INTERNET4)
    street.start_gate()
    assert first.reaches(INTERNET4)
    assert not captive(first)
    assert captive(second)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_dead_portal_opens_nothing_and_keeps_who_is_online(
    street: Lab, first: Client, second: Client, number: signal.Signals
) -> None:
    street.kill("portal", number)
    assert first.reaches(INTERNET4)
    assert not second.reaches(INTERNET4)
    assert not second.reaches(f"[{INTERNET6}]")
    street.start_portal()
    assert captive(second)


def test_sessions_come_back_with_their_remaining_time_after_the_kernel_forgot_them(street: Lab, first: Client) -> None:
    before = api(first)["seconds-remaining"]
    street.kill("gate", signal.SIGKILL)
    street.nft("delete", "table", "inet", "portal")
    street.start_gate()
    assert first.reaches(INTERNET4)
    assert first.reaches(f"[{INTERNET6}]")
    assert 0 < api(first)["seconds-remaining"] <= before


def test_flushed_sets_are_not_called_online(street: Lab, first: Client) -> None:
    street.nft("flush", "map", "inet", "portal", "up4")
    assert captive(first, "-4")
    assert accept(first).startswith("303")
    assert first.reaches(INTERNET4)


def test_only_the_gates_own_store_holds_a_mac_address(street: Lab, first: Client) -> None:
    holders = {
        path.relative_to(street.directory).parts[0]
        for path in street.directory.rglob("*")
        if path.is_file() and first.mac.encode() in path.read_bytes()
    }
    # dnsmasq's leases lie on tmpfs on a node; the lease-1 file is the device's own
    assert holders <= {"gate-store", "dnsmasq.leases", "dnsmasq.log", "lease-1"}


def test_the_processes_fit_a_small_node(street: Lab) -> None:
    sizes = {name: street.pss_mb(name) for name in ("portal", "gate")}
    print("PSS in MB:", sizes)
    assert sum(sizes.values()) <= 64
