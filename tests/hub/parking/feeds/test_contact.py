"""When a sensor was last heard: what changes nothing still counts, what is silent keeps its old time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import wire
from hub import intake
from hub.core import clock
from hub.core.db import Database, Session
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.parking import api as parking
from hub.parking.api import feeds
from hub.parking.rules.feeds import Contact, last_contact
from tests.hub import town as tiny

MINUTE = 60_000
HOUSE = feeds.House("Kleinstadt", "https://hub.example")
STATES = ("free", "occupied", "unknown", "faulty")
MOMENTS = st.one_of(st.none(), st.integers(0, 200))
CONTACTS = st.lists(st.builds(Contact, st.sampled_from(STATES), MOMENTS, MOMENTS), max_size=8)


@pytest.mark.thorough
@given(CONTACTS, st.integers(0, 300))
def test_a_contact_is_never_in_the_future_nor_made_up(contacts: list[Contact], now: int) -> None:
    found = last_contact(contacts, now)
    said = {at for one in contacts for at in (one.reading_at, one.board_at)}
    assert found is None or found <= now
    assert found is None or found in said or found == now


@given(CONTACTS)
def test_boards_do_not_speak_for_bays_that_are_silent_or_faulty(contacts: list[Contact]) -> None:
    silent = [
        Contact("unknown" if one.state in ("free", "occupied") else one.state, one.reading_at, one.board_at)
        for one in contacts
    ]
    readings = [one.reading_at for one in silent if one.reading_at is not None]
    assert last_contact(silent, 1_000) == (max(readings) if readings else None)


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Database:
    town = tiny.write(tmp_path / "town")

    def write(session: Session) -> None:
        fleet.seed(session, town)
        parking.seed(session, town)

    database.write(write)
    return database


@pytest.fixture
def say(hub: Database) -> Callable[..., None]:
    """say(node, kind, at, ...): a node's message of that moment comes through ingest at that moment."""
    numbers = iter(range(1, 1000))

    def send(node: str, kind: str, at: int, **more: object) -> None:
        body = {"v": 1, "ts": wire.format_ms(at), "outbox": "aaaa", **more}
        if kind == "bay":
            body["seq"] = next(numbers)
        message = ingest.Incoming(f"node/v1/{node}/{kind}", json.dumps(body).encode(), at)
        hub.write(ingest.Batch([message], intake.known_senders(hub), at).store)

    return send


def sites(database: Database, now: int) -> dict[str, feeds.Lot]:
    with database.read() as session:
        return {lot.id: lot for lot in feeds.town_now(session, HOUSE, now).lots}


def status(say: Callable[..., None], node: str, at: int) -> None:
    say(node, "status", at, state="online", protocol="mqtt5")


def test_a_board_that_is_alive_keeps_a_bay_fresh_that_does_not_change(hub: Database, say: Callable[..., None]) -> None:
    begin = clock.now_ms() - 60 * MINUTE
    say("lake-b1", "bay", begin, bay="lake-001", state="occupied")
    assert sites(hub, begin)["lake"].contact == begin
    later = begin + 25 * MINUTE
    status(say, "lake-b1", later)
    assert sites(hub, later + MINUTE)["lake"].contact == later
    assert sites(hub, later + MINUTE)["hall"].contact is None


def test_a_silent_board_gets_an_old_time_and_no_number(hub: Database, say: Callable[..., None]) -> None:
    begin = clock.now_ms() - 300 * MINUTE
    say("lake-b1", "bay", begin, bay="lake-001", state="free")
    found = sites(hub, begin + 90 * MINUTE)["lake"]
    assert (found.contact, found.measured) == (begin, 0)


def test_a_living_board_with_a_broken_sensor_is_no_good_contact(hub: Database, say: Callable[..., None]) -> None:
    begin = clock.now_ms() - 60 * MINUTE
    say("lake-b1", "bay", begin, bay="lake-001", state="faulty")
    status(say, "lake-b1", begin + 20 * MINUTE)
    found = sites(hub, begin + 21 * MINUTE)["lake"]
    assert (found.contact, found.measured) == (begin, 0)


def test_numbers_are_of_the_bays_that_are_seen(hub: Database, say: Callable[..., None]) -> None:
    now = clock.now_ms()
    say("lake-b1", "bay", now, bay="lake-001", state="free")
    found = sites(hub, now)["lake"]
    assert (found.free, found.occupied, found.measured, found.capacity) == (1, 0, 1, 2)
    with hub.read() as session:
        (item, _) = feeds.parkapi_sites(feeds.town_now(session, HOUSE, now))["items"]
    assert (item["realtime_free_capacity"], item["realtime_capacity"], item["capacity"]) == (1, 1, 2)
