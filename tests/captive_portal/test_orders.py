"""The hub's settings of the WiFi as gate and portal read them, without hub and agent."""

import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.config import Limits
from captive_portal.orders import HOURS, OFF, OrderFile, read
from captive_portal.preview import PreviewAccess
from captive_portal.words import Speech
from tests.captive_portal.factory import bulletin, client, write_state

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = {"zone": "Europe/Berlin", "hours": [[["09:00", "17:00"]]] * 5 + [[], []]}


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BERLIN).timestamp() * 1000)  # type: ignore[misc]


def write(file: Path, version: int, wifi: object, **more: object) -> None:
    fresh = file.with_suffix(".next")
    fresh.write_text(json.dumps({"v": version, "wifi": wifi, **more}))
    fresh.replace(file)


def test_opening_times_are_the_towns_in_winter_and_in_summer() -> None:
    orders = read(json.dumps({"v": 1, "wifi": NINE_TO_FIVE}).encode())
    for month in (1, 7):
        monday = 5 if month == 1 else 6
        assert orders.closed(at(2026, month, monday, 8, 59)) == HOURS
        assert orders.closed(at(2026, month, monday, 9, 0)) == ""
        assert orders.closed(at(2026, month, monday, 17, 0)) == HOURS
        assert orders.opens_ms(at(2026, month, monday, 8, 30)) == at(2026, month, monday, 9, 0)


def test_off_has_no_end_of_its_own() -> None:
    orders = read(json.dumps({"v": 1, "wifi": {**NINE_TO_FIVE, "off": True}}).encode())
    assert orders.closed(at(2026, 1, 5, 12, 0)) == OFF
    assert orders.opens_ms(at(2026, 1, 5, 12, 0)) is None


def test_speed_and_quota_lie_over_the_nodes_own() -> None:
    orders = read(b'{"v": 1, "wifi": {"download_mbit": 3, "quota_mb": 0}}')
    assert orders.limits(Limits(upload_mbit=4, quota_mb=9)) == Limits(download_mbit=3, upload_mbit=4, quota_mb=0)


def test_a_file_that_cannot_be_obeyed_leaves_the_last_good_one(tmp_path: Path) -> None:
    file, obeyed = tmp_path / "wifi.json", tmp_path / "obeyed.json"
    orders = OrderFile(file, obeyed)
    assert orders.current().v == 0
    write(file, 4, {"off": True})
    assert orders.current().closed(0) == OFF
    for version, wrong in ((5, {"quota_mb": "much"}), (6, {"zone": "Europe/Rappenau"}), ("7", {}), (8, [])):
        write(file, version, wrong)  # type: ignore[arg-type]
        assert orders.current().v == 4
    file.unlink()
    assert orders.current().v == 4, "a file that is gone is no order"
    orders.tell(0)
    assert json.loads(obeyed.read_text()) == {"v": 4, "open": False}
    write(file, 9, {})
    assert orders.current().v == 9


NOON, NIGHT = at(2026, 1, 5, 12, 0), at(2026, 1, 5, 23, 0)


def node(directory: Path, boot: str) -> OrderFile:
    """The gate's view after a start of the machine."""
    found = OrderFile(directory / "wifi.json", directory / "obeyed.json", directory / "hours", boot)
    found.current()
    return found


def test_without_a_clock_that_was_set_it_stays_as_it_was_and_says_so(tmp_path: Path) -> None:
    write(tmp_path / "wifi.json", 1, NINE_TO_FIVE, clock={"boot": "a", "set": True})
    orders = node(tmp_path, "a")
    orders.tell(NIGHT)
    assert orders.closed(NIGHT) == HOURS
    again = node(tmp_path, "b")  # the agent has not said anything since the machine started
    assert again.holds
    assert again.closed(NOON) == HOURS, "it was closed"
    assert again.opens_ms(NOON) is None, "nobody knows when"
    again.tell(NOON)
    assert json.loads((tmp_path / "obeyed.json").read_text()) == {"v": 1, "open": False, "held": True}
    write(tmp_path / "wifi.json", 1, NINE_TO_FIVE, clock={"boot": "b", "set": False})
    again.current()
    assert again.closed(NOON) == HOURS
    write(tmp_path / "wifi.json", 1, NINE_TO_FIVE, clock={"boot": "b", "set": True})
    again.current()
    assert again.closed(NOON) == ""
    again.tell(NOON)
    assert json.loads((tmp_path / "obeyed.json").read_text()) == {"v": 1, "open": True}
    assert node(tmp_path, "c").closed(NIGHT) == "", "it was open"


