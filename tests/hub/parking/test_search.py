"""Looking for a place to park: distances, prices, limits, order; what is not known never comes first."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hub
from hub.parking.api import SiteNow, bills, limits, search
from hub.parking.rules import search as rules
from hub.parking.rules.search import Ranked

MINUTE, HOUR = 60_000, 3_600_000
MONDAY = 1_772_445_600_000  # 2 March 2026, 11:00 in Berlin
TOWN = Path(hub.__file__).parent / "data" / "bad_rappenau"
DISC = {"tariff": {"free": True}, "max_stay_min": 120, "applies": "Mo-Fr 08:00-18:00"}


def site(name: str, lat: float = 49.24, **more) -> SiteNow:
    facts = {"lat": lat, "lon": 9.1, "tariff": {"free": True}, **more.pop("facts", {})}
    return replace(SiteNow(name, facts, 20, 5, 15, 0, 0, MONDAY), **more)


def test_a_way_is_about_as_long_as_on_the_map() -> None:
    assert 1280 < rules.way_m(49.24, 9.1, 49.249, 9.1) < 1320, "a kilometre north, with the detour of streets"
    assert rules.walking_minutes(0) == 1
    assert rules.walking_minutes(750) == 10


@given(st.lists(st.tuples(*(st.one_of(st.none(), st.integers(0, 99)) for _ in range(3)))), st.sampled_from(rules.SORTS))
def test_the_order_is_right_and_what_is_not_known_comes_last(rows, sort: str) -> None:
    values = [getattr(one, {"naehe": "metres", "preis": "cents", "frei": "free"}[sort]) for one in _ranked(rows, sort)]
    known = [value for value in values if value is not None]
    assert values[len(known) :] == [None] * (len(values) - len(known))
    assert known == sorted(known, reverse=sort == "frei")


def _ranked(rows, sort: str) -> list[Ranked]:
    return rules.ordered([Ranked(*row) for row in rows], sort, lambda one: one)


def test_the_places_of_the_town_have_names_in_both_languages_and_no_two_are_one_spot() -> None:
    found = search.places(TOWN)
    assert {"rathaus", "freibad", "bahnhof"} <= {one.id for one in found}
    assert all(one.name["de"] and one.name["en"] for one in found)
    assert len({(one.lat, one.lon) for one in found}) == len(found)
    assert search.place(TOWN, "mond") is None


def test_unknown_bays_are_never_counted_as_free() -> None:
    silent = site("silent", free=0, occupied=0, unknown=20)
    hits = search.hits([silent, site("full", free=0, occupied=20), site("room")], None, 0, "frei", MONDAY)
    assert [one.site.id for one in hits] == ["room", "full", "silent"]


def test_an_hour_costs_one_hour_at_whatever_millisecond_it_begins() -> None:
    assert search.offer({"tariff": {"name": "rappsodie"}}, 60, MONDAY + 777).cents == 50
    assert bills.bill("rappsodie", MONDAY + 999, MONDAY + 999 + 2 * HOUR).cents == 100
    assert bills.bill("rappsodie", MONDAY + 999, MONDAY + 999 + 2 * HOUR + 1).cents == 150


def test_an_offer_tells_price_derivation_and_limit() -> None:
    paid = search.offer({"tariff": {"name": "thermarium"}}, 120, MONDAY)
    assert (paid.cents, paid.why.lines("de")[-1]) == (200, "Summe 2,00\u00a0€")
    north = {"tariff": {"name": "heilbronn-nord"}}
    assert (search.offer(north, 60, MONDAY).limit, search.offer(north, 180, MONDAY).reason) == (120, "max_stay")
    assert search.offer(north, 60, MONDAY + 9 * HOUR).reason == "residents_only"
    assert search.offer({}, 60, MONDAY).reason == "unknown"


@pytest.mark.parametrize(
    ("hours", "minutes", "fits"),
    [
        (0, 120, True),
        (0, 121, False),
        (5.5, 240, True),  # from 16:30: an hour and a half until 18:00 counts
        (5, 240, True),
        (4.5, 240, False),  # from 15:30: two and a half hours count
        (5 * 24, 480, True),  # Saturday
        (35 * 24, 480, True),  # Easter Monday
    ],
)
def test_a_disc_counts_only_in_its_hours(hours: float, minutes: int, fits: bool) -> None:
    assert (search.offer(DISC, minutes, MONDAY + int(hours * HOUR)).cents == 0) is fits


def test_a_limit_without_hours_always_counts() -> None:
    assert limits.minutes_within(None, MONDAY, MONDAY + 3 * HOUR) == 180
