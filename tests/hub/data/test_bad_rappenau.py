"""The town's facts: complete, consistent, and honest about what is assumed."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from edge import wire
from hub.bulletin import gateway
from hub.till.rules import catalogue

TOWN = Path(__file__).parents[3] / "hub" / "data" / "bad_rappenau"


def read(name: str):
    return json.loads((TOWN / name).read_text())


SITES = read("sites.json")["sites"]
NODES = read("nodes.json")["nodes"]
BOARDS = [node for node in NODES if node["role"] == "sensors"]


def bays_of(board) -> list[str]:
    site, _, first = board["bays"][0].rpartition("-")
    return [f"{site}-{number:03d}" for number in range(int(first), int(board["bays"][1].rpartition("-")[2]) + 1)]


def test_the_16_car_parks_have_1110_bays() -> None:
    assert len(SITES) == 16
    assert sum(site["capacity"] for site in SITES) == 1110


def test_every_bay_is_on_exactly_one_board() -> None:
    count = Counter(bay for board in BOARDS for bay in bays_of(board))
    wanted = {f"{site['id']}-{number:03d}" for site in SITES for number in range(1, site["capacity"] + 1)}
    assert set(count) == wanted
    assert set(count.values()) == {1}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["id"])
def test_a_board_carries_what_its_pins_allow(board) -> None:
    assert len(bays_of(board)) <= {"digital": 26, "ultrasonic": 13}[board["sensor"]]


def test_every_id_can_stand_in_a_topic() -> None:
    ids = [entry["id"] for entry in (*SITES, *NODES)]
    assert [key for key in ids if not wire.is_name(key)] == []
    assert len({node["id"] for node in NODES}) == len(NODES)


def test_at_least_six_wifi_nodes_stand_at_real_places() -> None:
    wifi = [node["id"] for node in NODES if node["role"] == "wifi"]
    assert len(wifi) == 22
    assert wifi[:3] == ["rathausplatz", "fussgaengerzone", "kurpark_see"]


@pytest.mark.parametrize("site", SITES, ids=lambda site: site["id"])
def test_a_car_park_keeps_its_marks(site) -> None:
    marks = ("assumed", "capacity_assumed", "coord_assumed", "disabled_assumed")
    assert all(isinstance(site[mark], bool) for mark in marks)
    assert site["capacity_assumed"] is (site["id"] != "frauenstrasse"), "only Frauenstraße's number is documented"


def texts(value):
    """Every {"de", "en"} in a structure."""
    if isinstance(value, dict):
        if "de" in value or "en" in value:
            yield value
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)


@pytest.mark.parametrize("file", sorted(path.name for path in TOWN.iterdir()))
def test_every_text_is_there_in_german_and_english(file: str) -> None:
    for text in texts(read(file)):
        assert set(text) == {"de", "en"}, text
        assert all(isinstance(part, str) and part.strip() for part in text.values()), text


def test_demand_names_every_car_park_with_24_hours() -> None:
    demand = read("demand.json")
    assert set(demand["sites"]) == {site["id"] for site in SITES}
    for curves in demand["sites"].values():
        for kind in ("weekday", "saturday", "sunday"):
            assert len(curves[kind]) == 24
            assert all(0 <= share <= 1 for share in curves[kind])


def test_the_opening_hours_can_be_read_for_a_whole_year() -> None:
    for office in read("offices.json")["offices"]:
        gateway.spans(office["opening_hours"], date(2027, 1, 1), 365, None)


def test_assumed_events_are_marked_and_dates_are_dates() -> None:
    for event in read("events.json")["events"]:
        assert isinstance(event["assumed"], bool)
        if event["start"]:
            assert date.fromisoformat(event["start"]) <= date.fromisoformat(event["end"] or event["start"])


def test_the_legal_texts_are_complete_and_marked() -> None:
    legal = read("legal.json")
    assert set(legal) == {"imprint", "privacy", "accessibility", "terms"}
    assert all(text["assumed"] is True and len(text["sections"]) >= 4 for text in legal.values())


def points(value):
    if isinstance(value[0], int | float):
        yield value
    else:
        for member in value:
            yield from points(member)


def test_the_map_is_marked_as_schematic_and_lies_in_the_town() -> None:
    shapes = read("map.geojson")
    assert shapes["assumed"] is True
    for feature in shapes["features"]:
        for lon, lat in points(feature["geometry"]["coordinates"]):
            assert 49.19 < lat < 49.29, feature
            assert 8.97 < lon < 9.17, feature


def test_what_tills_sell_names_its_source_or_says_that_it_is_assumed() -> None:
    for operation in read("till.json")["operations"]:
        for one in operation["articles"]:
            assert one["title"].keys() == {"de", "en"}, one["id"]
            assert one["assumed"] or (one["source"] and one["as_of"]), one["id"]


def test_the_car_parks_whose_fee_pool_guests_get_back_are_those_of_the_pool() -> None:
    wanted = {one["id"] for one in SITES if (one.get("tariff") or {}).get("refund_for") == "RappSoDie-Gäste"}
    town = catalogue.town(read("till.json"), SITES)
    assert set(town.operations["pool"].parking) == wanted
    assert "p2_rosentritt" in wanted
    assert not any(one.parking for name, one in town.operations.items() if name != "pool")
