"""The page of one's own data over HTTP."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from hub import app as wiring
from hub.account.web import desk as web_desk
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.privacy import api, web
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import register
from tests.hub.privacy.test_erasure import live_fully
from tests.hub.web.conftest import form_token

MAIL = "a.sehr.langer.name@example.org"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[flask.Flask]:
    settings = Settings(state_dir=tmp_path)
    ready.migrate(settings)
    made = wiring.create_app(settings)
    yield made
    made.extensions["database"].close()


@pytest.fixture
def citizen(app: flask.Flask) -> FlaskClient:
    """Somebody who has just logged in."""
    database: Database = app.extensions["database"]
    person_id, now = register(database, MAIL, now=now_ms()), now_ms()
    from hub.account import api as account

    proof = account.Proof(person_id, frozenset({"pwd"}))
    token = database.write(lambda session: account.sessions.open_session(session, proof, now, "Firefox, Android"))
    client = app.test_client()
    with app.test_request_context():
        client.set_cookie(web_desk.cookie_name(), token)
    return client


def keys_of(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return {str(key) for key in value} | {key for one in value.values() for key in keys_of(one)}
    return {key for one in value for key in keys_of(one)} if isinstance(value, (list, tuple)) else set()


def test_every_key_of_an_export_has_words_and_every_module_a_heading(app: flask.Flask, tmp_path: Path) -> None:
    database: Database = app.extensions["database"]
    rosa = live_fully(database)
    with database.read() as session:
        found = api.collect(session, wiring.person_data(Settings(state_dir=tmp_path)), rosa.id, now_ms())
    with app.test_request_context():
        assert {key for facts in found.values() for key in keys_of(facts)} - {"attachments"} <= set(web.words())
        assert set(found) <= set(web.sections())


def test_the_download_is_one_file_for_people_and_programs(citizen: FlaskClient) -> None:
    answer = citizen.post("/konto/daten/herunterladen", data={"csrf": form_token(citizen, "/konto/daten")})
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="meine-daten-20')
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    page = archive.read("daten.html").decode()
    assert MAIL in page
    assert "Firefox, Android" in page
    assert "Passwort vorhanden" in page
    assert "Eigene Daten heruntergeladen" in page
    assert "privacy.exported" not in page
    assert MAIL.encode() in archive.read("daten.json")


def test_without_a_fresh_log_in_there_is_neither_download_nor_deletion(
    app: flask.Flask, citizen: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = form_token(citizen, "/konto/daten")
    later = now_ms() + 11 * 60_000
    monkeypatch.setattr("hub.account.web.desk.now_ms", lambda: later)
    for path in ("/konto/daten/herunterladen", "/konto/daten/loeschen"):
        answer = citizen.post(path, data={"csrf": token, "sure": "1"})
        assert (answer.status_code, "/anmelden/bestaetigen" in answer.headers["Location"]) == (303, True)


def test_a_deletion_wants_a_tick_and_then_ends_everything(citizen: FlaskClient) -> None:
    token = form_token(citizen, "/konto/daten")
    asked = citizen.post("/konto/daten/loeschen", data={"csrf": token})
    assert (asked.status_code, "Bitte bestätigen Sie" in asked.text) == (422, True)
    gone = citizen.post("/konto/daten/loeschen", data={"csrf": token, "sure": "1"})
    assert (gone.status_code, gone.headers["Location"]) == (303, "/konto-geloescht")
    assert "gelöscht" in citizen.get("/konto-geloescht").text
    assert citizen.get("/konto").status_code == 303
