"""Settings of nodes: each version is kept, an older one comes back, two at once do not overwrite each other."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from edge import wire
from hub.core.db import Database
from hub.fleet import api
from hub.fleet.rules import wifi
from hub.fleet.rules.configuration import differences
from tests.hub import town

NOW = 1_800_000_000_000
NODE = "plaza"
HOURS = {"zone": "Europe/Berlin", "hours": [[["07:00", "22:00"]]] * 7}
BY = api.By("karla", "person:1", NOW)


@pytest.fixture
def database(database: Database, tmp_path: Path) -> Database:
    directory = town.write(tmp_path / "town")
    database.write(lambda session: api.seed(session, directory))
    return database


def set_wifi(database: Database, said: dict, base: int | None = None) -> int:
    return database.write(lambda session: api.set_wifi(session, NODE, said, BY, base))


def told(database: Database, now: int = NOW) -> list[dict]:
    found: list[dict] = []
    api.tell(database, lambda _topic, body, _retain: found.append(wire.decode("config", body)) or True, now)
    return found


def versions(database: Database) -> list[api.VersionNow]:
    with database.read() as session:
        return api.versions_now(session, NODE)


def test_each_form_leaves_the_others_settings_alone(database: Database) -> None:
    set_wifi(database, HOURS)
    database.write(lambda session: api.set_config(session, NODE, {"max_flips": 8}, {}, BY))
    (body,) = told(database)
    assert (body["v"], body["wifi"], body["rules"]) == (2, HOURS, {"max_flips": 8})


def test_every_version_says_who_changed_what(database: Database) -> None:
    set_wifi(database, {"quota_mb": 500})
    set_wifi(database, {"quota_mb": 800, "off": True})
    newest, first = versions(database)
    assert [(change.path, change.before, change.after) for change in newest.changes] == [
        (("wifi", "off"), "", "true"),
        (("wifi", "quota_mb"), "500", "800"),
    ]
    assert (first.v, first.set_by, first.reason) == (1, "karla", "changed")
    assert [change.after for change in first.changes] == ["500"]


def test_an_older_version_comes_back_as_a_new_one(database: Database) -> None:
    set_wifi(database, HOURS)
    set_wifi(database, {"off": True})
    database.write(lambda session: api.roll_back(session, NODE, 1, BY))
    (body,) = told(database)
    assert (body["v"], body["wifi"]) == (3, HOURS)
    assert (versions(database)[0].reason, versions(database)[0].of_version) == ("returned", 1)
    with pytest.raises(api.UnknownNodeError):
        database.write(lambda session: api.roll_back(session, NODE, 9, BY))


def test_who_made_a_version_is_forgotten_after_ninety_days(database: Database) -> None:
    set_wifi(database, HOURS)
    database.write(lambda session: api.tidy(session, NOW + 89 * 86_400_000))
    assert [one.set_by for one in versions(database)] == ["karla"]
    database.write(lambda session: api.tidy(session, NOW + 91 * 86_400_000))
    assert [(one.set_by, one.v) for one in versions(database)] == [("", 1)]


def test_a_form_that_is_older_than_the_newest_version_changes_nothing(database: Database) -> None:
    set_wifi(database, HOURS, 0)
    with pytest.raises(api.ConfigConflictError):
        set_wifi(database, {"off": True}, 0)
    assert [one.v for one in versions(database)] == [1]


def test_of_twenty_who_save_the_same_form_at_once_one_wins(database: Database) -> None:
    outcomes: list[str] = []

    def save(number: int) -> None:
        try:
            set_wifi(database, {"quota_mb": number}, 0)
            outcomes.append("saved")
        except api.ConfigConflictError:
            outcomes.append("conflict")

    threads = [threading.Thread(target=save, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["conflict"] * 19 + ["saved"]
    assert [one.v for one in versions(database)] == [1]


@pytest.mark.parametrize("said", [{"quota_mb": -1}, {"hours": [[]] * 7}, {"colour": 1}])
def test_what_a_node_would_refuse_is_refused_here(database: Database, said: dict) -> None:
    with pytest.raises(api.ConfigProblemError):
        set_wifi(database, said)
    assert told(database) == []


def test_a_blocked_device_is_told_for_a_day_and_then_forgotten_everywhere(database: Database) -> None:
    set_wifi(database, {"off": False})
    database.write(lambda session: api.block(session, NODE, "1A2B 3C4D", BY))
    (body,) = told(database)
    assert body["wifi"] == {"off": False, "blocked": [["1a2b3c4d", NOW + 24 * 3600 * 1000]]}
    assert not any("1a2b3c4d" in json.dumps(one.body) for one in versions(database)), "no version names it"
    with database.read() as session:
        noted = session.execute(text("SELECT action, details FROM audit_entry ORDER BY 1")).all()
    assert ("fleet.device-blocked" in dict(noted), "1a2b3c4d" in repr(noted)) == (True, False)
    tomorrow = NOW + 24 * 3600 * 1000 + 1
    database.write(lambda session: api.tidy(session, tomorrow))
    (body,) = told(database, tomorrow)
    assert (body["v"], body["wifi"]) == (2, {"off": False}), "the broker forgets it under the same version"
    with database.read() as session:
        assert api.blocks_now(session, NODE, tomorrow) == []


def test_a_device_is_let_in_again_once(database: Database) -> None:
    database.write(lambda session: api.block(session, NODE, "1a2b3c4d", BY))
    with database.read() as session:
        (block,) = api.blocks_now(session, NODE, NOW)
    assert database.write(lambda session: api.unblock(session, NODE, block.id, BY)) == 2
    assert database.write(lambda session: api.unblock(session, NODE, block.id, BY)) is None
    (body,) = told(database)
    assert "wifi" not in body


@pytest.mark.parametrize("text", ["", "1a2b", "1a2b3c4x", "aa:bb:cc:dd:ee:ff", "a" * 33])
def test_only_a_devices_number_of_the_day_can_be_blocked(database: Database, text: str) -> None:
    with pytest.raises(api.ConfigProblemError):
        database.write(lambda session: api.block(session, NODE, text, BY))


def test_a_ring_is_one_of_three_and_is_noted_once(database: Database) -> None:
    with database.read() as session:
        assert api.node(session, NODE, NOW).ring == "rest"
    for _ in range(2):
        database.write(lambda session: api.set_ring(session, NODE, "canary", BY))
    with database.read() as session:
        assert api.node(session, NODE, NOW).ring == "canary"
    with pytest.raises(ValueError, match="yellow"):
        database.write(lambda session: api.set_ring(session, NODE, "yellow", BY))


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("geschlossen", []),
        ("7–22", [["07:00", "22:00"]]),
        ("7-12, 14:00–22.30", [["07:00", "12:00"], ["14:00", "22:30"]]),
        ("7 Uhr bis 12 Uhr und 18 bis 2", [["07:00", "12:00"], ["18:00", "02:00"]]),
        ("0-24", [["00:00", "24:00"]]),
        ("ganztags", [["00:00", "24:00"]]),
    ],
)
def test_opening_times_are_read_as_people_write_them(text: str, spans: list) -> None:
    assert wifi.day_of(text) == spans
    assert wifi.day_of(wifi.words_of(spans)) == spans


@pytest.mark.parametrize("text", ["bald", "7", "7-", "25-26", "7-7", "24-3", "7:60-8", "1-2,3-4,5-6,7-8,9-10"])
def test_what_is_no_opening_time_is_said(text: str) -> None:
    with pytest.raises(ValueError):
        wifi.day_of(text)


@given(st.text(max_size=30))
def test_whatever_is_read_as_opening_times_a_node_takes(text: str) -> None:
    try:
        day = wifi.day_of(text)
    except ValueError:
        return
    wire.check_wifi({"zone": "Europe/Berlin", "hours": [day] * 7})


def says(database: Database, version: int) -> None:
    body = {"ts": wire.format_ms(NOW), "state": "online", "config_v": version}
    database.write(lambda session: api.status(session, NODE, body, NOW))


def test_after_a_restored_backup_the_next_settings_are_newer_than_what_the_node_uses(
    database: Database, tmp_path: Path
) -> None:
    from edge import config as edge_config
    from edge.remote import RemoteConfig

    file = tmp_path / "node.toml"
    file.write_text(
        f'[node]\nname = "{NODE}"\n[broker]\nurl = "mqtt://hub.example"\n[state]\ndirectory = "{tmp_path}"\n'
    )
    node = RemoteConfig(edge_config.load(file), lambda _config: None)
    node.receive(wire.encode("config", {"v": 8, "ts": wire.format_ms(NOW), "rules": {}, "bays": []}))
    says(database, node.verdict.applied_v)
    assert set_wifi(database, {"off": True}) == 9
    (body,) = told(database)
    node.receive(wire.encode("config", body))
    assert (node.verdict.applied_v, node.verdict.refused_v) == (9, 0)
    says(database, node.verdict.applied_v)
    assert set_wifi(database, {"off": False}) == 10
    assert [one.v for one in versions(database)] == [10, 9]


@pytest.mark.parametrize("nonsense", [-5, 2**53 - 1])
def test_a_node_that_lies_about_its_settings_does_not_stop_its_own(database: Database, nonsense: int) -> None:
    says(database, nonsense)
    assert set_wifi(database, {"off": True}) == 1


BODIES = st.fixed_dictionaries(
    {
        "rules": st.dictionaries(st.sampled_from(["max_flips", "free_after_s"]), st.integers(1, 60)),
        "wifi": st.dictionaries(st.sampled_from(["quota_mb", "download_mbit"]), st.integers(1, 60)),
    }
)


@given(BODIES, BODIES)
def test_a_difference_names_exactly_what_is_not_the_same(before: dict, after: dict) -> None:
    found = {change.path: (change.before, change.after) for change in differences(before, after)}
    paths = {(part, name) for body in (before, after) for part in body for name in body[part]}
    for part, name in paths:
        old, new = (str(body[part].get(name, "")) for body in (before, after))
        assert ((part, name) in found) == (old != new)
    assert differences(before, before) == []
