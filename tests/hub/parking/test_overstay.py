"""Standing too long: the fee by its rule file, what a warden is told, what a driver sees before."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hub
from hub.core.db import Database
from hub.parking.api import checks, overstays, stays
from hub.parking.rules.overstay import OverstayError, fee, minutes_over, read_overstay
from hub.parking.store import save_sites
from tests.hub.parking.test_stays import HOUR, MINUTE, NOW, Purse, begin, heard, tick

__all__ = ["heard"]
DISC = overstays.rule("parkscheibe")


@pytest.mark.parametrize(
    ("minutes", "cents"),
    [(0, 0), (5, 0), (6, 2000), (30, 2000), (31, 2500), (60, 2500), (61, 3000), (120, 3000), (180, 3500), (181, 4000)],
)
def test_the_fee_grows_in_steps_and_the_grace_is_no_discount(minutes: int, cents: int) -> None:
    assert fee(DISC, minutes) == cents


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_longer_never_costs_less(one: int, more: int) -> None:
    assert fee(DISC, one) <= fee(DISC, one + more)


def test_started_minutes_count_from_the_end_of_the_longest_stay() -> None:
    assert [minutes_over(NOW, NOW + ms) for ms in (-1, 0, 1, MINUTE, MINUTE + 1)] == [0, 0, 1, 1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"steps": []},
        {"steps": [{"up_to_minutes": 5, "cents": 1}]},
        {"steps": [{"cents": 1}, {"cents": 2}]},
        {"steps": [{"up_to_minutes": 9, "cents": 1}, {"up_to_minutes": 5, "cents": 1}, {"cents": 2}]},
        {"steps": [{"cents": -1}]},
        {"steps": [{"cents": True}]},
        {"steps": [{"cents": 1}], "grace_minutes": 1.5},
        {"steps": [{"cents": 1}], "grace": 5},
    ],
)
def test_a_rule_that_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(OverstayError):
        read_overstay(wrong)


def test_every_shipped_rule_can_be_read_and_every_car_park_names_one_that_exists() -> None:
    data = Path(hub.__file__).parent / "data"
    for file in (data / "overstay").glob("*.json"):
        assert overstays.rule(file.stem).steps
    sites = json.loads((data / "bad_rappenau" / "sites.json").read_text())["sites"]
    limited = [one for one in sites if one["max_stay_min"]]
    assert limited
    assert all(overstays.of_site(one) for one in limited)
    with pytest.raises(OverstayError, match="no rule"):
        overstays.rule("gibt-es-nicht")


def test_a_warden_hears_how_long_a_car_stands_too_long_and_what_it_costs(database: Database, heard) -> None:
    facts = {"id": "nord", "tariff": {"name": "heilbronn-nord", "overstay": "parkscheibe"}}
    database.write(lambda session: save_sites(session, {"nord": json.dumps(facts)}))
    purse = Purse()
    begin(database, purse, site="nord", tariff="heilbronn-nord", bay=None)
    tick(database, purse, NOW + 2 * HOUR + 1000)

    def check(now: int, plate: str = "HN AB 123") -> checks.Verdict:
        with database.read() as session:
            return checks.check(session, "nord", plate, now)[1]

    assert check(NOW + 2 * HOUR + 9 * MINUTE).kind == "paid", "on the way out"
    found = check(NOW + 2 * HOUR + 40 * MINUTE)
    assert (found.kind, found.over_since, found.fee) == ("none", NOW + 2 * HOUR, 2500)
    assert check(NOW + 3 * HOUR, "HN ZZ 9") == checks.Verdict("none")
    assert check(NOW + 30 * HOUR) == checks.Verdict("none"), "that was yesterday"


def test_who_drove_away_in_time_is_no_case(database: Database, heard) -> None:
    facts = {"id": "nord", "tariff": {"name": "heilbronn-nord", "overstay": "parkscheibe"}}
    database.write(lambda session: save_sites(session, {"nord": json.dumps(facts)}))
    purse = Purse()
    token = begin(database, purse, site="nord", tariff="heilbronn-nord", bay=None)
    database.write(lambda session: stays.stop(session, purse, token, NOW + HOUR))
    with database.read() as session:
        assert checks.check(session, "nord", "HN AB 123", NOW + 4 * HOUR)[1].fee == 0
