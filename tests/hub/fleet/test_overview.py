"""The fleet as a list: what is wrong with a node, what is found, in which order; figures that are kept."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.core.db import Database
from hub.fleet import api
from hub.fleet.rules import history, overview
from hub.fleet.rules.overview import ORDERS, PAGE, PROBLEMS, STATES, Line, Wanted, matching, page_of, pages, problems
from tests.hub import town

NOW = 1_800_000_000_000
DAY = 86_400_000
GOOD = {"state": "good", "power": "good", "disk_free_mb": 9000, "last_seen": NOW, "backup_at": NOW}


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"state": "silent"}, "silent"),
        ({"power": "now"}, "power"),
        ({"disk_free_mb": 100}, "card"),
        ({"disk_worn_percent": 90}, "card"),
        ({"certificate_until": NOW + 3 * DAY}, "certificate"),
        ({"config": "refused"}, "config"),
        ({"backup_at": NOW - 8 * DAY}, "backup"),
        ({"alarms": {"rogue_dhcp": "x"}}, "intruder"),
    ],
)
def test_each_problem_is_found(said: dict, problem: str) -> None:
    assert problems(Line("a", "A", **GOOD), NOW) == ()
    line = Line("a", "A", **{**GOOD, **said})
    assert problem in problems(line, NOW)
    assert matching([line], Wanted(problem=problem), NOW) == [line]


def test_load_is_unknown_without_both_numbers() -> None:
    assert Line("a", "A", clients=None, capacity=40).share is None
    assert Line("a", "A", clients=3, capacity=0).share is None
    assert Line("a", "A", clients=20, capacity=40).share == 0.5


def test_a_nodes_state_is_one_word_and_the_worst_counts() -> None:
    said = [(None, True, {}), (NOW, False, {"hot": ""}), (NOW, True, {"hot": ""}), (NOW, True, {})]
    states = [overview.state_of(seen, online, alarms, 0.1, None) for seen, online, alarms in said]
    assert states == ["never", "silent", "trouble", "good"]
    assert overview.state_of(NOW, True, {}, 0.9, True) == "high"
    assert overview.state_of(NOW, True, {}, 0.9, False) == "off"


def test_what_an_alarm_says_is_not_said_twice() -> None:
    line = Line("a", "A", **{**GOOD, "power": "now", "disk_free_mb": 100, "alarms": {"power": "x"}, "backup_at": None})
    assert overview.worries(line, NOW) == ("card", "backup")
    assert overview.worries(line._replace(has_file=False), NOW) == ("card",)
    assert "power" in problems(line, NOW)


LINES = st.lists(
    st.builds(
        Line,
        id=st.text("abc-", min_size=1, max_size=5),
        label=st.text(max_size=5),
        state=st.sampled_from(STATES),
        ring=st.sampled_from(["canary", "early", "rest", ""]),
        uptime_s=st.none() | st.integers(0, 10**7),
        load_percent=st.none() | st.integers(0, 900),
        clients=st.none() | st.integers(0, 100),
        capacity=st.none() | st.integers(0, 100),
        certificate_until=st.none() | st.integers(NOW - DAY, NOW + 90 * DAY),
        backup_at=st.none() | st.integers(NOW - 30 * DAY, NOW),
    ),
    max_size=130,
)


@given(LINES, st.sampled_from(sorted(ORDERS)), st.booleans())
def test_sorting_loses_nobody_and_the_pages_show_everybody_once(lines: list[Line], order: str, down: bool) -> None:
    found = matching(lines, Wanted(order=order, down=down), NOW)
    assert sorted(map(repr, found)) == sorted(map(repr, lines))
    shown = [line for number in range(1, pages(len(found)) + 1) for line in page_of(found, number)]
    assert shown == found
    assert all(len(page_of(found, number)) <= PAGE for number in (-1, 0, 1, 99))


@given(LINES, st.sampled_from(["", *STATES]), st.sampled_from(["", *PROBLEMS]))
def test_a_search_finds_all_that_fit_and_nothing_else(lines: list[Line], state: str, problem: str) -> None:
    found = matching(lines, Wanted(state=state, problem=problem), NOW)
    for line in lines:
        fits = state in ("", line.state) and (not problem or problem in problems(line, NOW))
        assert (line in found) == fits


def test_a_section_of_the_map_and_a_version_are_found() -> None:
    here, there = Line("a", "A", lon=9.1, lat=49.2, software="1.2"), Line("b", "B", lon=9.3, lat=49.2, software="1.3")
    box = overview.box_of("9.0,49.1,9.2,49.3")
    assert matching([here, there], Wanted(box=box), NOW) == [here]
    assert overview.box_of(str(box)) == box
    assert matching([here, there], Wanted(software="1.3"), NOW) == [there]


@given(st.text(max_size=60))
def test_no_text_makes_a_section_that_is_none(text: str) -> None:
    box = overview.box_of(text)
    assert box is None or (box.west <= box.east and box.south <= box.north)


@pytest.mark.parametrize("text", ["", "1,2,3", "nan,0,1,1", "0,inf,1,1", "9,49,8,50", "0,0,200,1"])
def test_nonsense_is_no_section(text: str) -> None:
    assert overview.box_of(text) is None


def test_a_figure_is_kept_every_quarter_of_an_hour_for_a_fortnight(database: Database, tmp_path: Path) -> None:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    for minute in range(0, 61):
        body = {"ts": "2027-01-15T08:00:00.000Z", "state": "online", "clients": minute, "throttled": True}
        database.write(lambda session, b=body, m=minute: api.status(session, "plaza", b, NOW + m * 60_000))
    with database.read() as session:
        found = api.figures_since(session, "plaza", NOW)
    assert [(at - NOW, values) for at, values in found] == [
        (minutes * 60_000, {"clients": minutes}) for minutes in (0, 15, 30, 45, 60)
    ]
    later = NOW + 15 * DAY
    body = {"ts": "2027-01-15T08:00:00.000Z", "state": "online", "clients": 3}
    database.write(lambda session: api.status(session, "plaza", body, later))
    with database.read() as session:
        assert api.figures_since(session, "plaza", 0) == [(later, {"clients": 3})]


def test_a_gap_in_a_figure_stays_a_gap() -> None:
    rows = [(NOW, {"clients": 4.0}), (NOW + DAY - 1, {"clients": 9.0})]
    (series,) = history.series(rows, NOW, NOW + DAY, most=24)
    assert (series.values[0], series.values[-1], series.values[5]) == (4.0, 9.0, None)
    assert (series.lowest, series.highest, series.last, series.count) == (4.0, 9.0, 9.0, 2)


@given(st.integers(1, 90), st.lists(st.integers(0, 60), min_size=90, max_size=90))
@example(11, [60] * 90)
def test_a_node_that_spoke_all_the_time_has_a_line_without_gaps(count: int, late_s: list[int]) -> None:
    """A figure is kept with the first status after a quarter of an hour, so up to a minute later."""
    moments = [NOW]
    for late in late_s[:count]:
        moments.append(moments[-1] + history.EVERY_MS + late * 1000)
    rows = [(at, {"clients": 1.0}) for at in moments]
    (series,) = history.series(rows, NOW - DAY, moments[-1] + 60_000)
    assert None not in series.values
    assert history.begins(rows, NOW - DAY) == NOW


def test_a_copy_of_a_nodes_file_is_kept_when_it_changed_and_ten_at_most(database: Database, tmp_path: Path) -> None:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))

    def send(text: str, at: int, node: str = "plaza") -> None:
        body = {"ts": "2027-01-15T08:00:00.000Z", "name": "node.toml", "text": text}
        database.write(lambda session: api.keep_backup(session, node, body, at))

    for day in range(3):
        send("same", NOW + day * DAY)
    with database.read() as session:
        (only,) = api.backups_now(session, "plaza")
    assert (only.at, only.seen_at, only.text) == (NOW, NOW + 2 * DAY, "same")
    for number in range(15):
        send(f"version {number}", NOW + (3 + number) * DAY)
    send("stranger", NOW, node="nowhere")
    with database.read() as session:
        kept = api.backups_now(session, "plaza")
        assert api.backups_now(session, "nowhere") == []
        lines = {line.id: line.backup_at for line in api.lines(session, NOW, "de")}
    assert [one.text for one in kept] == [f"version {number}" for number in range(14, 4, -1)]
    assert lines["plaza"] == NOW + 17 * DAY
    assert lines["lake-b1"] is None
