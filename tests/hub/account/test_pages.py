"""What the account's pages say: dates with their year, whose page it is, questions before something is gone."""

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from hub.account.api import staff
from hub.core import i18n
from hub.core.clock import now_ms
from tests.hub.account.citizens import citizen, house, person_of
from tests.hub.web.conftest import form_token

ROSA = "rosa@example.org"
JANUARY_2027 = 1_800_000_000_000


@pytest.fixture
def app(tmp_path: Path) -> Iterator[flask.Flask]:
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def rosa(app: flask.Flask) -> FlaskClient:
    return citizen(app, ROSA)


def test_a_moment_of_another_year_names_the_year() -> None:
    assert i18n.moment(JANUARY_2027, "de", JANUARY_2027 + 400 * 86_400_000) == "15. Januar 2027, 09:00\u00a0Uhr"
    assert i18n.moment(JANUARY_2027, "de", JANUARY_2027 + 86_400_000) == "15. Januar, 09:00\u00a0Uhr"
    assert i18n.moment(JANUARY_2027, "en", JANUARY_2027) == "09:00"


def test_the_last_day_is_the_one_before_midnight() -> None:
    midnight = 1_801_436_400_000  # 1 February 2027, 00:00
    assert i18n.last_day(midnight, "de") == "31. Januar 2027"
    assert i18n.last_day(midnight + 1, "en") == "1 February 2027"


def test_the_account_says_in_which_year_the_identity_ends(app: flask.Flask, rosa: FlaskClient) -> None:
    clerk, now = person_of(app, ROSA), now_ms()
    other = citizen(app, "otto@example.org")
    number = person_of(app, "otto@example.org").id
    until = app.extensions["database"].write(lambda s: staff.identify(s, clerk, number, "Otto Quelle", now))
    said = f"gilt bis {i18n.last_day(until, 'de')}"
    assert said in other.get("/konto").text
    assert said in other.get("/pass").text


@pytest.mark.parametrize("path", ["/admin", "/buergerbuero/konten", "/admin/protokoll"])
def test_a_page_for_staff_says_so_and_shows_the_way_back(rosa: FlaskClient, path: str) -> None:
    answer = rosa.get(path)
    assert answer.status_code == 403
    assert "Diese Seite ist für Mitarbeitende" in answer.text
    assert 'href="/konto"' in answer.text.split("<main")[1]
    assert "Laden Sie die Seite neu" not in answer.text


def test_a_form_without_its_token_is_told_to_load_again(rosa: FlaskClient) -> None:
    answer = rosa.post("/konto/name", data={"display_name": "Rosa"})
    assert answer.status_code == 403
    assert "Laden Sie die Seite neu" in answer.text


CONFIRM = "/anmelden/bestaetigen?next=/konto/sicherheit"


def test_who_confirms_can_cancel_and_take_another_account(rosa: FlaskClient) -> None:
    page = rosa.get(f"{CONFIRM}&level=1").text
    assert "Abbrechen und zum Konto" in page
    assert "Passwort vergessen" in page
    assert "Mit Passkey bestätigen" not in page  # there is none
    fields = {"csrf": form_token(rosa, "/konto"), "next": "/anmelden?next=/konto/sicherheit"}
    answer = rosa.post("/abmelden", data=fields)
    assert answer.headers["Location"] == "/anmelden?next=/konto/sicherheit"
    assert rosa.get("/konto").status_code == 303


def test_nobody_is_asked_for_a_key_that_would_not_be_enough(rosa: FlaskClient) -> None:
    page = rosa.get(f"{CONFIRM}&level=2").text
    assert 'name="password"' not in page
    assert "ins Bürgerbüro" in page


def test_log_out_leads_nowhere_else(rosa: FlaskClient) -> None:
    fields = {"csrf": form_token(rosa, "/konto"), "next": "https://evil.example/"}
    assert rosa.post("/abmelden", data=fields).headers["Location"] == "/"
