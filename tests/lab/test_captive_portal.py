"""A visitor in the street: real DHCP, real DNS, real nftables, gate and portal as processes."""

import signal
import time

import pytest

from tests.lab.lab import INTERNET4, INTERNET6, PORTAL_HOST, Client, Lab, wait_until

pytestmark = pytest.mark.lab

PROBE = "http://connectivitycheck.gstatic.com/generate_204"
PORTAL = f"http://{PORTAL_HOST}"
API = f"https://{PORTAL_HOST}/captive-portal/api"


@pytest.fixture(scope="module")
def first(street: Lab) -> Client:
    """A device that joined and has not accepted."""
    return street.client(1).join()


@pytest.fixture(scope="module")
def second(street: Lab) -> Client:
    """Another device, which never accepts."""
    return street.client(2).join()


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
    assert first.captive(family)


def test_another_device_cannot_be_opened_by_naming_it(first: Client) -> None:
    first.get(f"{PORTAL}/verbinden?address=10.77.0.1", "-X", "POST", "-H", "X-Forwarded-For: 10.77.0.1")
    sessions = first.lab.nft("list", "map", "inet", "portal", "up4")
    assert "10.77.0.1 " not in sessions


def test_accept_opens_both_families_and_leads_to_a_new_page(first: Client) -> None:
    assert first.accept() == f"303 {PORTAL}/verbunden"
    assert "Sie sind verbunden" in first.get(f"{PORTAL}/verbunden", "-H", "Accept-Language: de").stdout
    assert first.reaches(INTERNET4)
    assert first.reaches(f"[{INTERNET6}]")
    assert not first.captive("-4")
    assert not first.captive("-6")
    assert "hello" in first.get(PROBE).stdout  # port 80 of the internet is the internet's again


def test_a_second_device_stays_captive_beside_the_first(first: Client, second: Client) -> None:
    assert first.reaches(INTERNET4)
    assert not second.reaches(INTERNET4)
    assert not second.reaches(f"[{INTERNET6}]")
    assert second.captive()


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


def test_who_is_online_cannot_take_an_address_from_another_visitor(street: Lab, first: Client) -> None:
    thief = street.client(5).join()
    assert thief.accept().startswith("303")
    stolen = (first.lease["ip"], first.address6() or "")
    first.run("ip", "link", "set", "wlan0", "down")
    for address, gateway, target in zip(
        stolen, ("10.77.0.1", "fd77:77::1"), (INTERNET4, f"[{INTERNET6}]"), strict=True
    ):
        thief.borrow(address)
        street.run("ip", "neigh", "flush", "all", netns=thief.space)  # so that it asks, and the node hears the claim
        wait_until(lambda a=address, g=gateway: thief.pings(g, a), "the node to believe the thief")
        time.sleep(2.5)  # the gate has read the neighbours twice
        assert "hello" not in thief.get(f"http://{target}:8000/", "--interface", address).stdout
        thief.give_back(address)
    assert f"{first.mac} . {stolen[0]}" in street.nft("list", "map", "inet", "portal", "up4")
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
    assert second.accept().startswith("503")
    assert not second.reaches(INTERNET4)
    street.start_gate()
    assert first.reaches(INTERNET4)
    assert not first.captive()
    assert second.captive()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_dead_portal_opens_nothing_and_keeps_who_is_online(
    street: Lab, first: Client, second: Client, number: signal.Signals
) -> None:
    street.kill("portal", number)
    assert first.reaches(INTERNET4)
    assert not second.reaches(INTERNET4)
    assert not second.reaches(f"[{INTERNET6}]")
    street.start_portal()
    assert second.captive()


def test_sessions_come_back_with_their_remaining_time_after_the_kernel_forgot_them(street: Lab, first: Client) -> None:
    before = first.api()["seconds-remaining"]
    street.kill("gate", signal.SIGKILL)
    street.nft("delete", "table", "inet", "portal")
    street.start_gate()
    assert first.reaches(INTERNET4)
    assert first.reaches(f"[{INTERNET6}]")
    assert 0 < first.api()["seconds-remaining"] <= before


def test_flushed_sets_are_not_called_online(street: Lab, first: Client) -> None:
    street.nft("flush", "map", "inet", "portal", "up4")
    assert first.captive("-4")
    assert first.accept().startswith("303")
    assert first.reaches(INTERNET4)


def test_a_device_without_a_lease_is_let_in_all_the_same(street: Lab) -> None:
    """Others answer 403 to a device that is not in the lease file."""
    third = street.client(3).join()
    street.run("sh", "-c", f": > {street.directory}/dnsmasq.leases")
    assert third.accept().startswith("303")
    assert third.reaches(INTERNET4)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_broken_rule_file_opens_nothing_and_ends_no_session(
    street: Lab, first: Client, second: Client, number: signal.Signals
) -> None:
    rules = street.directory / "extra.nft"
    rules.write_text("table inet portal { chain forward { accept everything } }\n")
    if number == signal.SIGHUP:
        street.send("gate", number)
        wait_until(lambda: "the old ones stay" in street.log("gate"), "the gate to complain")
    else:
        street.kill("gate", number)
        with pytest.raises(RuntimeError, match="cannot start"):
            street.start_gate()
    assert first.reaches(INTERNET4)
    assert not second.reaches(INTERNET4)
    assert not second.reaches(f"[{INTERNET6}]")
    rules.write_text("")
    if number == signal.SIGKILL:
        street.start_gate()
    assert not first.captive()
    assert second.captive()


def test_without_a_line_the_page_says_so_and_the_api_claims_no_internet(street: Lab, first: Client) -> None:
    node = street.space("node")
    street.ip("link", "set", "wan0", "down", netns=node)
    wait_until(first.captive, "the node to notice")
    assert "seconds-remaining" not in first.api()
    page = first.get(f"{PORTAL}/", "-H", "Accept-Language: de").stdout
    assert "Die Leitung ins Netz ist hier gerade gestört" in page
    assert "Stand:" in page
    assert page.count("<form") == 1
    street.ip("link", "set", "wan0", "up", netns=node)
    for address in ("10.99.0.2/24", "fd99::2/64"):
        street.run("ip", "addr", "replace", address, "dev", "wan0", *(("nodad",) if ":" in address else ()), netns=node)
    for gateway in (INTERNET4, INTERNET6):
        street.ip("route", "replace", "default", "via", gateway, netns=node)
    wait_until(lambda: not first.captive(), "the line to be back")
    assert first.reaches(INTERNET4)


def test_no_file_and_no_log_of_the_node_holds_a_mac_address(street: Lab, first: Client) -> None:
    """Neither as text nor as bytes nor inside an IPv6 address made of it."""
    street.client(4).join()  # dnsmasq writes all leases down again
    plain = bytes.fromhex(first.mac.replace(":", ""))
    interface = bytes([plain[0] ^ 2]) + plain[1:3] + b"\xff\xfe" + plain[3:]
    words = [interface[n : n + 2].hex().lstrip("0") or "0" for n in range(0, 8, 2)]
    forms = {plain, first.mac.encode(), first.mac.replace(":", "").encode(), interface, ":".join(words).encode()}
    holders = {
        str(path.relative_to(street.directory))
        for path in street.directory.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    }
    assert holders == {"dnsmasq.leases"}  # which lies on tmpfs on a node, and shows that this search finds


def test_the_processes_fit_a_small_node(street: Lab) -> None:
    sizes = {name: street.pss_mb(name) for name in ("portal", "gate")}
    print("PSS in MB:", sizes)
    assert sum(sizes.values()) <= 64
