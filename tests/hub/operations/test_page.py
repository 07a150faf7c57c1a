"""The page of jobs: four lists, retry, pause, without JavaScript and in both languages."""

import re

import flask
import pytest
from flask.testing import FlaskClient

from hub.core import jobs
from hub.core.clock import now_ms
from hub.core.db import Session
from tests.hub.dashboard.conftest import Town

PATH = "/admin/auftraege"


def page(client: FlaskClient, **query: str | int) -> str:
    answer = client.get(PATH, query_string=query)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def send(client: FlaskClient, action: str, **fields: str | int) -> "flask.testing.TestResponse":
    token = re.search(r'name="csrf" value="([^"]+)"', page(client, zustand="gescheitert"))
    assert token is not None
    return client.post(f"{PATH}/{action}", data={"csrf": token.group(1), **fields})


def add(town: Town, count: int, kind: str = "mail") -> None:
    def work(session: Session) -> None:
        for _ in range(count):
            jobs.add(session, kind, {"to": "anna@example.org"}, now=now_ms(), max_tries=3)

    town.database.write(work)


def fail(town: Town) -> int:
    """One job that is dead; its id."""
    add(town, 1)

    def work(session: Session) -> int:
        (job,) = jobs.claim(session, 1, now=now_ms() + 1)
        jobs.fail(session, job, "mail server <away>", now=now_ms(), chance=0.5, final=True)
        return job.id

    return town.database.write(work)


def test_only_an_admin_sees_it_and_presses_its_buttons(app: flask.Flask, admin: FlaskClient) -> None:
    stranger = app.test_client()
    assert stranger.get(PATH).status_code == 303
    for action in ("noch-einmal", "anhalten", "fortsetzen"):
        assert stranger.post(f"{PATH}/{action}").status_code in (401, 403)
        assert admin.post(f"{PATH}/{action}").status_code == 403, "without a form token"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("de", ("Nichts wartet.", "Gerade läuft nichts.", "Nichts ist gescheitert.", "Noch ist nichts erledigt.")),
        ("en", ("Nothing is waiting.", "Nothing is running.", "Nothing has failed.", "Nothing is done yet.")),
    ],
)
def test_each_list_says_that_it_is_empty_in_both_languages(
    admin: FlaskClient, lang: str, words: tuple[str, ...]
) -> None:
    for state, word in zip(("wartet", "laeuft", "gescheitert", "erledigt"), words, strict=True):
        assert word in page(admin, zustand=state, lang=lang)


def test_the_control_room_leads_to_it(admin: FlaskClient) -> None:
    assert f'href="{PATH}"' in admin.get("/admin").get_data(as_text=True)


def test_a_failed_job_shows_why_and_is_tried_again(admin: FlaskClient, town: Town) -> None:
    job_id = fail(town)
    html = page(admin, zustand="gescheitert")
    assert "mail server &lt;away&gt;" in html
    assert "1 von 3" in html
    assert "anna" not in html, "the arguments may name people"
    answer = send(admin, "noch-einmal", auftrag=job_id, zustand="gescheitert", seite=1)
    assert answer.headers["Location"] == f"{PATH}?zustand=gescheitert&seite=1"
    assert "Nichts ist gescheitert." in page(admin, zustand="gescheitert")
    assert f"Nr. {job_id}<" in page(admin, zustand="wartet")


def test_a_kind_is_paused_and_goes_on(admin: FlaskClient, town: Town) -> None:
    add(town, 1)
    assert send(admin, "anhalten", art="mail").status_code == 303
    assert send(admin, "anhalten", art="never heard of").status_code == 303
    html = page(admin)
    assert "Fortsetzen: E-Mails verschicken" in html
    assert "never heard of" not in html
    with town.database.read() as session:
        assert list(jobs.paused(session)) == ["mail"]
        assert not jobs.has_due(session, now_ms() + 1)
    send(admin, "fortsetzen", art="mail")
    assert "Anhalten: E-Mails verschicken" in page(admin)


def test_fifty_jobs_are_on_a_page_and_a_page_beyond_the_end_is_the_last(admin: FlaskClient, town: Town) -> None:
    add(town, 120)
    first, last = page(admin), page(admin, seite=99)
    assert first.count(">Nr. ") == 50
    assert "Seite 1 von 3" in first
    assert "seite=2" in first
    assert last.count(">Nr. ") == 20
    assert "Seite 3 von 3" in last


@pytest.mark.parametrize("query", [{"zustand": "x"}, {"seite": "-1"}, {"seite": "9" * 30}, {"seite": "٣"}])
def test_a_strange_address_shows_the_queue(admin: FlaskClient, query: dict[str, str]) -> None:
    assert "Nichts wartet." in page(admin, **query)


@pytest.mark.parametrize("job_id", ["", "x", "0", "99999999999", "9" * 40])
def test_a_retry_of_no_job_changes_nothing(admin: FlaskClient, town: Town, job_id: str) -> None:
    fail(town)
    assert send(admin, "noch-einmal", auftrag=job_id).status_code == 303
    with town.database.read() as session:
        assert jobs.counts(session, 0).dead == 1
