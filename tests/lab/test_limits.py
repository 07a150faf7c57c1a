"""What one visitor may take: speed, volume, connections, leases."""

import time
from pathlib import Path

import pytest

from tests.lab.lab import INTERNET4, PORTAL_HOST, Client, Lab, wait_until

pytestmark = pytest.mark.lab
LAB = {"quota_mb": 12, "places": 3}

ATTACK = str(Path(__file__).with_name("attack.py"))
DOWN, UP = 8e6, 4e6  # bits a second, as the lab's configuration says


@pytest.fixture(scope="module")
def first(street: Lab) -> Client:
    """A device that accepted."""
    client = street.client(1).join()
    assert client.accept().startswith("303")
    return client


def speed(client: Client, field: str, *options: str) -> float:
    """Bits a second that one transfer reached, as curl measured it."""
    shown = ("-o", "/dev/null", "-w", f"%{{{field}}}", "--max-time", "20")
    return float(client.get(f"http://{INTERNET4}:8000/{options[0]}", *shown, *options[1:]).stdout) * 8


def retransmitted(client: Client, space: str) -> int:
    counters = client.lab.run("nstat", "-asz", "TcpRetransSegs", netns=client.lab.space(space)).stdout
    return int(float(counters.splitlines()[-1].split()[1]))


def test_a_download_is_held_to_its_limit_from_the_first_second_and_loses_next_to_nothing(first: Client) -> None:
    """Others average over two minutes: a short download runs at full speed, a long one stands still."""
    before = retransmitted(first, "internet")
    reached = speed(first, "speed_download", "bytes/1500000")
    lost = retransmitted(first, "internet") - before
    print(f"download {reached / 1e6:.2f} Mbit/s of 8, {lost} retransmits in {1_500_000 // 1448} segments")
    assert 0.3 * DOWN < reached < 1.35 * DOWN  # the first 32 kB are the burst
    assert lost < 60


def test_an_upload_is_held_to_its_limit(first: Client, tmp_path: Path) -> None:
    file = tmp_path / "upload"
    file.write_bytes(bytes(1_000_000))
    reached = speed(first, "speed_upload", "", "--data-binary", f"@{file}")
    print(f"upload {reached / 1e6:.2f} Mbit/s of 4")
    assert 0.3 * UP < reached < 1.6 * UP  # curl counts what still lies in the sender's buffer


def test_two_visitors_have_a_limit_each(street: Lab, first: Client) -> None:
    second = street.client(2).join()
    assert second.accept().startswith("303")
    classes = street.run("tc", "-s", "class", "show", "dev", "lan0", netns=street.space("node")).stdout
    speed(second, "speed_download", "bytes/300000")
    after = street.run("tc", "-s", "class", "show", "dev", "lan0", netns=street.space("node")).stdout
    assert classes != after
    assert after.count("ceil 8Mbit") >= 3


def test_the_quota_ends_the_session_and_a_new_click_does_not_help(street: Lab, first: Client) -> None:
    left = first.api()["bytes-remaining"]
    assert 0 < left < 12_000_000
    shown = first.get(f"http://{INTERNET4}:8000/bytes/30000000", "-o", "/dev/null", "-w", "%{size_download}")
    first.get(f"http://{INTERNET4}:8000/bytes/30000000", "-o", "/dev/null", "--max-time", "12")
    wait_until(first.captive, "the quota to end the session", 20)
    assert int(float(shown.stdout or 0)) < 30_000_000
    assert not first.reaches(INTERNET4)
    assert first.accept().startswith("503")
    assert first.api()["can-extend-session"] is False
    page = first.get(f"http://{PORTAL_HOST}/", "-H", "Accept-Language: de").stdout
    assert "Datenmenge ist verbraucht" in page


def test_a_full_node_says_so_and_a_free_place_is_used_again(street: Lab) -> None:
    third, fourth = street.client(3).join(), street.client(4).join()
    assert third.accept().startswith("303")
    assert fourth.accept().startswith("503")
    page = fourth.get(f"http://{PORTAL_HOST}/verbinden", "-X", "POST", "-H", "Accept-Language: de").stdout
    assert "alle Plätze belegt" in page


def test_one_flooding_device_gets_few_connections_and_the_others_get_their_page(street: Lab) -> None:
    flooder, visitor = street.client(5).join(), street.client(6).join()
    held = flooder.python(ATTACK, "connect", "10.77.0.1", "150")
    print("connections held by the flooder:", held.stdout)
    assert 0 < int(held.stdout) <= 40
    assert "Willkommen" in visitor.get(f"http://{PORTAL_HOST}/", "-H", "Accept-Language: de").stdout


def test_a_thousand_invented_devices_do_not_use_up_the_leases(street: Lab) -> None:
    attacker = street.client(7).join()
    leases = street.directory / "dnsmasq.leases"
    before = len(leases.read_text().splitlines())
    attacker.python(ATTACK, "starve", "1000")
    time.sleep(0.5)
    taken = len(leases.read_text().splitlines()) - before
    print("leases taken by 1,000 requests:", taken)
    assert taken <= 25
    assert street.client(8).join().lease["ip"].startswith("10.77.")
