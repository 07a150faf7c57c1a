"""What the account's pages say: dates with their year, whose page it is, questions before something is gone."""

import re
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from hub.account import rules
from hub.account.api import families, personal, staff
from hub.account.store import circles, people
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
    assert "laden Sie die Seite neu" not in answer.text


def test_a_form_without_its_token_is_told_to_load_again(rosa: FlaskClient) -> None:
    answer = rosa.post("/konto/name", data={"display_name": "Rosa"})
    assert answer.status_code == 403
    assert "laden Sie die Seite neu" in answer.text


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


def with_child(app: flask.Flask, client: FlaskClient, mail: str) -> int:
    """A child of this person; returns its number."""
    fields = {"first_name": "Mia", "last_name": "Quelle", "born": "2024-02-01"}
    client.post("/konto/familie", data={"csrf": form_token(client, "/konto/familie"), **fields})
    with app.extensions["database"].read() as session:
        return families.children(session, person_of(app, mail).id, now_ms())[0].id


def test_a_childs_entry_goes_after_a_question_alone(app: flask.Flask, rosa: FlaskClient) -> None:
    child = with_child(app, rosa, ROSA)
    page = rosa.get("/konto/familie").text
    assert f'action="/konto/familie/{child}/verlassen"' not in page
    assert f'href="/konto/familie/{child}/verlassen"' in page
    asked = rosa.get(f"/konto/familie/{child}/verlassen").text
    assert "Niemand sonst ist für Mia Quelle eingetragen. Der Eintrag wird gelöscht." in asked
    rosa.post(f"/konto/familie/{child}/verlassen", data={"csrf": form_token(rosa, "/konto/familie")})
    assert rosa.get(f"/konto/familie/{child}/verlassen").status_code == 404


def test_a_wrong_invitation_to_a_child_is_taken_back(app: flask.Flask, rosa: FlaskClient) -> None:
    child, otto = with_child(app, rosa, ROSA), citizen(app, "otto@example.org")
    token = form_token(rosa, "/konto/familie")
    rosa.post(f"/konto/familie/{child}/teilen", data={"csrf": token, "mail": "falsch@example.org"})
    page = rosa.get("/konto/familie").text
    invitation = page.split('name="invitation" value="')[1].split('"')[0]
    path = f"/konto/familie/{child}/zuruecknehmen"
    theirs = otto.post(path, data={"csrf": form_token(otto, "/konto/familie"), "invitation": invitation})
    assert theirs.status_code == 404
    assert "falsch@example.org" in rosa.get("/konto/familie").text
    rosa.post(path, data={"csrf": token, "invitation": invitation})
    assert "falsch@example.org" not in rosa.get("/konto/familie").text


def test_a_parent_without_a_name_stays_without_their_address(app: flask.Flask, rosa: FlaskClient) -> None:
    child, database = with_child(app, rosa, ROSA), app.extensions["database"]
    citizen(app, "otto.geheim@example.org")
    with_parent = person_of(app, "otto.geheim@example.org").id
    database.write(lambda s: circles.add_guardian(s, child, with_parent, now_ms()))
    page = rosa.get("/konto/familie").text
    assert "ein anderer Elternteil" in page
    assert "otto.geheim" not in page
    with database.read() as session:
        told = str(personal.export(session, person_of(app, ROSA).id, now_ms()))
    assert "ein anderer Elternteil" in told
    assert "otto.geheim" not in told


def test_leaving_a_firm_and_dissolving_it_ask_first(app: flask.Flask, rosa: FlaskClient) -> None:
    token = form_token(rosa, "/konto/firmen")
    firm = rosa.post("/konto/firmen", data={"csrf": token, "name": "Rosen GmbH"}).headers["Location"]
    me = person_of(app, ROSA).id
    assert "Aus Rosen GmbH austreten?" in rosa.get(f"{firm}/mitglied/{me}/entfernen").text
    assert "Rosen GmbH auflösen?" in rosa.get(f"{firm}/aufloesen").text
    assert f'action="{firm}/aufloesen"' not in rosa.get(firm).text
    stranger = citizen(app, "otto@example.org")
    for path in (f"{firm}/mitglied/{me}/entfernen", f"{firm}/aufloesen"):
        assert stranger.get(path).status_code == 404


def test_the_counter_puts_no_address_into_the_pages_own(app: flask.Flask) -> None:
    database, clerk = app.extensions["database"], citizen(app, "petra@example.org")
    citizen(app, "otto@example.org")
    database.write(lambda s: people.add_role(s, person_of(app, "petra@example.org").id, "clerk"))
    token = form_token(clerk, "/buergerbuero/konten")
    page = clerk.post("/buergerbuero/konten", data={"csrf": token, "mail": "otto@example.org"})
    assert page.status_code == 200
    assert "Ausweis bestätigen" in page.text
    assert not re.search(r'(href|action)="[^"]*otto', page.text)
    letter = clerk.post("/buergerbuero/postfach/an", data={"csrf": token, "mail": "otto@example.org"})
    assert 'value="otto@example.org"' in letter.text
    assert "Kein Konto" not in clerk.get("/buergerbuero/konten?mail=otto@example.org").text


def test_a_log_knows_networks_and_nobodys_address() -> None:
    assert rules.logged_network("192.0.2.77") == "192.0.2.0/24"
    assert rules.logged_network("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert rules.logged_network("") == "?"
