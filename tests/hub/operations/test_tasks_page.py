"""The page of tasks: take, give back, try again, done with a note; and the control room that points to it."""

import re

import flask
import pytest
from flask.testing import FlaskClient

from hub.account import api as account
from hub.core.clock import now_ms
from hub.operations import api
from tests.hub.dashboard.conftest import Town
from tests.hub.operations.test_tasks import die

PATH = "/admin/aufgaben"
ACTIONS = ("uebernehmen", "zurueckgeben", "noch-einmal", "erledigt")


def page(client: FlaskClient, **query: str) -> str:
    answer = client.get(PATH, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def send(client: FlaskClient, action: str, **fields: str | int) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/admin/protokoll").get_data(as_text=True))
    assert token is not None
    return client.post(f"{PATH}/{action}", data={"csrf": token.group(1), **fields})


def task_of(town: Town) -> api.TaskNow:
    with town.database.read() as session:
        return api.tasks_page(session).groups[0].tasks[0]


def test_only_an_admin_sees_it_and_presses_its_buttons(app: flask.Flask, admin: FlaskClient) -> None:
    stranger = app.test_client()
    assert stranger.get(PATH).status_code == 303
    for action in ACTIONS:
        assert stranger.post(f"{PATH}/{action}").status_code in (401, 403)
        assert admin.post(f"{PATH}/{action}").status_code == 403, "without a form token"


def test_without_a_dead_job_it_says_what_would_stand_here(admin: FlaskClient) -> None:
    assert "Keine Aufgabe wartet" in page(admin)
    assert "No task is waiting" in page(admin, lang="en")


def test_a_task_is_taken_given_back_and_done(admin: FlaskClient, town: Town) -> None:
    die(town.database, reason="mail server <away>", now=now_ms())
    html = page(admin)
    assert "1 Aufgabe wartet" in html
    assert "mail server &lt;away&gt;" in html
    task = task_of(town)
    assert send(admin, "uebernehmen", aufgabe=task.id).headers["Location"] == f"{PATH}?gesagt=uebernommen"
    assert "Ihre Aufgabe" in page(admin)
    send(admin, "zurueckgeben", aufgabe=task.id)
    assert "Offen" in page(admin)
    send(admin, "erledigt", aufgabe=task.id, notiz="Server neu gestartet")
    html = page(admin)
    assert "Keine Aufgabe wartet" in html
    assert "Server neu gestartet" in html
    assert "leitstelle" in html


def test_what_somebody_else_did_a_moment_ago_is_said(admin: FlaskClient, town: Town) -> None:
    die(town.database, now=now_ms())
    task, other = task_of(town), colleague(town)
    town.database.write(lambda session: api.finish(session, api.Chosen(task.id), other, "ok", now_ms()))
    answer = send(admin, "uebernehmen", aufgabe=task.id)
    assert "Hier hat sich gerade etwas geändert" in admin.get(answer.headers["Location"]).get_data(as_text=True)


def colleague(town: Town) -> int:
    """Another admin's number."""
    account.create_admin(town.database, "kollegin")
    with town.database.read() as session:
        found = account.find_by_name(session, "kollegin")
    assert found is not None
    return found.id


def test_done_without_a_note_comes_back_with_a_sentence_and_the_typed_text(admin: FlaskClient, town: Town) -> None:
    die(town.database, now=now_ms())
    task = task_of(town)
    answer = send(admin, "erledigt", aufgabe=task.id, notiz="x" * 501)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'role="alert"' in html
    assert "x" * 501 in html
    assert html.count('aria-invalid="true"') == 1
    assert 'class="op-loesen" open' in html


def test_a_colleagues_task_shows_who_has_it_and_can_be_freed(admin: FlaskClient, town: Town) -> None:
    die(town.database, now=now_ms())
    task, other = task_of(town), colleague(town)
    town.database.write(lambda session: api.take(session, api.Chosen(task.id), other, now_ms()))
    html = page(admin)
    assert "kollegin" in html
    assert "Freigeben" in html
    assert f'Noch einmal<span class="pg-vorlesen"> Auftrag {task.job_id}' not in html
    send(admin, "zurueckgeben", aufgabe=task.id)
    assert task_of(town).taken_by is None


def test_many_of_a_kind_are_one_group_with_their_reasons(admin: FlaskClient, town: Town) -> None:
    die(town.database, count=30, reason="away", now=now_ms())
    html = page(admin)
    assert html.count("<h2 ") == 1
    assert "30×" in html
    assert "Einzeln zeigen" in html
    assert "Und 10 weitere dieser Art." in html
    assert send(admin, "noch-einmal", art="mail").headers["Location"] == f"{PATH}?gesagt=versucht"
    assert page(admin).count("noch einmal versucht.") == 20


@pytest.mark.parametrize("fields", [{}, {"aufgabe": "x"}, {"aufgabe": "9" * 30}, {"art": "never heard of"}])
def test_a_strange_form_changes_nothing(admin: FlaskClient, town: Town, fields: dict[str, str]) -> None:
    die(town.database, now=now_ms())
    for action in ACTIONS:
        assert send(admin, action, notiz="ok", **fields).headers["Location"].startswith(f"{PATH}?gesagt=zuspaet")
    assert task_of(town).taken_by is None


def test_the_control_room_counts_tasks_and_leads_to_them(admin: FlaskClient, town: Town) -> None:
    assert "Aufgaben warten" not in admin.get("/admin").get_data(as_text=True)
    die(town.database, count=3, now=now_ms())
    html = admin.get("/admin").get_data(as_text=True)
    assert "3 Aufgaben warten" in html
    assert f'href="{PATH}"' in html
    assert re.search(r'Aufgaben <b class="sk-num">3</b>', html)
