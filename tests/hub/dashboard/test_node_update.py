"""A release for one node alone: looked at, sent, followed, taken back or stopped, and never two at once."""

import json
import re

import flask
from flask.testing import FlaskClient

from hub import distribution
from hub.core import audit
from hub.fleet import api as fleet
from hub.fleet import store
from hub.fleet.api import rollouts
from hub.settings import Settings
from tests.edge.update.town import Releases
from tests.hub.dashboard.conftest import LAKE
from tests.hub.dashboard.test_rollouts import MINUTE, Worker, begin, made, worker

__all__ = ["made", "worker"]
PAGE = f"/admin/knoten/{LAKE}"


def press(client: FlaskClient, path: str, **fields: str) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(PAGE).get_data(as_text=True))
    assert token is not None
    return client.post(f"{PAGE}/update{path}", data={"csrf": token.group(1), **fields})


def text(client: FlaskClient, path: str = PAGE) -> str:
    return client.get(path).get_data(as_text=True)


def test_a_release_is_looked_at_and_goes_to_this_node_alone(
    admin: FlaskClient, worker: Worker, settings: Settings, made: Releases
) -> None:
    assert "Auf dem Hub liegt noch keine Fassung." in text(admin)
    name = distribution.take_in(settings, str(made.make("1.0"))).name
    assert f'<option value="{name}">' in text(admin)
    look = text(admin, f"{PAGE}/update?fassung={name}")
    assert f"release: not known -&gt; {name}" in look
    assert "Noch ist nichts gesendet." in look
    assert worker.turn() == []
    assert press(admin, "", fassung=name).status_code == 303
    assert worker.turn() == [LAKE]
    assert worker.turn() == [], "once is enough"
    worker.say(LAKE, "downloading", 40)
    worker.turn()
    page = text(admin)
    assert re.search(r'<progress[^>]+max="100" value="40"', page)
    assert "lädt" in page
    assert "Neue Verteilung" in text(admin, "/admin/rollouts"), "the town's rollouts are another matter"
    worker.say(LAKE, "done", 100)
    assert worker.turn() == []
    page = text(admin)
    assert "<progress" not in page
    assert "fertig" in page
    assert press(admin, "", fassung=name).status_code == 409, "it has it"
    assert worker.turn(60 * MINUTE) == []
    history = text(admin, f"{PAGE}/verlauf")
    assert f"Update: {name}" in history
    with worker.town.database.read() as session:
        entries = [one for one in audit.newest(session, 20) if one.action.startswith("fleet.update")]
    assert [(one.action, one.actor, one.subject) for one in entries] == [
        ("fleet.update-started", "person:1", f"node:{LAKE}")
    ]


def test_what_cannot_be_begun_is_said_in_a_sentence(
    admin: FlaskClient, worker: Worker, settings: Settings, made: Releases
) -> None:
    name = distribution.take_in(settings, str(made.make("1.0"))).name
    assert press(admin, "", fassung="1.0-aaaaaaaaaaaa").status_code == 404
    assert admin.get(f"{PAGE}/update?fassung=..").status_code == 404
    assert admin.get(f"/admin/knoten/nobody/update?fassung={name}").status_code == 404
    assert press(admin, "/abbrechen").status_code == 409
    assert press(admin, "", fassung=name).status_code == 303
    again = press(admin, "", fassung=name)
    assert again.status_code == 409
    assert "bekommt gerade ein Update" in again.get_data(as_text=True)
    assert press(admin, "/abbrechen").status_code == 303
    assert worker.turn() == [], "it was stopped before anybody was told"
    assert "abgebrochen" in text(admin)
    worker.town.status(LAKE, worker.now)
    assert "sagt nicht, welche Fassung er hat" in press(admin, "", fassung=name).get_data(as_text=True)


def test_one_that_is_taken_back_tells_people_and_leaves_the_node_free_for_another(
    admin: FlaskClient, worker: Worker, settings: Settings, made: Releases
) -> None:
    name = distribution.take_in(settings, str(made.make("1.0"))).name
    press(admin, "", fassung=name)
    worker.turn()
    worker.say(LAKE, "rolled_back", 90, "not well with it: the landing page")
    worker.turn()
    page = text(admin)
    assert "zurückgenommen" in page
    assert "not well with it: the landing page" in page
    with worker.town.database.read() as session:
        (said,) = [json.loads(row.body) for row in store.notices(session, worker.now, 9)]
    assert (said["code"], LAKE in said["text"]) == ("rollout_failed", True)
    assert press(admin, "", fassung=name).status_code == 303
    assert worker.turn() == [LAKE]


def test_the_towns_rollout_and_a_nodes_own_update_do_not_ask_the_same_node_at_once(
    admin: FlaskClient, worker: Worker, settings: Settings, made: Releases
) -> None:
    first, second = (distribution.take_in(settings, str(made.make(version))).name for version in ("1.0", "1.1"))
    assert press(admin, "", fassung=first).status_code == 303
    distribution.start(settings, second, LAKE, 30, dry_run=False)
    assert worker.turn() == [LAKE]
    assert str(worker.told[-1][1]["url"]).endswith(first)
    worker.say(LAKE, "done", 100)
    assert worker.turn() == []
    assert worker.turn() == [LAKE], "then the rollout goes on with it"
    assert str(worker.told[-1][1]["url"]).endswith(second)
    third = press(admin, "", fassung=distribution.take_in(settings, str(made.make("1.2"))).name)
    assert third.status_code == 409
    assert "in der Verteilung an der Reihe" in third.get_data(as_text=True)


def test_a_node_that_is_away_is_told_when_it_is_back_and_people_hear_of_it_once(
    worker: Worker, settings: Settings, made: Releases
) -> None:
    release = distribution.take_in(settings, str(made.make("1.0")))
    worker.now += 20 * MINUTE
    by = fleet.By("x", "cli", worker.now)
    worker.town.database.write(lambda session: rollouts.update_node(session, LAKE, release, by))
    told = [worker.turn(later * MINUTE) for later in (1, 59, 1, 1)]
    assert told == [[]] * 4
    with worker.town.database.read() as session:
        codes = [json.loads(row.body)["code"] for row in store.notices(session, worker.now, 9)]
    assert codes == ["rollout_stuck"]
    worker.say(LAKE)
    assert worker.turn() == [LAKE]


def test_its_release_stays_on_the_hub_while_it_is_under_way(worker: Worker, settings: Settings, made: Releases) -> None:
    release = distribution.take_in(settings, str(made.make("1.0")))
    by = fleet.By("x", "cli", worker.now)
    worker.town.database.write(lambda session: rollouts.update_node(session, LAKE, release, by))
    for version in ("1.1", "1.2", "1.3"):
        distribution.add(settings, str(made.make(version)))
    assert rollouts.Releases(settings.stored_releases_dir, settings.release_key).load(release.name) == release
    begin(settings, made.make("1.4"))
