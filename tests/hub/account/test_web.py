"""The log-in form over HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.account import api
from hub.app import create_app
from hub.core.db import Base, Database
from hub.settings import Settings

PASSWORD = "salz wasser rosen turm"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(Settings(state_dir=tmp_path).database)
    Base.metadata.create_all(made.engine)
    api.create_admin(made, "leitstelle", PASSWORD)
    yield made
    made.close()


@pytest.fixture
def app(tmp_path: Path, database: Database) -> flask.Flask:
    return create_app(Settings(state_dir=tmp_path))


@pytest.fixture
def browser(app: flask.Flask) -> FlaskClient:
    return app.test_client()


def token_in(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found is not None
    return found.group(1)


def log_in(browser: FlaskClient, password: str = PASSWORD, name: str = "leitstelle", target: str = "") -> TestResponse:
    form = browser.get(f"/anmelden?next={target}").get_data(as_text=True)
    hidden = re.search(r'name="next" value="([^"]*)"', form)
    assert hidden is not None
    fields = {"csrf": token_in(form), "name": name, "password": password, "next": hidden.group(1)}
    return browser.post("/anmelden", data=fields)


def session_of(browser: FlaskClient) -> str:
    cookie = browser.get_cookie("sk_session")
    return cookie.value if cookie is not None else ""


def test_the_right_password_opens_the_control_room(browser: FlaskClient) -> None:
    answer = log_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_one_comes_back_to_the_page_that_asked(browser: FlaskClient) -> None:
    assert log_in(browser, target="/admin?lang=en").headers["Location"] == "/admin?lang=en"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/%5Cevil.example", "javascript:alert(1)"]
)
def test_no_target_leads_out_of_the_town(browser: FlaskClient, target: str) -> None:
    assert log_in(browser, target=target).headers["Location"] == "/admin"


def test_wrong_password_and_unknown_name_look_alike(browser: FlaskClient) -> None:
    def shown(answer: TestResponse) -> tuple[int, str]:
        body = answer.get_data(as_text=True)
        return answer.status_code, re.sub(r'(value|data-options)="[^"]*"', "", body)

    assert shown(log_in(browser, "wrong")) == shown(log_in(browser, "wrong", "nobody"))
    assert "E-Mail-Adresse oder Passwort stimmt nicht" in log_in(browser, "wrong").get_data(as_text=True)


def test_the_name_is_given_back_escaped_and_the_password_never(browser: FlaskClient) -> None:
    body = log_in(browser, "my-secret-try", '"><script>').get_data(as_text=True)
    assert "&#34;&gt;&lt;script&gt;" in body
    assert "my-secret-try" not in body


def test_without_the_forms_token_nothing_happens(browser: FlaskClient) -> None:
    answer = browser.post("/anmelden", data={"name": "leitstelle", "password": PASSWORD})
    assert answer.status_code == 403
    assert not session_of(browser)


def test_a_planted_session_cookie_is_replaced_at_log_in(browser: FlaskClient) -> None:
    browser.set_cookie("sk_session", "planted-by-somebody-else")
    log_in(browser)
    assert session_of(browser) not in ("", "planted-by-somebody-else")


def test_log_out_ends_the_session_in_the_database_too(browser: FlaskClient, database: Database) -> None:
    log_in(browser)
    stolen = session_of(browser)
    form = browser.get("/anmelden?next=/anmelden")
    assert form.status_code == 303
    page = browser.get("/konto").get_data(as_text=True)
    assert browser.post("/abmelden", data={"csrf": token_in(page)}).status_code == 303
    assert not session_of(browser)
    browser.set_cookie("sk_session", stolen)
    assert browser.get("/admin").status_code == 303


def test_after_five_slips_the_answer_says_when_to_come_back(browser: FlaskClient) -> None:
    for _ in range(5):
        assert log_in(browser, "wrong").status_code == 401
    answer = log_in(browser)
    assert answer.status_code == 429
    assert 800 < int(answer.headers["Retry-After"]) <= 900
    assert "15 Min." in answer.get_data(as_text=True)


def test_when_too_many_log_in_at_once_the_page_asks_for_patience(
    browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise api.BusyError

    monkeypatch.setattr(api.login, "authenticate", busy)
    answer = log_in(browser)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Bitte versuchen Sie es in einem Moment noch einmal." in answer.get_data(as_text=True)


def test_the_form_speaks_english_too(browser: FlaskClient) -> None:
    body = browser.get("/anmelden?lang=en").get_data(as_text=True)
    assert "Log in" in body
    assert "Password" in body
