"""Linking an identity at BundID with an account, and ending that; the provider is a real one in its own process."""

import re
from pathlib import Path

import pytest

from hub.account import rules
from hub.account.api import overview
from hub.account.rules import Level
from hub.account.store import people
from hub.core.clock import now_ms
from tests.hub.account.brokers import Traveller, fields, linked, owner, path
from tests.hub.account.desk import PASSWORD, register
from tests.hub.web.conftest import form_token

pytestmark = pytest.mark.process

STEP_UP = "/anmelden/bestaetigen"


def test_an_account_takes_no_second_identity(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    traveller.log_in(rosa)
    answer = traveller.trip("jonas", "/konto", 2)
    assert answer.status_code == 403
    assert "eine andere BundID verbunden" in answer.text
    assert owner(traveller.database, issuer, "jonas") is None


def test_step_up_links_an_unknown_identity_only_when_its_person_says_so(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    traveller.log_in(rosa)
    asked = traveller.trip("erika", "/konto/firmen", 2)
    assert path(asked) == "/anmelden/bundid/verbinden"
    page = traveller.client.get(asked.headers["Location"])
    assert "Erika Muster" in page.text
    assert "rosa@example.org" in page.text
    person = traveller.person()
    assert person is not None
    assert (owner(traveller.database, issuer, "erika"), person.level) == (None, Level.BASIS)
    answer = traveller.link(asked.headers["Location"])
    assert answer.headers["Location"] == "/konto/firmen"
    person = traveller.person()
    assert person is not None
    assert (owner(traveller.database, issuer, "erika"), person.level) == (rosa, Level.SUBSTANTIELL)
    assert traveller.client.get_cookie("sk_identity") is None
    letters = traveller.client.get("/konto/postfach").text
    assert "BundID verbunden" in letters
    assert "BundID verbunden" in traveller.client.get("/konto/sicherheit").text


def test_a_stolen_password_brings_no_identity_into_the_account_of_who_was_identified(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    until = now_ms() + rules.HOUR
    traveller.database.write(lambda session: people.change_person(session, rosa, identified_until=until))
    traveller.log_in(rosa, ("pwd",))
    asked = traveller.trip("jonas", "/konto/firmen", 2)
    answer = traveller.link(asked.headers["Location"])
    assert answer.status_code == 403
    assert "Sie haben sich schon ausgewiesen." in answer.text
    assert owner(traveller.database, issuer, "jonas") is None


def test_linking_without_the_forms_token_is_refused(traveller: Traveller, rosa: int, issuer: str) -> None:
    traveller.log_in(rosa)
    traveller.trip("erika")
    assert traveller.client.post("/anmelden/bundid/verbinden", data={"next": "/konto"}).status_code == 403
    assert owner(traveller.database, issuer, "erika") is None


def test_linking_needs_a_fresh_log_in(traveller: Traveller, rosa: int, issuer: str) -> None:
    traveller.log_in(rosa, now=now_ms() - rules.HOUR)
    asked = traveller.trip("erika", "/konto", 2)
    answer = traveller.client.get(asked.headers["Location"])
    assert path(answer) == STEP_UP
    token = form_token(traveller.client, STEP_UP)
    data = {"csrf": token, "password": PASSWORD, "confirm": "1", "next": asked.headers["Location"]}
    back = traveller.client.post("/anmelden", data=data)
    assert traveller.link(back.headers["Location"]).headers["Location"] == "/konto"
    assert owner(traveller.database, issuer, "erika") == rosa


def test_a_link_happens_once_for_a_proof(traveller: Traveller, rosa: int, otto: int, issuer: str) -> None:
    traveller.log_in(rosa)
    asked = traveller.trip("erika", "/konto")
    waiting = traveller.client.get_cookie("sk_identity")
    assert waiting is not None
    traveller.link(asked.headers["Location"])
    token = form_token(traveller.client, "/konto/sicherheit")
    data = {"csrf": token, "issuer": issuer}
    assert "getrennt" in traveller.client.post("/konto/sicherheit/verbindung/entfernen", data=data).headers["Location"]
    traveller.log_in(otto)
    traveller.client.set_cookie("sk_identity", waiting.value)
    assert traveller.link(asked.headers["Location"]).status_code == 403
    assert owner(traveller.database, issuer, "erika") is None


def test_an_unknown_identity_makes_no_account_and_takes_none_over(traveller: Traveller, issuer: str) -> None:
    register(traveller.database, "erika", now=now_ms())  # the mock would call her so in an e-mail claim
    asked = traveller.trip("erika", "/konto/familie", 1)
    assert path(asked) == "/anmelden/bundid/neu"
    page = traveller.client.get(asked.headers["Location"])
    assert page.status_code == 200
    assert "Erika Muster" in page.text
    assert traveller.person() is None
    assert owner(traveller.database, issuer, "erika") is None


def test_after_the_usual_log_in_the_waiting_identity_is_linked_without_a_second_trip(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    asked = traveller.trip("erika", "/konto/familie")
    text = traveller.client.get(asked.headers["Location"]).text
    after = re.search(r'href="(/anmelden\?next=[^"]+)"', text)
    assert after is not None
    form = traveller.client.get(after.group(1)).text
    assert "Danach verbinden Sie Ihre BundID" in form
    data = fields(form, "/anmelden") | {"name": "rosa@example.org", "password": PASSWORD}
    answer = traveller.client.post("/anmelden", data=data)
    assert traveller.link(answer.headers["Location"]).headers["Location"] == "/konto/familie"
    assert owner(traveller.database, issuer, "erika") == rosa
    traveller.log_out()
    assert traveller.trip("erika", "/konto/familie").headers["Location"] == "/konto/familie"


def test_a_waiting_identity_is_worthless_in_another_browser(
    traveller: Traveller, rosa: int, otto: int, issuer: str
) -> None:
    traveller.log_in(rosa)
    asked = traveller.trip("erika")
    stolen = traveller.client.get_cookie("sk_identity")
    assert stolen is not None
    thief = Traveller(traveller.client.application.test_client(), issuer, traveller.database)
    thief.log_in(otto)
    thief.set_out()
    thief.client.set_cookie("sk_identity", stolen.value)
    assert thief.client.get(asked.headers["Location"]).status_code == 400
    data = {"csrf": form_token(thief.client, "/konto/sicherheit")}
    assert thief.client.post("/anmelden/bundid/verbinden", data=data).status_code == 400
    assert owner(traveller.database, issuer, "erika") is None


def test_unlinking_ends_the_way_in_and_tells_the_owner(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    traveller.log_in(rosa)
    page = traveller.client.get("/konto/sicherheit").text
    action = "/konto/sicherheit/verbindung/entfernen"
    answer = traveller.client.post(action, data=fields(page, action))
    assert "Die Verbindung ist getrennt." in traveller.client.get(answer.headers["Location"]).text
    assert "BundID getrennt" in traveller.client.get("/konto/postfach").text
    traveller.log_out()
    assert path(traveller.trip("erika")) == "/anmelden/bundid/neu"


def test_nobody_unlinks_the_last_way_to_log_in_or_anothers(
    traveller: Traveller, rosa: int, otto: int, issuer: str
) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    traveller.database.write(lambda session: people.change_person(session, rosa, password_hash=None))
    action = "/konto/sicherheit/verbindung/entfernen"
    for person_id in (rosa, otto):
        traveller.log_in(person_id)
        data = {"csrf": form_token(traveller.client, "/konto/sicherheit"), "issuer": issuer}
        answer = traveller.client.post(action, data=data)
        assert answer.status_code == 422
        assert owner(traveller.database, issuer, "erika") == rosa


def test_the_use_of_an_identity_is_remembered_without_what_the_broker_told(
    traveller: Traveller, rosa: int, issuer: str, tmp_path: Path
) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    traveller.trip("erika")
    person = traveller.person()
    assert person is not None
    with traveller.database.read() as session:
        found = overview.security(session, person, now_ms())
    assert [(one.issuer, one.level) for one in found.identities] == [(issuer, Level.SUBSTANTIELL)]
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("hub.db*"))
    assert b"Erika Muster" not in stored
