"""A stay from its start to its receipt: it ends by itself, nobody pays twice, and a wrong plate can be put right."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core import events
from hub.core.db import Database
from hub.parking.api import stays
from hub.parking.api.stays import Order, RefusedError
from hub.parking.rules import stays as rules
from hub.parking.rules.stays import BayNow, Stay
from hub.parking.store import stays as stay_store

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_772_445_600_000  # Monday, 2 March 2026, 11:00 in Berlin
BAY = "thermarium-001"


class Purse:
    """Money as the stays see it; the real one is in payments."""

    def __init__(self, cents: int = 10_000) -> None:
        self.cents, self.held, self.settled = cents, {}, {}

    def hold(self, _session, key: str, number: int, holder: str, cents: int, now: int) -> bool:
        if (key, number) in self.held:
            return True
        if sum(self.held.values()) + cents > self.cents:
            return False
        self.held[key, number] = cents
        return True

    def settle(self, _session, key: str, holder: str, site: str, held: int, cents: int, lines, now: int) -> None:
        assert key not in self.settled
        assert held == sum(amount for (one, _), amount in self.held.items() if one == key)
        assert cents <= sum(amount for (one, _), amount in self.held.items() if one == key)
        self.settled[key] = cents


@pytest.fixture
def heard() -> list[stays.StayChanged]:
    found: list[stays.StayChanged] = []
    events.wire({stays.StayChanged: (lambda _session, event: found.append(event),)})
    return found


def order(**more) -> Order:
    facts = {"site": "thermarium", "tariff": "thermarium", "plate": "hn-ab 123", "holder": "person:1", "person_id": 1}
    return Order(**{**facts, "source": "map", "bay": BAY, **more})


def begin(database: Database, purse: Purse, now: int = NOW, **more) -> str:
    return database.write(lambda session: stays.start(session, purse, order(**more), now))


def tick(database: Database, purse: Purse, now: int, state: str = "", since: int = 0) -> int:
    bays = {BAY: BayNow(state, since)} if state else {}
    return database.write(lambda session: stays.tick(session, purse, bays, now))


def look(database: Database, token: str, now: int) -> stays.StayNow:
    with database.read() as session:
        found = stays.find(session, token, now)
    assert found is not None
    return found


def test_a_stay_costs_what_the_tariff_says_and_the_rest_of_the_money_goes_back(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    assert look(database, token, NOW + 10 * MINUTE).cents == 0, "half an hour is free"
    tick(database, purse, NOW + 85 * MINUTE)
    database.write(lambda session: stays.stop(session, purse, token, NOW + 85 * MINUTE))
    found = look(database, token, NOW + 9 * HOUR)
    assert (found.state, found.cents, found.ended_by, found.plate) == ("ended", 100, "driver", "HNAB123")
    assert found.lines[-1] == "Summe 1,00\u00a0€"
    assert purse.settled == {f"stay:{token}": 100}
    assert [event.kind for event in heard] == ["settled"]


def test_when_the_bay_is_free_for_three_minutes_the_stay_ends_at_the_moment_the_car_left(database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    tick(database, purse, NOW + MINUTE, "free", NOW - HOUR)  # the car is not there yet
    assert look(database, token, NOW + MINUTE).state == "running"
    tick(database, purse, NOW + 2 * MINUTE, "occupied", NOW + 90_000)
    left = NOW + 80 * MINUTE
    tick(database, purse, left + 2 * MINUTE, "free", left)
    assert look(database, token, left).state == "running", "somebody may only have moved the car a bit"
    tick(database, purse, left + 4 * MINUTE, "free", left)
    assert (look(database, token, left).state, look(database, token, left).ended_at) == ("ending", left)
    assert heard[-1].kind == "ending"
    tick(database, purse, left + 30 * MINUTE, "occupied", left + 20 * MINUTE)
    assert look(database, token, left + HOUR).cents == 100
    assert purse.settled == {f"stay:{token}": 100}


@pytest.mark.parametrize("state", ["unknown", "faulty"])
def test_a_silent_sensor_never_ends_a_stay(database: Database, heard, state: str) -> None:
    purse = Purse()
    token = begin(database, purse)
    tick(database, purse, NOW + 2 * MINUTE, "occupied", NOW + MINUTE)
    tick(database, purse, NOW + 3 * HOUR, state, NOW + HOUR)
    assert look(database, token, NOW + 3 * HOUR).state == "running"


def test_a_driver_who_is_still_there_objects_and_the_sensor_ends_nothing_more(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    tick(database, purse, NOW + 2 * MINUTE, "occupied", NOW + MINUTE)
    tick(database, purse, NOW + 20 * MINUTE, "free", NOW + 10 * MINUTE)
    asked = look(database, token, NOW + 21 * MINUTE)
    assert asked.may_object
    assert asked.settles_at == (asked.ended_at or 0) + rules.GRACE_MS + rules.SETTLE_MS
    database.write(lambda session: stays.object_to_end(session, token, NOW + 21 * MINUTE))
    tick(database, purse, NOW + 60 * MINUTE, "free", NOW + 10 * MINUTE)
    assert look(database, token, NOW + 60 * MINUTE).state == "running"
    database.write(lambda session: stays.stop(session, purse, token, NOW + 95 * MINUTE))
    with pytest.raises(RefusedError, match="over"):
        database.write(lambda session: stays.object_to_end(session, token, NOW + 96 * MINUTE))


def test_free_minutes_are_given_once_also_to_who_comes_back_before_the_first_stay_is_settled(
    database: Database, heard
) -> None:
    purse = Purse()
    begin(database, purse)
    tick(database, purse, NOW + MINUTE, "occupied", NOW + MINUTE)
    tick(database, purse, NOW + 25 * MINUTE, "free", NOW + 20 * MINUTE)
    token = begin(database, purse, NOW + 26 * MINUTE)
    assert look(database, token, NOW + 37 * MINUTE).cents == 100, "ten minutes were left"


def test_a_plate_that_is_put_right_brings_its_own_free_minutes(database: Database, heard) -> None:
    purse = Purse()
    first = begin(database, purse)
    database.write(lambda session: stays.stop(session, purse, first, NOW + 30 * MINUTE))
    token = begin(database, purse, NOW + 40 * MINUTE, plate="HN XX 1")
    database.write(lambda session: stays.correct_plate(session, token, "HN AB 123"))
    assert look(database, token, NOW + 45 * MINUTE).cents == 100
    database.write(lambda session: stays.correct_plate(session, token, "HN AB 12"))
    assert look(database, token, NOW + 45 * MINUTE).cents == 0


def test_one_car_has_one_running_stay_even_when_two_start_at_once(database: Database, heard) -> None:
    purse, outcomes = Purse(), []

    def start() -> None:
        try:
            outcomes.append(begin(database, purse))
        except RefusedError as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(outcomes), len(set(outcomes))) == (8, 1), "who presses again is shown the stay that runs"


def test_stop_pressed_by_many_at_once_is_paid_once(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    end = NOW + 50 * MINUTE
    threads = [
        threading.Thread(target=database.write, args=(lambda session: stays.stop(session, purse, token, end),))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert purse.settled == {f"stay:{token}": 100}
    assert [event.kind for event in heard] == ["settled"]


def test_a_typing_error_in_the_plate_is_put_right_while_the_stay_runs(database: Database, heard) -> None:
    purse = Purse()
    token, other = begin(database, purse), begin(database, purse, plate="HN XY 1", bay=None)
    database.write(lambda session: stays.correct_plate(session, token, "HN AB 132"))
    assert look(database, token, NOW).plate == "HNAB132"
    for typed, reason in (("HN XY 1", "running"), ("?", "plate")):
        with pytest.raises(RefusedError, match=reason):
            database.write(lambda session, typed=typed: stays.correct_plate(session, token, typed))
    database.write(lambda session: stays.stop(session, purse, other, NOW + MINUTE))
    with pytest.raises(RefusedError, match="gone"):
        database.write(lambda session: stays.correct_plate(session, other, "HN AB 9"))


def test_free_minutes_are_given_once_a_day_for_a_plate(database: Database, heard) -> None:
    purse = Purse()
    first = begin(database, purse)
    database.write(lambda session: stays.stop(session, purse, first, NOW + 20 * MINUTE))
    second = begin(database, purse, NOW + HOUR)
    database.write(lambda session: stays.stop(session, purse, second, NOW + HOUR + 20 * MINUTE))
    assert look(database, second, NOW + 2 * HOUR).cents == 100, "only ten minutes were left"
    tomorrow = NOW + 24 * HOUR
    third = begin(database, purse, tomorrow)
    database.write(lambda session: stays.stop(session, purse, third, tomorrow + 20 * MINUTE))
    assert look(database, third, tomorrow + HOUR).cents == 0


def test_the_longest_stay_is_kept_and_announced_a_quarter_of_an_hour_before(database: Database, heard) -> None:
    purse = Purse()
    facts = {"site": "nord", "tariff": "heilbronn-nord", "bay": None}
    with pytest.raises(RefusedError, match="max_stay"):
        begin(database, purse, planned_end=NOW + 3 * HOUR, **facts)
    token = begin(database, purse, **facts)
    tick(database, purse, NOW + 104 * MINUTE)
    assert not heard
    tick(database, purse, NOW + 106 * MINUTE)
    tick(database, purse, NOW + 107 * MINUTE)
    assert [event.kind for event in heard] == ["reminder"]
    with pytest.raises(RefusedError, match="max_stay"):
        database.write(lambda session: stays.extend(session, purse, token, NOW + 3 * HOUR, NOW + HOUR))
    tick(database, purse, NOW + 2 * HOUR + MINUTE)
    assert (look(database, token, NOW + 3 * HOUR).ended_by, purse.settled[f"stay:{token}"]) == ("plan", 300)


def test_nobody_parks_for_more_than_they_have(database: Database, heard) -> None:
    with pytest.raises(RefusedError, match="money"):
        begin(database, Purse(50))
    purse = Purse(200)
    token = begin(database, purse)
    for minutes in range(5, 200, 5):
        tick(database, purse, NOW + minutes * MINUTE)
    found = look(database, token, NOW + 4 * HOUR)
    assert (found.state, found.ended_by, found.cents) == ("ended", "money", 200)
    assert "no_money" in [event.kind for event in heard]
    with database.read() as session:
        assert stays.find(session, "unknown", NOW) is None


def test_a_planned_end_can_be_moved_and_ends_the_stay_when_it_comes(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse, planned_end=NOW + HOUR)
    database.write(lambda session: stays.extend(session, purse, token, NOW + 2 * HOUR, NOW + 50 * MINUTE))
    tick(database, purse, NOW + 65 * MINUTE)
    assert look(database, token, NOW + 65 * MINUTE).state == "running"
    tick(database, purse, NOW + 125 * MINUTE)
    assert (look(database, token, NOW + 3 * HOUR).cents, purse.settled[f"stay:{token}"]) == (200, 200)


@given(st.sampled_from(("free", "occupied", "unknown", "faulty")), st.integers(0, 10**7), st.integers(0, 10**7))
def test_only_a_bay_that_was_occupied_and_is_free_for_long_ends_a_stay(state: str, since: int, now: int) -> None:
    stay = Stay("running", 1000, occupied_at=2000)
    left = rules.left_at(stay, BayNow(state, since), now)
    assert (left is not None) == (state == "free" and now - since >= rules.GRACE_MS)
    assert rules.left_at(Stay("running", 1000), BayNow(state, since), now) is None


@pytest.mark.parametrize(("typed", "kept"), [("hn-ab 123", "HNAB123"), (" hn  ab 1E ", "HNAB1E"), ("M-ÜX 1", "MÜX1")])
def test_a_plate_is_kept_without_blanks_and_hyphens(typed: str, kept: str) -> None:
    assert rules.plate(typed) == kept


@pytest.mark.parametrize("typed", ["", "A", "HN;AB", "HNAB123456789", "<b>"])
def test_what_is_no_plate_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no number plate"):
        rules.plate(typed)


def test_a_car_that_comes_back_within_the_grace_goes_on_parking(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse)
    tick(database, purse, NOW + 2 * MINUTE, "occupied", NOW + MINUTE)
    tick(database, purse, NOW + 12 * MINUTE, "free", NOW + 10 * MINUTE)
    tick(database, purse, NOW + 14 * MINUTE, "occupied", NOW + 12 * MINUTE + 30_000)
    tick(database, purse, NOW + 40 * MINUTE, "occupied", NOW + 12 * MINUTE + 30_000)
    assert look(database, token, NOW + 40 * MINUTE).state == "running"
    assert not heard


def test_a_town_may_wait_longer_or_shorter(database: Database, heard) -> None:
    purse, quick = Purse(), stays.patience(5, 10)
    token = begin(database, purse)
    tick(database, purse, NOW + 2 * MINUTE, "occupied", NOW + MINUTE)
    left = NOW + 50 * MINUTE
    bays = {BAY: BayNow("free", left)}
    for after, state in ((4_000, "running"), (6_000, "ending"), (14_000, "ending"), (16_000, "ended")):
        database.write(lambda session, now=left + after: stays.tick(session, purse, bays, now, quick))
        assert look(database, token, left + after).state == state
    assert purse.settled == {f"stay:{token}": 100}


def test_two_apps_that_extend_at_once_set_no_money_aside_twice(database: Database, heard) -> None:
    purse = Purse()
    token = begin(database, purse, planned_end=NOW + HOUR)
    ends = [NOW + 2 * HOUR, NOW + 3 * HOUR] * 4
    threads = [
        threading.Thread(target=database.write, args=(lambda s, end=end: stays.extend(s, purse, token, end, NOW),))
        for end in ends
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = look(database, token, NOW + MINUTE)
    assert found.end in ends
    assert sum(purse.held.values()) == found.paid
    assert found.paid in (200, 300)
    database.write(lambda session: stays.stop(session, purse, token, NOW + 65 * MINUTE))
    assert purse.settled == {f"stay:{token}": 100}


def test_an_open_stay_ends_when_the_time_for_residents_begins_and_stops_nobody_elses(database: Database, heard) -> None:
    purse = Purse()
    afternoon = NOW + 6 * HOUR  # 17:00; from 18:00 on residents alone
    token = begin(database, purse, afternoon, site="nord", tariff="heilbronn-nord", bay=None)
    other = begin(database, purse, afternoon, plate="HN B 2", bay=None)
    assert look(database, token, afternoon).end == afternoon + HOUR
    tick(database, purse, afternoon + 58 * MINUTE)
    assert look(database, token, afternoon + 2 * HOUR).end == afternoon + HOUR
    tick(database, purse, afternoon + 61 * MINUTE)
    assert (look(database, token, afternoon + 2 * HOUR).ended_by, purse.settled[f"stay:{token}"]) == ("plan", 150)
    assert look(database, other, afternoon + 2 * HOUR).state == "running"
    with pytest.raises(RefusedError, match="residents_only"):
        begin(database, purse, afternoon + 2 * HOUR, site="nord", tariff="heilbronn-nord", plate="HN C 3", bay=None)
    with pytest.raises(RefusedError, match="residents_only"):
        facts = {"planned_end": afternoon + 80 * MINUTE, "plate": "HN D 4", "bay": None}
        begin(database, purse, afternoon, site="nord", tariff="heilbronn-nord", **facts)


def test_a_stay_that_cannot_be_counted_any_more_stops_nobody_elses(database: Database, heard) -> None:
    purse = Purse()
    broken = begin(database, purse, site="nord", tariff="heilbronn-nord", bay=None)
    other = begin(database, purse, planned_end=NOW + 30 * MINUTE, plate="HN B 2", bay=None)
    later = {"started_at": NOW - 3 * HOUR, "longest_end": NOW + 4 * HOUR}  # as after a change of the tariff
    database.write(lambda session: stay_store.change(session, _id(session, broken), "running", **later))
    tick(database, purse, NOW + 40 * MINUTE)
    assert look(database, other, NOW + HOUR).state == "ended"


def _id(session, token: str) -> int:
    return stay_store.find(session, token).id