def test_off_needs_no_clock_and_neither_does_a_node_without_opening_times(tmp_path: Path) -> None:
    unset = {"clock": {"boot": "b", "set": False}}
    write(tmp_path / "wifi.json", 1, {**NINE_TO_FIVE, "off": True}, **unset)
    orders = node(tmp_path, "b")
    assert (orders.closed(NOON), orders.holds) == (OFF, False)
    orders.tell(NOON)
    write(tmp_path / "wifi.json", 2, NINE_TO_FIVE, **unset)
    orders.current()
    assert (orders.closed(NIGHT), orders.holds) == ("", True), "it was never closed for the hour, and off is over"
    write(tmp_path / "wifi.json", 3, {}, **unset)
    orders.current()
    assert (orders.closed(NIGHT), orders.holds) == ("", False)


@pytest.mark.parametrize("clock", [7, {}, {"boot": "b"}, {"boot": 1, "set": True}, {"boot": "b", "set": "yes"}])
def test_nonsense_about_the_clock_is_no_order(clock: object) -> None:
    with pytest.raises(ValueError, match="clock"):
        read(json.dumps({"v": 1, "wifi": {}, "clock": clock}).encode())


def test_an_agent_that_says_nothing_of_the_clock_is_believed(tmp_path: Path) -> None:
    write(tmp_path / "wifi.json", 1, NINE_TO_FIVE)
    assert node(tmp_path, "b").closed(NIGHT) == HOURS


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", 3, {"off": True})
    (tmp_path / "wifi.json").symlink_to(tmp_path / "elsewhere")
    assert OrderFile(tmp_path / "wifi.json").current().v == 0


@given(st.binary(max_size=300))
def test_no_file_breaks_the_gate(content: bytes) -> None:
    with pytest.raises(ValueError):
        read(content)


def test_the_page_says_that_the_wifi_is_off_and_has_no_button(tmp_path: Path) -> None:
    state = write_state(tmp_path / "state", bulletin())
    visitor = client(state, PreviewAccess(OrderFile(state / "wifi.json")))
    assert "/verbinden" in visitor.get("/").get_data(as_text=True)
    write(state / "wifi.json", 1, {"off": True})
    page = visitor.get("/", headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert "gerade abgeschaltet" in page
    assert "/verbinden" not in page
    assert "Heute in der Stadt" in page, "the town's information stays"
    answer = visitor.post("/verbinden")
    assert answer.status_code == 503
    assert visitor.get("/captive-portal/api").json["captive"] is True
    write(state / "wifi.json", 2, {})
    assert visitor.post("/verbinden").status_code == 303


@pytest.mark.parametrize("lang", ["de", "en", "fr", "tr", "uk", "pl", "ar"])
def test_the_page_says_in_every_language_when_it_opens_again(tmp_path: Path, lang: str) -> None:
    state = write_state(tmp_path / "state", bulletin())
    today = datetime.now(BERLIN).weekday()
    hours = [[["09:30", "17:00"]] if day == (today + 2) % 7 else [] for day in range(7)]
    write(state / "wifi.json", 1, {"zone": "Europe/Berlin", "hours": hours})
    visitor = client(state, PreviewAccess(OrderFile(state / "wifi.json")))
    page = visitor.get(f"/?lang={lang}").get_data(as_text=True)
    assert Speech(lang).say("wifi_hours") in page
    before, _when, _after = Speech(lang).say("wifi_hours_text", when="|").partition("|")
    assert re.search(re.escape(before) + r"[^<]*9\W{1,2}(h\W)?30\b", page)
