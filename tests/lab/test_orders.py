"""The gate obeys the hub's settings, as the agent leaves them in a file; neither hub nor agent is here."""

import json
import signal
import time
from datetime import UTC, datetime

import pytest

from tests.lab.lab import INTERNET4, PORTAL_HOST, Client, Lab, wait_until

pytestmark = pytest.mark.lab
LAB = {"quota_mb": 100, "places": 5}


def order(street: Lab, version: int, wifi: dict[str, object]) -> None:
    """What the agent does with a configuration; returns when the gate says that it obeys."""
    file = street.directory / "state" / "wifi.json"
    fresh = file.with_suffix(".next")
    fresh.write_text(json.dumps({"v": version, "wifi": wifi}))
    fresh.replace(file)
    wait_until(lambda: obeyed(street).get("v") == version, f"version {version} to be obeyed")


def obeyed(street: Lab) -> dict[str, object]:
    file = street.directory / "gate" / "obeyed.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def landing(client: Client) -> str:
    return client.get(f"http://{PORTAL_HOST}/", "-H", "Accept-Language: de").stdout


@pytest.fixture(scope="module")
def first(street: Lab) -> Client:
    """A device that accepted."""
    client = street.client(1).join()
    assert client.accept().startswith("303")
    assert client.reaches(INTERNET4)
    return client


def test_off_ends_sessions_and_lets_nobody_in_and_the_page_says_so(street: Lab, first: Client) -> None:
    order(street, 1, {"off": True})
    wait_until(lambda: not first.reaches(INTERNET4), "the session to end", 5)
    assert obeyed(street) == {"v": 1, "open": False, "radio": "away"}
    assert first.captive()
    assert first.accept().startswith("503")
    assert "gerade abgeschaltet" in landing(first)
    assert "/verbinden" not in landing(first)


def test_off_takes_the_network_off_the_air_and_on_brings_it_back(street: Lab) -> None:
    control = street.start_hostapd()

    def state() -> str:
        shown = street.run("hostapd_cli", "-p", str(control.parent), "-i", "lan0", "status", netns=street.space("node"))
        return shown.stdout.partition("state=")[2].split("\n", 1)[0]

    order(street, 1, {"off": True})
    wait_until(lambda: state() == "DISABLED", "the radio to be silent", 15)
    wait_until(lambda: obeyed(street).get("radio") == "off", "the gate's word")
    order(street, 2, {})
    wait_until(lambda: state() == "ENABLED", "the radio to send", 15)
    wait_until(lambda: obeyed(street).get("radio") == "on", "the gate's word")
    street.kill("hostapd", signal.SIGKILL)
    control.unlink(missing_ok=True)


def test_off_stays_off_when_the_gate_was_killed(street: Lab, first: Client) -> None:
    order(street, 1, {"off": True})
    street.kill("gate", signal.SIGKILL)
    street.start_gate()
    assert first.accept().startswith("503")
    assert not first.reaches(INTERNET4)
    order(street, 2, {})
    assert first.accept().startswith("303")
    assert first.reaches(INTERNET4)


def test_outside_the_opening_times_it_is_closed_and_opens_by_itself(street: Lab, first: Client) -> None:
    now = datetime.now(UTC)
    soon = f"{(now.hour + 2) % 24:02d}:{now.minute:02d}"
    later = f"{(now.hour + 3) % 24:02d}:{now.minute:02d}"
    order(street, 3, {"zone": "UTC", "hours": [[[soon, later]]] * 7})
    wait_until(lambda: not first.reaches(INTERNET4), "the session to end", 5)
    assert first.accept().startswith("503")
    assert "gerade geschlossen" in landing(first)
    begun = f"{(now.hour - 1) % 24:02d}:{now.minute:02d}"
    order(street, 4, {"zone": "UTC", "hours": [[[begun, later]]] * 7})
    assert first.accept().startswith("303")
    assert first.reaches(INTERNET4)


def test_a_new_speed_holds_for_those_who_are_online(street: Lab, first: Client) -> None:
    def classes() -> str:
        return street.run("tc", "class", "show", "dev", "lan0", netns=street.space("node")).stdout

    def speed() -> float:
        url = f"http://{INTERNET4}:8000/bytes/1000000"
        shown = ("-o", "/dev/null", "-w", "%{speed_download}", "--max-time", "30")
        return float(first.get(url, *shown).stdout) * 8

    assert "ceil 8Mbit" in classes()
    order(street, 5, {"download_mbit": 2})
    wait_until(lambda: "ceil 2Mbit" in classes(), "the new speed")
    assert "ceil 8Mbit" not in classes()
    assert speed() < 2e6 * 1.6
    order(street, 6, {})
    wait_until(lambda: "ceil 8Mbit" in classes(), "the node's own speed")
    assert speed() > 2e6 * 1.6


def test_a_smaller_quota_shuts_out_and_a_larger_one_lets_in_again(street: Lab, first: Client) -> None:
    order(street, 7, {"quota_mb": 1})
    first.get(f"http://{INTERNET4}:8000/bytes/1500000", "-o", "/dev/null", "--max-time", "10")
    wait_until(first.captive, "the quota to end the session", 20)
    assert not first.reaches(INTERNET4)
    assert "Datenmenge ist verbraucht" in landing(first)
    order(street, 8, {"quota_mb": 50})
    wait_until(lambda: first.reaches(INTERNET4), "the session to go on", 5)
    assert not first.captive()


def test_a_blocked_device_is_out_and_its_neighbour_stays(street: Lab, first: Client) -> None:
    second = street.client(2).join()
    assert second.accept().startswith("303")
    page = first.get(f"http://{PORTAL_HOST}/verbunden", "-H", "Accept-Language: de").stdout
    number = page.partition("für heute:")[2].partition('dir="ltr">')[2][:8]
    assert len(number) == 8
    end = int(time.time() * 1000) + 3600_000
    order(street, 9, {"blocked": [[number, end]]})
    wait_until(lambda: not first.reaches(INTERNET4), "the block", 5)
    assert first.accept().startswith("503")
    assert "heute gesperrt" in landing(first)
    assert second.reaches(INTERNET4)
    order(street, 10, {"blocked": [[number, 1]]})
    assert first.accept().startswith("303"), "a block that is over holds nobody"


def test_a_file_that_makes_no_sense_changes_nothing(street: Lab, first: Client) -> None:
    order(street, 11, {"quota_mb": 50})
    (street.directory / "state" / "wifi.json").write_text('{"v": 12, "wifi": {"off": "perhaps"}}')
    wait_until(lambda: "not obeyed" in street.log("gate"), "the gate's word")
    assert first.reaches(INTERNET4)
    assert obeyed(street)["v"] == 11
