"""Through the web, on SQLite and PostgreSQL: double clicks, two browsers at once, an account or session that goes while
its request runs. Nobody sees a fault of ours.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import app as wiring
from hub.account import api
from hub.account.api import admins, staff
from hub.account.api.codes import RECOVER, REGISTER, Granted
from hub.account.store import people
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Base, Database, Session
from hub.settings import Settings
from tests.hub.account.desk import PASSWORD, register
from tests.hub.account.races import at_once


class House:
    """The hub; `meanwhile` runs once between the check of the door and the view."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        self.ring = api.Keyring(app.extensions["settings"].secret())
        self.meanwhile: Callable[[], object] | None = None
        app.before_request(self._interrupt)

    def _interrupt(self) -> None:
        work, self.meanwhile = self.meanwhile, None
        if work is not None:
            work()

    def browser(self, token: str = "") -> tuple[FlaskClient, str]:
        """With the token of its forms."""
        client = self.app.test_client()
        if token:
            client.set_cookie("sk_session", token)
        html = client.get("/konto" if token else "/anmelden").text
        return client, html.split('name="csrf" value="')[1].split('"')[0]

    def logged_in(self, person_id: int) -> tuple[FlaskClient, str]:
        """A browser with a fresh session."""
        proof = api.Proof(person_id, frozenset({"pwd"}))
        return self.browser(self.database.write(lambda s: api.sessions.open_session(s, proof, now_ms())))

    def erase(self, person_id: int) -> None:
        self.database.write(lambda s: api.personal.erase(s, person_id, now_ms()))


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    database = Database(database_url)
    Base.metadata.create_all(database.engine)
    app = wiring.create_app(Settings(state_dir=tmp_path, database_url=database_url))
    yield House(app, database)
    events.wire({})
    database.close()
    app.extensions["database"].close()


def registering(house: House, ticket: str) -> Callable[[], object]:
    client, token = house.browser()
    sent = {"csrf": token, "granted": ticket, "password": PASSWORD}
    return lambda: client.post("/konto/neu/kennwort", data=sent).status_code


def test_two_browsers_that_register_one_address_at_once_become_one_account(house: House) -> None:
    for number in range(4):
        granted = Granted(REGISTER, f"neu{number}@example.org")
        tickets = [api.codes.seal(house.ring, granted, now_ms() + one) for one in range(2)]
        assert sorted(at_once(*(registering(house, one) for one in tickets))) == [303, 410]


def test_a_double_click_on_save_is_no_fault(house: House) -> None:
    for number in range(4):
        ticket = api.codes.seal(house.ring, Granted(REGISTER, f"neu{number}@example.org"), now_ms())
        assert sorted(at_once(registering(house, ticket), registering(house, ticket))) == [303, 410]


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "/konto", {}),
        ("GET", "/konto/sicherheit", {}),
        ("POST", "/konto/firmen", {"name": "Salz GmbH"}),
        ("POST", "/konto/familie", {"first_name": "Mia", "last_name": "Quelle", "born": "2024-02-01"}),
        ("POST", "/konto/sicherheit/codes", {}),
        ("POST", "/konto/sicherheit/passwort", {"password": "korrekt pferd batterie heftklammer"}),
        ("POST", "/konto/sicherheit/app/entfernen", {}),
        ("POST", "/konto/daten/herunterladen", {}),
        ("POST", "/konto/daten/loeschen", {"sure": "1"}),
    ],
)
def test_who_erased_the_account_in_another_tab_is_logged_out(
    house: House, method: str, path: str, fields: dict[str, str]
) -> None:
    person = register(house.database, "rosa@example.org")
    client, token = house.logged_in(person)
    house.meanwhile = lambda: house.erase(person)
    answer = client.open(path, method=method, data={"csrf": token} | fields if method == "POST" else None)
    assert answer.status_code == 303
    goodbye = "/konto-geloescht" if path.endswith("loeschen") else "/anmelden"
    assert answer.headers["Location"].startswith(goodbye)
    assert client.get_cookie("sk_session") is None
    with house.database.read() as session:
        assert people.person(session, person) is None
        assert api.organisations.of(session, person, now_ms()) == []


def test_a_fault_of_ours_stays_one_for_who_is_still_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise ValueError("broken")

    client, _token = house.logged_in(register(house.database, "rosa@example.org"))
    monkeypatch.setattr(api.acting, "choices", broken)
    assert client.get("/konto").status_code == 500
    assert client.get_cookie("sk_session") is not None


def test_who_confirms_while_the_session_is_ended_from_afar_is_logged_in_anew(house: House) -> None:
    person = register(house.database, "rosa@example.org")
    client, token = house.logged_in(person)
    house.meanwhile = lambda: house.database.write(lambda s: api.sessions.end_others(s, person, now_ms()))
    sent = {"csrf": token, "confirm": "1", "name": "rosa@example.org", "password": PASSWORD, "next": "/konto/firmen"}
    answer = client.post("/anmelden", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/konto/firmen")
    assert client.get("/konto/firmen").status_code == 200


def test_of_two_confirmations_at_once_none_hands_out_a_token_of_no_session(database: Database) -> None:
    person = register(database, "rosa@example.org", now=now_ms())
    proof = api.Proof(person, frozenset({"pwd"}))

    def confirm(token: str) -> Callable[[], object]:
        return lambda: database.write(lambda s: api.sessions.raise_session(s, token, proof, now_ms()))

    for _ in range(6):
        token = database.write(lambda s: api.sessions.open_session(s, proof, now_ms()))
        found = at_once(confirm(token), confirm(token))
        assert sorted(type(one).__name__ for one in found) == ["ValueError", "str"]
        (fresh,) = (one for one in found if isinstance(one, str))
        assert api.sessions.session_person(database, fresh, now_ms()) is not None


@pytest.mark.parametrize("closed", ["before", "after"])
def test_a_recovery_for_a_closed_account_is_refused_with_a_sentence(house: House, closed: str) -> None:
    """Also when it was closed after the code was right."""
    person = register(house.database, "rosa@example.org", now=now_ms())
    clerk = register(house.database, "clerk@example.org", now=now_ms())
    client, token = house.browser()

    def give(session: Session) -> str:
        found = api.find(session, clerk)
        assert found is not None
        return staff.recover(session, house.ring, found, person, now_ms())

    code = house.database.write(give)
    if closed == "before":
        admins.disable(house.database, "rosa@example.org")
        sent = {"csrf": token, "mail": "rosa@example.org", "code": code}
        assert client.post("/anmelden/wiederherstellen", data=sent).status_code in (200, 422)
    ticket = api.codes.seal(house.ring, Granted(RECOVER, "rosa@example.org", person), now_ms())
    if closed == "after":
        admins.disable(house.database, "rosa@example.org")
    sent = {"csrf": token, "granted": ticket, "password": "korrekt pferd batterie heftklammer"}
    assert client.post("/konto/neu/kennwort", data=sent).status_code == 410
    with house.database.read() as session:
        row = people.person(session, person)
        assert row is not None
        assert row.password_hash, "nothing was taken away"
