"""Cameras at entrances: each event once, in any order, whatever their clock says; strangers are only counted."""

import itertools
import json
import random
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from hub.core.db import Database
from hub.parking import store as parking_store
from hub.parking.api import cameras, cars, checks, stays
from hub.parking.api.cameras import Event
from hub.parking.rules import cameras as rules
from hub.parking.rules.cameras import Seen
from tests.hub.parking.test_checks import DAY, KEEP
from tests.hub.parking.test_stays import HOUR, MINUTE, NOW, Purse, heard

__all__ = ["heard"]
PLATE = "HN AB 123"


class Gate:
    """A camera, and a purse that pays for what it begins."""

    def __init__(self, database: Database, cents: int = 10_000) -> None:
        self.database, self.purse, self._numbers = database, Purse(cents), itertools.count(1)
        facts = json.dumps({"tariff": {"name": "thermarium"}})
        database.write(lambda session: parking_store.save_sites(session, {"thermarium": facts}))
        self.name, self.key = database.write(lambda session: cameras.add_camera(session, "thermarium", "", NOW))

    def register(self, plate: str = PLATE, person: int = 1) -> None:
        holder = f"person:{person}"
        self.database.write(lambda session: cars.add(session, holder, person, plate, "", by_camera=True))

    def tell(self, event: Event, now: int) -> cameras.Outcome:
        return self.database.write(lambda session: cameras.report(session, self.purse, self.key, event, now))

    def see(self, direction: str, at: int, now: int | None = None, plate: str = PLATE, **more) -> str:
        event = Event(more.get("id") or f"e{next(self._numbers)}", direction, plate, at, more.get("sent_at"))
        return self.tell(event, at if now is None else now).result

    def stays(self) -> list[tuple[int, int | None, str]]:
        with self.database.read() as session:
            rows = session.execute(text("SELECT started_at, ended_at, ended_by FROM parking_stay ORDER BY started_at"))
            return [tuple(row) for row in rows]

    def plates(self) -> set[str]:
        with self.database.read() as session:
            return set(session.execute(text("SELECT plate FROM parking_camera_event")).scalars())


@pytest.fixture
def gate(database: Database, heard) -> Gate:
    return Gate(database)


def test_a_camera_begins_and_ends_the_stay_of_a_driver_who_wished_for_it(gate: Gate) -> None:
    gate.register()
    assert gate.see("in", NOW) == "started"
    assert gate.see("in", NOW + 20_000) == "waiting", "the same car read twice"
    assert gate.see("out", NOW + 40 * MINUTE) == "ended"
    assert list(gate.purse.settled.values()) == [100]
    assert gate.see("out", NOW + 41 * MINUTE) == "waiting"
    assert gate.stays() == [(NOW, NOW + 40 * MINUTE, "camera")]


def test_a_driver_who_started_by_hand_is_let_out_by_the_camera_and_pays_once(gate: Gate) -> None:
    gate.register()
    order = stays.Order("thermarium", "thermarium", PLATE, "person:1", 1, "map")
    gate.database.write(lambda session: stays.start(session, gate.purse, order, NOW - MINUTE))
    assert gate.see("in", NOW) == "waiting"
    assert gate.see("out", NOW + HOUR) == "ended"
    assert len(gate.stays()) == 1


def test_a_car_read_twice_is_not_started_again_after_its_driver_stopped(gate: Gate) -> None:
    gate.register()
    gate.see("in", NOW)
    gate.see("in", NOW + 20_000)
    with gate.database.read() as session:
        token = session.execute(text("SELECT token FROM parking_stay")).scalar_one()
    gate.database.write(lambda session: stays.stop(session, gate.purse, token, NOW + 5 * MINUTE))
    gate.see("out", NOW + 6 * MINUTE)
    assert gate.stays() == [(NOW, NOW + 5 * MINUTE, "driver")]


def test_an_exit_that_arrives_before_its_entry_ends_the_stay_at_once(gate: Gate) -> None:
    gate.register()
    assert gate.see("out", NOW + 10 * MINUTE) == "waiting"
    assert gate.see("in", NOW, NOW + 11 * MINUTE) == "started"
    assert gate.stays() == [(NOW, NOW + 10 * MINUTE, "camera")]


