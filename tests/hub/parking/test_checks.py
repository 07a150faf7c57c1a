"""Wardens see what is right and keep no more than they need; cameras begin and end stays of who wished for it."""

import pytest

from hub.core.db import Database
from hub.parking.api import cameras, checks, stays
from hub.parking.store import stays as store
from tests.hub.parking.test_stays import HOUR, MINUTE, NOW, Purse, begin, heard

__all__ = ["heard"]
DAY = 24 * HOUR
TARIFFS = {"thermarium": "thermarium"}


def verdict(database: Database, plate: str, now: int, site: str = "thermarium") -> checks.Verdict:
    with database.read() as session:
        return checks.check(session, site, plate, now)[1]


def test_a_running_stay_is_paid_here_and_nowhere_else(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    assert verdict(database, "HN-AB 123", NOW + HOUR).kind == "paid"
    assert verdict(database, "HN AB 124", NOW + HOUR).kind == "none"
    assert verdict(database, "HN AB 123", NOW + HOUR, "p1_weinbrenner").kind == "none"
    database.write(lambda session: stays.stop(session, purse, token, NOW + 10 * MINUTE))
    assert verdict(database, "HN AB 123", NOW + 15 * MINUTE).kind == "paid", "on the way out"
    assert verdict(database, "HN AB 123", NOW + 21 * MINUTE).kind == "none"


def test_a_permit_holds_until_its_end_and_at_its_place(database: Database, heard) -> None:
    facts = {"plate": "HNR1", "kind": "resident", "site": "thermarium", "until": NOW + DAY}
    database.write(lambda session: store.add_permit(session, **facts))
    assert (verdict(database, "HN-R 1", NOW).kind, verdict(database, "HN-R 1", NOW).detail) == ("permit", "resident")
    assert verdict(database, "HN-R 1", NOW + DAY).kind == "none"
    assert verdict(database, "HN-R 1", NOW, "p1_weinbrenner").kind == "none"


def test_a_plate_is_kept_only_where_the_car_had_no_right_and_for_two_weeks(database: Database, heard) -> None:
    def note(number: str, plate: str, kind: str) -> bool:
        return database.write(lambda s: checks.record(s, 7, number, "thermarium", plate, kind, NOW))

    assert note("a", "HNAB1", "none")
    assert not note("a", "HNAB1", "none"), "a device that sends twice is heard once"
    assert note("b", "HNAB2", "paid")
    with database.read() as session:
        assert [(one.kind, one.plate) for one in checks.checked(session, 7)] == [("paid", ""), ("none", "HNAB1")]
    database.write(lambda session: checks.tidy(session, NOW + 15 * DAY))
    with database.read() as session:
        assert {one.plate for one in checks.checked(session, 7)} == {""}


def test_the_list_for_checks_without_a_network_holds_no_plate(database: Database, heard) -> None:
    from hub.parking.rules.checks import digest

    begin(database, Purse())
    with database.read() as session:
        made = checks.offline_list(session, "thermarium", NOW + MINUTE)
    assert [entry[:2] for entry in made.entries] == [(digest(made.salt, "HNAB123"), "paid")]
    assert "HNAB123" not in str(made)


def test_a_camera_begins_and_ends_the_stay_of_a_driver_who_wished_for_it(database: Database, heard) -> None:
    purse = Purse()
    key = database.write(lambda session: cameras.add_camera(session, "gate-1", "thermarium"))
    car = {"holder": "person:1", "person_id": 1, "plate": "HNAB123", "name": "", "by_camera": True}
    database.write(lambda session: store.add_car(session, **car))

    def see(plate: str, direction: str, at: int) -> str:
        return database.write(lambda s: cameras.report(s, purse, TARIFFS, key, plate, direction, at, at + 1000))

    assert see("HN AB 123", "in", NOW) == "started"
    assert see("HN AB 123", "in", NOW + MINUTE) == "known"
    assert see("HN AB 123", "out", NOW + 40 * MINUTE) == "ended"
    assert list(purse.settled.values()) == [100]
    assert see("HN AB 123", "out", NOW + 41 * MINUTE) == "ignored"


def test_the_stay_of_an_unknown_plate_is_owed_for(database: Database, heard) -> None:
    key = database.write(lambda session: cameras.add_camera(session, "gate-1", "thermarium"))
    purse = Purse()

    def see(direction: str, at: int) -> str:
        return database.write(lambda s: cameras.report(s, purse, TARIFFS, key, "KA X 1", direction, at, at))

    assert see("in", NOW) == "owed"
    database.write(lambda session: stays.tick(session, purse, {}, NOW + HOUR))
    assert verdict(database, "KA X 1", NOW + HOUR).kind == "unpaid"
    assert see("out", NOW + HOUR) == "ended"
    assert (purse.held, purse.settled) == ({}, {})
    with database.read() as session:
        assert store.last_of(session, "KAX1", "thermarium").cents == 100


def test_a_wrong_key_and_an_old_report_are_refused(database: Database, heard) -> None:
    key = database.write(lambda session: cameras.add_camera(session, "gate-1", "thermarium"))
    with pytest.raises(cameras.UnknownCameraError):
        database.write(lambda s: cameras.report(s, Purse(), TARIFFS, key + "x", "HN A 1", "in", NOW, NOW))
    with pytest.raises(ValueError, match="quarter of an hour"):
        database.write(lambda s: cameras.report(s, Purse(), TARIFFS, key, "HN A 1", "in", NOW - HOUR, NOW))
