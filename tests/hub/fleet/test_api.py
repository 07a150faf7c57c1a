"""Nodes and alarms through the door, on both databases."""

from pathlib import Path

import pytest

from hub.core import events
from hub.core.db import Database
from hub.fleet import api
from hub.ingest.api import MessagesStored, StatusReceived, Stored
from tests.hub import town

NOW = 1_800_000_000_000
HOUR = 3_600_000


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


def announce(database: Database, event: object) -> None:
    database.write(lambda session: events.announce(session, event))


def node(database: Database, now: int = NOW) -> api.NodeNow:
    with database.read() as session:
        return next(one for one in api.nodes(session, now) if one.id == "plaza")


def message(kind: str, **body: object) -> Stored:
    return Stored("plaza", kind, "aa", 1, NOW, NOW, body)


def test_a_status_is_shown_and_makes_the_node_online(database: Database) -> None:
    announce(database, StatusReceived("plaza", NOW, {"state": "online", "clients": 7, "outbox": "aa"}))
    assert (node(database).online, node(database).clients) == (True, 7)


def test_the_last_will_makes_it_offline_at_once(database: Database) -> None:
    announce(database, StatusReceived("plaza", NOW, {"state": "online"}))
    announce(database, StatusReceived("plaza", NOW + 1, {"state": "offline"}))
    assert not node(database).online


def test_a_visitor_is_counted_and_nothing_else_is_kept(database: Database) -> None:
    announce(database, MessagesStored([message("portal", event="accept"), message("portal", event="end")]))
    assert node(database).accepts == 1


def test_an_alarm_is_renewed_and_closes_after_a_quiet_hour(database: Database) -> None:
    for _ in range(2):
        announce(database, MessagesStored([message("alarm", code="tilt", text="Der Mast steht schief.")]))
    with database.read() as session:
        assert [alarm.text for alarm in api.alarms(session)] == ["Der Mast steht schief."]
    database.write(lambda session: api.tidy(session, NOW + HOUR + 1))
    with database.read() as session:
        assert api.alarms(session) == []


def test_seeding_again_keeps_what_a_node_said(database: Database, tmp_path: Path) -> None:
    announce(database, StatusReceived("plaza", NOW, {"state": "online"}))
    database.write(lambda session: api.seed(session, tmp_path / "town"))
    assert node(database).online