def test_the_exit_of_before_does_not_end_the_stay_of_now(gate: Gate) -> None:
    gate.register()
    gate.see("in", NOW)
    gate.see("in", NOW + 30 * MINUTE)
    assert gate.see("out", NOW + 25 * MINUTE, NOW + 31 * MINUTE) == "ended"
    assert gate.stays() == [(NOW, NOW + 25 * MINUTE, "camera"), (NOW + 30 * MINUTE, None, "")]
    assert gate.see("out", NOW + HOUR) == "ended"


def test_a_stranger_is_counted_and_the_plate_is_stored_nowhere(gate: Gate) -> None:
    assert gate.see("in", NOW, plate="KA X 1") == "counted"
    assert gate.see("out", NOW + HOUR, plate="KA X 1") == "counted"
    assert (gate.plates(), gate.stays()) == ({""}, [])
    with gate.database.read() as session:
        (tally,) = cameras.tallies(session, NOW - HOUR)
    assert (tally.id, tally.entries, tally.exits, tally.seen_at) == ("thermarium-1", 1, 1, NOW + HOUR)


def test_a_plate_that_two_people_claim_begins_nothing(gate: Gate) -> None:
    gate.register(person=1)
    gate.register(person=2)
    assert gate.see("in", NOW) == "counted"


def test_who_has_no_money_is_told_and_can_still_pay_in_another_way(gate: Gate, heard) -> None:
    gate.purse.cents = 0
    gate.register()
    assert gate.see("in", NOW) == "no_money"
    assert [(one.kind, one.person_id) for one in heard] == [("not_started", 1)]
    assert gate.stays() == []


def test_plates_that_wait_are_forgotten_after_a_day_and_events_after_a_month(gate: Gate) -> None:
    gate.register()
    gate.see("out", NOW)
    assert gate.plates() == {"HNAB123"}
    gate.database.write(lambda session: checks.tidy(session, NOW + DAY + MINUTE, KEEP))
    assert gate.plates() == {""}
    gate.database.write(lambda session: checks.tidy(session, NOW + 31 * DAY, KEEP))
    assert gate.plates() == set()


def test_a_clock_that_is_hours_off_does_no_harm_when_the_camera_says_when_it_sent(gate: Gate) -> None:
    gate.register()
    ahead = 5 * HOUR
    assert gate.see("in", NOW + ahead, NOW + 2 * MINUTE, sent_at=NOW + ahead + 2 * MINUTE) == "started"
    assert gate.see("out", NOW + HOUR - ahead, NOW + HOUR, sent_at=NOW + HOUR - ahead) == "ended"
    assert gate.stays() == [(NOW, NOW + HOUR, "camera")]


@pytest.mark.parametrize(
    ("at", "sent_at"),
    [(-25 * HOUR, None), (2 * MINUTE, None), (-25 * HOUR, -25 * HOUR), (0, -25 * HOUR), (25 * HOUR, 25 * HOUR)],
)
def test_what_is_too_old_or_of_the_future_is_refused(at: int, sent_at: int | None) -> None:
    with pytest.raises(ValueError, match="a day"):
        rules.moment(NOW + at, None if sent_at is None else NOW + sent_at, NOW)


def test_an_old_entry_begins_nothing_and_an_old_exit_still_ends_the_stay(gate: Gate) -> None:
    gate.register()
    assert gate.see("in", NOW, NOW + 16 * MINUTE) == "waiting"
    assert gate.see("in", NOW + 20 * MINUTE) == "started"
    assert gate.see("out", NOW + 40 * MINUTE, NOW + 3 * HOUR) == "ended"
    assert gate.stays() == [(NOW + 20 * MINUTE, NOW + 40 * MINUTE, "camera")]


def test_the_same_event_again_gives_the_first_answer_and_another_one_under_its_name_is_refused(gate: Gate) -> None:
    gate.register()
    event = Event("e", "in", PLATE, NOW)
    assert gate.tell(event, NOW) == cameras.Outcome("started", True)
    assert gate.tell(event, NOW + HOUR) == cameras.Outcome("started", False)
    with pytest.raises(cameras.OtherEventError):
        gate.tell(Event("e", "out", PLATE, NOW), NOW)


