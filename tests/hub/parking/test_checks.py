"""Wardens see what is right and keep no more than they need."""

import dataclasses
import hashlib

import pytest
from sqlalchemy import text

from hub.core.db import Database
from hub.parking.api import checks, permits, stays
from hub.parking.api.checks import Noted
from hub.parking.rules.checks import Right, digest, terms, verdict
from hub.settings import Settings
from tests.hub.parking.test_stays import HOUR, MINUTE, NOW, Purse, begin, heard, tick

__all__ = ["heard"]
DAY = 24 * HOUR
KEEP = checks.terms(Settings().town_dir)


def judge(database: Database, plate: str, now: int, site: str = "thermarium") -> checks.Verdict:
    with database.read() as session:
        return checks.check(session, site, plate, now)[1]


def note(database: Database, number: str, plate: str, kind: str, at: int = NOW) -> bool:
    one = Noted(number, "thermarium", plate, kind, at)
    return database.write(lambda session: checks.record(session, 7, one, at))


def mine(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(one.kind, one.plate) for one in checks.checked(session, 7)]


def test_a_running_stay_is_paid_here_and_nowhere_else(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    assert judge(database, "HN-AB 123", NOW + HOUR).kind == "paid"
    assert judge(database, "HN AB 124", NOW + HOUR).kind == "none"
    assert judge(database, "HN AB 123", NOW + HOUR, "p1_weinbrenner").kind == "none"
    database.write(lambda session: stays.stop(session, purse, token, NOW + 10 * MINUTE))
    assert judge(database, "HN AB 123", NOW + 15 * MINUTE).kind == "paid", "on the way out"
    over = judge(database, "HN AB 123", NOW + 21 * MINUTE)
    assert (over.kind, over.ended_at) == ("none", NOW + 10 * MINUTE)


def test_a_planned_end_is_what_the_warden_reads_and_later_how_long_ago_it_was(database: Database, heard) -> None:
    purse = Purse()
    begin(database, purse, planned_end=NOW + HOUR)
    assert judge(database, "HN AB 123", NOW + MINUTE).until == NOW + HOUR
    tick(database, purse, NOW + HOUR + MINUTE)
    found = judge(database, "HN AB 123", NOW + 2 * HOUR)
    assert (found.kind, checks.minutes(found.ended_at, NOW + 2 * HOUR), found.over_since) == ("none", 60, None)


def test_a_car_that_stands_longer_than_one_may_is_over_since_the_longest_end() -> None:
    before = Right("paid", NOW, longest_end=NOW)
    found = verdict([Right("paid", NOW)], NOW + 12 * MINUTE, before)
    assert (found.kind, found.over_since) == ("none", NOW)
    assert verdict([], NOW, Right("paid", NOW - 1, longest_end=NOW + HOUR)).over_since is None
    assert verdict([Right("paid", None)], NOW, before).ended_at is None


def test_a_permit_holds_until_its_end_and_at_its_place(database: Database, heard) -> None:
    new = permits.Permit("HNR1", "resident", "thermarium", NOW + DAY)
    database.write(lambda session: permits.add(session, new, "cli", NOW))
    assert (judge(database, "HN-R 1", NOW).kind, judge(database, "HN-R 1", NOW).detail) == ("permit", "resident")
    assert judge(database, "HN-R 1", NOW + DAY).kind == "none"
    assert judge(database, "HN-R 1", NOW, "p1_weinbrenner").kind == "none"
    with database.read() as session:
        (known,) = permits.holding(session, NOW, "hn-r")
    assert database.write(lambda session: permits.end(session, known.id, "cli", NOW + MINUTE))
    assert not database.write(lambda session: permits.end(session, known.id, "cli", NOW + MINUTE))
    assert judge(database, "HN-R 1", NOW + MINUTE).kind == "none"


def test_permits_out_of_a_file_are_taken_over_all_or_none_and_twice_without_harm(database: Database) -> None:
    file = ["plate;kind;site;until\n", "HN-R 1;resident;thermarium;2026-12-31\n", "\n", "hn b 2;disabled;;2027-03-01\n"]
    sites = {"thermarium"}
    for _ in range(2):
        found = permits.read(file, sites, NOW)
        assert database.write(lambda session, found=found: permits.add_all(session, found, "cli", NOW)) == 2
    with database.read() as session:
        known = permits.holding(session, NOW)
        log = session.execute(text("SELECT subject, details FROM audit_entry")).all()
    assert [(one.plate, one.kind, one.site) for one in known] == [
        ("HNB2", "disabled", ""),
        ("HNR1", "resident", "thermarium"),
    ]
    assert "HNR1" not in str(log), "no plate in the chain"
    for wrong, why in (
        ("HN-R 1,resident,nowhere,2026-12-31", "line 2: site"),
        ("HN-R 1,emperor,,2026-12-31", "line 2: kind"),
        ("?,resident,,2026-12-31", "line 2: plate"),
        ("HN-R 1,resident,,31.12.2026", "line 2: until"),
        ("HN-R 1,resident,,2020-12-31", "line 2: until"),
        ("HN-R 1,resident", "line 2: until"),
    ):
        with pytest.raises(ValueError, match=why):
            permits.read(["plate,kind,site,until\n", wrong], sites, NOW)
    with pytest.raises(ValueError, match="missing: until"):
        permits.read(["plate,kind,site\n"], sites, NOW)
    with pytest.raises(ValueError, match="missing: plate"):
        permits.read([], sites, NOW)


def test_a_plate_is_kept_only_where_the_car_had_no_right_and_for_two_weeks(database: Database, heard) -> None:
    assert note(database, "aaaaaaaa", "HNAB1", "none")
    assert not note(database, "aaaaaaaa", "HNAB1", "none"), "a device that sends twice is heard once"
    assert note(database, "bbbbbbbb", "HNAB2", "paid")
    assert mine(database) == [("paid", ""), ("none", "HNAB1")]
    database.write(lambda session: checks.tidy(session, NOW + 15 * DAY, KEEP))
    assert {plate for _, plate in mine(database)} == {""}
    database.write(lambda session: checks.tidy(session, NOW + 366 * DAY, KEEP))
    assert mine(database) == []


def test_every_check_stands_in_the_log_once_and_without_the_plate(database: Database, heard) -> None:
    note(database, "aaaaaaaa", "HNAB1", "none")
    note(database, "aaaaaaaa", "HNAB1", "none")
    with database.read() as session:
        found = session.execute(text("SELECT actor, action, subject, details FROM audit_entry")).all()
    assert [tuple(one) for one in found] == [("person:7", "parking.checked", "site:thermarium", '{"result":"none"}')]


def test_the_list_for_checks_without_a_network_holds_no_plate_and_an_end(database: Database, heard) -> None:
    begin(database, Purse(), planned_end=NOW + HOUR)
    with database.read() as session:
        made = checks.offline_list(session, ["thermarium", "p1_weinbrenner"], 4, NOW + MINUTE)
    known = digest(made.key, "thermarium", "HNAB123")
    assert made.sites == {"thermarium": [(known, "paid", NOW + HOUR)], "p1_weinbrenner": []}
    assert "HNAB123" not in str(made)
    assert made.until == NOW + MINUTE + 4 * HOUR


def test_without_its_key_a_list_tells_nothing_of_a_plate_and_two_lists_have_nothing_in_common(
    database: Database, heard
) -> None:
    begin(database, Purse(), planned_end=NOW + HOUR)
    with database.read() as session:
        lists = [checks.offline_list(session, ["thermarium"], 4, NOW + MINUTE) for _ in range(2)]
    shown = [one.sites["thermarium"][0][0] for one in lists]
    assert len({*shown, *(one.key for one in lists)}) == 4
    assert all(len(one.key) == 32 for one in lists), "more keys than anybody can try"
    guesses = {hashlib.sha256(f"{salt}HNAB123".encode()).hexdigest()[:24] for salt in ("", *shown)}
    assert not guesses & set(shown)
    assert digest(lists[0].key, "p1_weinbrenner", "HNAB123") != shown[0], "the same car elsewhere looks like another"


def test_a_check_of_a_time_without_a_network_is_judged_again_by_what_the_hub_knows_of_that_moment(
    database: Database, heard
) -> None:
    purse = Purse()
    token = begin(database, purse)
    database.write(lambda session: stays.stop(session, purse, token, NOW + 30 * MINUTE))

    def take(number: str, at: int, kind: str = "none", plate: str = "HNAB123") -> str:
        one = Noted(number, "thermarium", plate, kind, at)
        return database.write(lambda session: checks.take(session, 7, one, NOW + 3 * HOUR)).kind

    assert take("before..", NOW - MINUTE) == "none"
    assert take("during..", NOW + 20 * MINUTE) == "paid", "paid after the phone's list was made"
    assert take("after...", NOW + HOUR, "unknown") == "none"
    assert take("paid....", NOW + HOUR, "paid", "") == "paid"
    assert take("future..", NOW + 9 * HOUR) == "none"
    assert take("future..", NOW + 9 * HOUR) == "none"
    found = mine(database)
    assert len(found) == 5
    assert ("paid", "HNAB123") not in found
    with database.read() as session:
        assert max(one.at for one in checks.checked(session, 7)) == NOW + 3 * HOUR, "no check of the future"


def test_a_town_says_how_long_what_is_kept_or_the_hub_does_not_start() -> None:
    data = {name: {"value": 3} for name in (one.name for one in dataclasses.fields(checks.Terms))}
    assert terms(data).check_days == 3
    for wrong in ({}, data | {"check_days": {"value": 0}}, data | {"check_days": {"value": "14"}}):
        with pytest.raises(ValueError, match=r"checks\.json"):
            terms(wrong)
