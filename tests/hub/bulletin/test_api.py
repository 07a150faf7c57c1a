"""The town's information through the door, on both databases."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge import wire
from hub.bulletin import api
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking

TOWN = Path(__file__).parents[3] / "hub" / "data" / "bad_rappenau"
BERLIN = ZoneInfo("Europe/Berlin")
DAY = 24 * 3600 * 1000


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BERLIN).timestamp() * 1000)


NOW = ms(2026, 11, 24, 10)
LISTS = ("news", "events", "warnings", "offices", "parking")
EMPTY: dict[str, object] = {"v": 1, "town": {}, "legal": {}, **{name: [] for name in LISTS}}


@pytest.fixture
def database(database: Database) -> Database:
    for module in (fleet, parking, api):
        database.write(lambda session, module=module: module.seed(session, TOWN))
    return database


def compose(database: Database, now: int = NOW) -> dict:
    with database.read() as session:
        return api.compose(session, parking.sites(session, now), "http://localhost:8080", now, demo=True)


def test_the_bulletin_keeps_the_contract_and_fits_into_a_message(database: Database) -> None:
    payload = wire.encode("bulletin", {**compose(database), "ts": wire.format_ms(NOW)})
    assert len(payload) < wire.MAX_PAYLOAD
    assert len(compose(database)["parking"]) == 16


def test_a_car_park_without_readings_says_unknown_and_not_zero(database: Database) -> None:
    assert {site["free"] for site in compose(database)["parking"]} == {None}


def test_offices_carry_the_intervals_of_the_next_days(database: Database) -> None:
    office = next(one for one in compose(database)["offices"] if one["id"] == "buergerbuero")
    assert office["open"][0] == ["2026-11-24T07:00:00.000Z", "2026-11-24T11:30:00.000Z"]


def test_the_next_events_come_first_and_past_ones_are_gone(database: Database) -> None:
    assert [event["id"] for event in compose(database)["events"]][:2] == ["n034", "n035"]
    assert "n034" not in [event["id"] for event in compose(database, ms(2026, 12, 7, 10))["events"]]


def test_a_warning_appears_two_weeks_before_and_goes_after_its_last_day(database: Database) -> None:
    assert compose(database)["warnings"] == []
    assert len(compose(database, ms(2027, 3, 8, 12))["warnings"]) == 1
    assert compose(database, ms(2027, 3, 20, 0))["warnings"] == []


def test_offices_now_says_until_when(database: Database) -> None:
    with database.read() as session:
        office = next(one for one in api.offices_now(session, NOW) if one.id == "buergerbuero")
    assert office.opening.is_open
    assert office.opening.until == datetime(2026, 11, 24, 12, 30, tzinfo=BERLIN)


def test_the_bulletin_is_published_when_it_changed_and_not_more_often_than_every_30_seconds() -> None:
    sent: list[bytes] = []
    publisher = api.Publisher(lambda _topic, payload, _retain: sent.append(payload) is None)
    assert publisher.offer(EMPTY, NOW)
    assert not publisher.offer(EMPTY, NOW + 60_000)
    assert not publisher.offer({**EMPTY, "news": [1]}, NOW + 29_000)
    assert publisher.offer({**EMPTY, "news": [1]}, NOW + 31_000)
    assert len(sent) == 2


def test_a_bulletin_that_the_broker_did_not_take_is_offered_again() -> None:
    answers = iter([False, True])
    publisher = api.Publisher(lambda *_: next(answers))
    assert not publisher.offer(EMPTY, NOW)
    assert publisher.offer(EMPTY, NOW + 1)


def leave(database: Database, text: str, now: int = NOW) -> None:
    database.write(lambda session: api.leave_feedback(session, text=text, page="/parken", contact="", now=now))


def test_feedback_is_kept_cut_and_deleted_after_180_days(database: Database) -> None:
    leave(database, "x" * 9000)
    with database.read() as session:
        assert len(api.feedback(session)[0].text) == 4000
    database.write(lambda session: api.forget_old(session, NOW + 181 * DAY))
    with database.read() as session:
        assert api.feedback(session) == []


def test_feedback_needs_a_text(database: Database) -> None:
    with pytest.raises(ValueError, match="Bitte"):
        leave(database, "  ")


def test_a_flood_of_feedback_is_stopped(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "FEEDBACK_A_DAY", 2)
    leave(database, "one")
    leave(database, "two")
    with pytest.raises(api.TooMuchFeedbackError):
        leave(database, "three")
    leave(database, "tomorrow", NOW + DAY + 1)