def test_an_ended_camera_and_a_wrong_key_are_refused(gate: Gate) -> None:
    gate.database.write(lambda session: cameras.end_camera(session, gate.name, NOW))
    with pytest.raises(cameras.UnknownCameraError):
        gate.see("in", NOW)
    with pytest.raises(ValueError, match="no camera"):
        gate.database.write(lambda session: cameras.end_camera(session, gate.name, NOW))


def test_a_new_key_for_a_known_name_ends_the_old_one(gate: Gate) -> None:
    old = gate.key
    _, gate.key = gate.database.write(lambda session: cameras.add_camera(session, "thermarium", gate.name, NOW))
    assert gate.see("in", NOW) == "counted"
    gate.key = old
    with pytest.raises(cameras.UnknownCameraError):
        gate.see("in", NOW)


def together(work: list) -> list[object]:
    """What threads get that begin at once."""
    barrier, found = threading.Barrier(len(work)), [None] * len(work)

    def run(index: int) -> None:
        barrier.wait()
        try:
            found[index] = work[index]()
        except Exception as error:
            found[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(work))]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return found


def test_sixty_four_identical_events_at_once_begin_one_stay(gate: Gate) -> None:
    gate.register()
    found = together([lambda: gate.tell(Event("same", "in", PLATE, NOW), NOW + 1000)] * 64)
    assert {one.result for one in found} == {"started"}, found
    assert sum(one.is_new for one in found) == 1
    assert (len(gate.stays()), len(gate.purse.held)) == (1, 1)


def test_an_exit_waits_for_the_entry_that_is_being_written(gate: Gate) -> None:
    """Two cameras, so that only the car itself holds them apart."""
    gate.register()
    begun, told = threading.Event(), Event("out", "out", PLATE, NOW + MINUTE)
    _, other = gate.database.write(lambda session: cameras.add_camera(session, "thermarium", "exit", NOW))

    def enter(session) -> str:
        found = cameras.report(session, gate.purse, gate.key, Event("in", "in", PLATE, NOW), NOW).result
        begun.set()
        time.sleep(0.4)
        return found

    def leave() -> str:
        begun.wait()
        return gate.database.write(lambda s: cameras.report(s, gate.purse, other, told, NOW + MINUTE)).result

    assert together([lambda: gate.database.write(enter), leave]) == ["started", "ended"]


def test_entries_and_exits_of_a_car_at_once_end_in_whole_stays(gate: Gate) -> None:
    """However they overtake each other: three visits of five minutes, told by two cameras and sent twice each."""
    gate.register()
    start = NOW - 14 * MINUTE
    events = [
        Event(f"{visit}{direction}", direction, PLATE, start + visit * 5 * MINUTE + gap)
        for visit in range(3)
        for direction, gap in (("in", 0), ("out", 4 * MINUTE))
    ]
    sent = events * 2
    random.Random(4).shuffle(sent)
    found = together([lambda event=event: gate.tell(event, NOW) for event in sent])
    assert sum(one.is_new for one in found) == 6, found
    spans = gate.stays()
    assert all(end is not None for _, end, _ in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans)), "no minute is paid twice"
    assert {end for _, end, _ in spans} <= {one.at for one in events}


@given(st.lists(st.tuples(st.sampled_from(["in", "out"]), st.integers(0, 14 * MINUTE)), min_size=1, max_size=8))
def test_steps_always_come_to_an_end_and_never_run_backwards(told: list[tuple[str, int]]) -> None:
    waiting = [Seen(number, direction, NOW + at) for number, (direction, at) in enumerate(told)]
    running, ended = None, NOW - 1
    for _ in range(len(waiting) + 1):
        step = rules.step(running, waiting, NOW + 15 * MINUTE)
        if step is None:
            break
        gone = {step.seen.number, *step.over}
        waiting = [one for one in waiting if one.number not in gone]
        if running is None:
            assert step.seen.direction == "in"
            running = step.seen.at
        else:
            assert (step.seen.direction, step.seen.at >= running) == ("out", True)
            assert step.seen.at >= ended
            running, ended = None, step.seen.at
    else:
        raise AssertionError("no end")
