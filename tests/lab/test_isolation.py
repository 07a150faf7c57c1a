"""Two radio networks in one bridge: visitors do not reach each other, and nobody plays router."""

from pathlib import Path

import pytest

from tests.lab.lab import INTERNET4, INTERNET6, Client, Lab

pytestmark = pytest.mark.lab
LAB = {"bridge": True}

ATTACK = str(Path(__file__).with_name("attack.py"))


@pytest.fixture(scope="module")
def pair(street: Lab) -> tuple[Client, Client]:
    """A device in each of the two networks, both online."""
    first, second = street.client(1).join("air0"), street.client(2).join("air1")
    assert first.accept().startswith("303")
    assert second.accept().startswith("303")
    return first, second


def test_both_reach_the_internet_and_not_each_other(pair: tuple[Client, Client]) -> None:
    first, second = pair
    assert first.reaches(INTERNET4)
    assert second.reaches(f"[{INTERNET6}]")
    assert not first.pings(second.lease["ip"], first.lease["ip"])
    assert not first.pings(second.address6() or "", first.address6() or "")


def test_a_visitors_router_advertisement_reaches_nobody(street: Lab, pair: tuple[Client, Client]) -> None:
    first, second = pair
    assert first.python(ATTACK, "advertise").returncode == 0
    assert "fd66" not in second.run("ip", "-6", "addr", "show", "dev", "wlan0").stdout
    node = street.run("ip", "-6", "route", netns=street.space("node")).stdout
    assert "fd66" not in node


def test_a_visitors_dhcp_server_reaches_nobody(street: Lab, pair: tuple[Client, Client]) -> None:
    first, second = pair
    before = street.nft("list", "chain", "inet", "portal", "guard")
    assert first.python(ATTACK, "offer").returncode == 0
    after = street.nft("list", "chain", "inet", "portal", "guard")
    assert before != after  # counted and dropped
    third = street.client(3).join("air1")
    assert third.lease["router"] == "10.77.0.1"
    assert second.reaches(INTERNET4)
