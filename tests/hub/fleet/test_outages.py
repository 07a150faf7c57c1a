"""Nodes that fell silent together are one alert: pure rule, and through the database to the messages that go out."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.db import Database
from hub.fleet import api
from hub.fleet.rules.outages import ALERT_MS, MANY, MINUTE_MS, MISSING_MS, WINDOW_MS, Outage, Seen, judge
from tests.hub import town

NOW = 1_800_000_000_000
SITES = st.sampled_from(["", "lake", "hall", "pool", "park"])
MOMENTS = st.integers(0, 30 * MINUTE_MS).map(lambda ago: NOW - ago)


def fleets(moments: st.SearchStrategy[int] = MOMENTS) -> st.SearchStrategy[list[Seen]]:
    pairs = st.lists(st.tuples(SITES, moments), min_size=1, max_size=40)
    return pairs.map(lambda found: [Seen(f"n{number}", *one) for number, one in enumerate(found)])


def missing(nodes: list[Seen], now: int = NOW) -> list[Seen]:
    return [node for node in nodes if now - node.last_seen >= MISSING_MS]


@given(fleets())
def test_nobody_is_in_two_alerts_and_nobody_who_speaks_is_in_any(nodes: list[Seen]) -> None:
    judged = judge(nodes, [], frozenset(), NOW)
    for node in nodes:
        alerts = sum(outage.covers(node) for outage in judged.new) + (node.id in judged.alone)
        assert alerts <= 1
        if NOW - node.last_seen < MISSING_MS:
            assert alerts == 0


@given(fleets())
def test_whoever_is_silent_for_five_minutes_is_in_exactly_one(nodes: list[Seen]) -> None:
    judged = judge(nodes, [], frozenset(), NOW)
    for node in nodes:
        if NOW - node.last_seen >= ALERT_MS:
            assert sum(outage.covers(node) for outage in judged.new) + (node.id in judged.alone) == 1


@given(fleets(), st.randoms())
def test_the_order_of_the_nodes_does_not_matter(nodes: list[Seen], chance) -> None:
    mixed = list(nodes)
    chance.shuffle(mixed)
    first, second = judge(nodes, [], frozenset(), NOW), judge(mixed, [], frozenset(), NOW)
    assert (set(first.new), first.alone) == (set(second.new), second.alone)


@given(fleets(st.integers(0, MINUTE_MS).map(lambda spread: NOW - 6 * MINUTE_MS + spread)))
def test_when_the_line_of_everybody_breaks_there_is_one_alert(nodes: list[Seen]) -> None:
    judged = judge(nodes, [], frozenset(), NOW)
    assert len(judged.new) + len(judged.alone) == 1


@given(fleets())
def test_an_outage_that_is_known_is_not_told_again_and_ends_when_all_are_back(nodes: list[Seen]) -> None:
    judged = judge(nodes, [], frozenset(), NOW)
    again = judge(nodes, judged.new, judged.alone, NOW + 1)
    assert again.new == []
    assert again.alone == frozenset()
    assert all(outage is not None for outage in again.known)
    back = [Seen(node.id, node.site, NOW + MINUTE_MS) for node in nodes]
    over = judge(back, judged.new, judged.alone, NOW + MINUTE_MS)
    assert all(outage is None for outage in over.known)
    assert over.new == []


@given(fleets())
def test_there_are_never_more_alerts_at_once_than_one_short_of_many_for_each_window(nodes: list[Seen]) -> None:
    judged = judge(nodes, [], frozenset(), NOW)
    moments = sorted(node.last_seen for node in missing(nodes))
    windows = 1 + sum(later - earlier > WINDOW_MS for earlier, later in itertools.pairwise(moments))
    assert len(judged.new) + len(judged.alone) <= windows * (MANY - 1)


def test_a_site_whose_nodes_all_fell_silent_is_one_and_a_lonely_board_stays_alone() -> None:
    away, here = NOW - 6 * MINUTE_MS, NOW - 10_000
    nodes = [
        Seen("a", "lake", away),
        Seen("b", "lake", away + 30_000),
        Seen("c", "hall", away),
        Seen("d", "hall", here),
    ]
    judged = judge(nodes, [], frozenset(), NOW)
    assert list(judged.new) == [Outage("lake", away, away + 30_000, 2)]
    assert judged.alone == {"c"}


def test_a_node_that_dies_on_another_day_is_no_part_of_it() -> None:
    nodes = [Seen("a", "lake", NOW - 600 * MINUTE_MS), Seen("b", "lake", NOW - 6 * MINUTE_MS), Seen("c", "", NOW)]
    judged = judge(nodes, [], frozenset(), NOW)
    assert judged.new == []
    assert judged.alone == {"a", "b"}


def test_nothing_is_said_before_the_first_is_silent_for_five_minutes() -> None:
    nodes = [Seen("a", "lake", NOW - ALERT_MS + 1), Seen("b", "lake", NOW - MISSING_MS)]
    judged = judge(nodes, [], frozenset(), NOW)
    assert (list(judged.new), judged.alone) == ([], frozenset())


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


def speak(database: Database, nodes: tuple[str, ...], at: int) -> None:
    body = {"ts": "2027-01-15T08:00:00.000Z", "state": "online"}
    for node in nodes:
        database.write(lambda session, node=node: api.status(session, node, body, at))


def look(database: Database, now: int) -> list[tuple[str, str, bool]]:
    told = database.write(lambda session: api.judge_nodes(session, {}, ("mail",), now))
    return [(one.node, one.code, one.opened) for one in told]


def test_a_town_without_a_line_is_one_message_and_one_when_it_is_back(database: Database) -> None:
    everybody = ("plaza", "lake-b1", "hall-b1")
    speak(database, everybody, NOW)
    found = [one for seconds in range(0, 900, 20) for one in look(database, NOW + seconds * 1000)]
    assert found == [("", "many_silent", True)]
    with database.read() as session:
        (outage,) = api.outages_now(session)
        assert (outage.site, outage.nodes) == ("", 3)
        assert api.alarms(session) == []
    speak(database, everybody[:2], NOW + 900_000)
    assert look(database, NOW + 901_000) == [], "one is still missing"
    speak(database, everybody, NOW + 902_000)
    assert look(database, NOW + 903_000) == [("", "many_silent", False)]
    with database.read() as session:
        assert api.outages_now(session) == []


def test_a_single_silent_node_has_its_own_alert(database: Database) -> None:
    speak(database, ("plaza", "lake-b1", "hall-b1"), NOW)
    for minute in range(1, 8):
        speak(database, ("plaza", "hall-b1"), NOW + minute * MINUTE_MS)
    assert look(database, NOW + 7 * MINUTE_MS) == [("lake-b1", "silent", True)]
    speak(database, ("lake-b1",), NOW + 8 * MINUTE_MS)
    assert look(database, NOW + 8 * MINUTE_MS) == [("lake-b1", "silent", False)]
