"""Another mail address: proved by a code, told to the old one, without saying whose address is whose."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from hub.account import api
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.inbox import api as inbox
from tests.hub.account.citizens import browser_of, citizen, house, person_of
from tests.hub.account.desk import NOW, RING, Ear, person, register
from tests.hub.web.conftest import form_token

ROSA, NEW, OTTO = "rosa@example.org", "rosa.neu@example.org", "otto@example.org"
PAGE = "/konto/sicherheit/adresse"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[flask.Flask]:
    with house(tmp_path) as made:
        yield made


@pytest.fixture
def rosa(app: flask.Flask) -> FlaskClient:
    return citizen(app, ROSA)


def mails(app: flask.Flask) -> list[dict[str, str]]:
    """Every mail that waits to be sent but the notices of the inbox, the oldest first."""
    with app.extensions["database"].read() as session:
        rows = session.execute(text("SELECT id FROM core_job WHERE kind = 'mail' ORDER BY id")).scalars().all()
    found = [opened(app, number) for number in rows]
    return [one for one in found if one["subject"] != "Neue Nachricht in Ihrem Postfach"]


def opened(app: flask.Flask, number: int) -> dict[str, str]:
    with app.extensions["database"].read() as session:
        row = session.execute(text("SELECT arguments FROM core_job WHERE id = :id"), {"id": number}).scalar_one()
    assert "@" not in row, "a mail waits sealed"
    return dict(inbox.opened(app.extensions["settings"].secret(), json.loads(row)))


def ask(client: FlaskClient, mail: str) -> str:
    """The page after asking for a code to this address."""
    return client.post(PAGE, data={"csrf": form_token(client, PAGE), "mail": mail}).text


def type_code(client: FlaskClient, page: str, code: str):
    code_id = page.split('name="code_id" value="')[1].split('"', maxsplit=1)[0]
    return client.post(f"{PAGE}/code", data={"csrf": form_token(client, PAGE), "code_id": code_id, "code": code})


def code_for(app: flask.Flask, mail: str) -> str:
    subject = [one["subject"] for one in mails(app) if one["to"] == mail][-1]
    return re.findall(r"[0-9]{8}", subject)[0]


def test_the_code_goes_to_the_new_address_and_a_note_to_the_old_one(app: flask.Flask, rosa: FlaskClient) -> None:
    other = browser_of(app, ROSA)
    page = ask(rosa, NEW)
    assert {one["to"] for one in mails(app)} == {NEW}
    assert type_code(rosa, page, code_for(app, NEW)).status_code == 303
    assert "Die neue Adresse gilt." in rosa.get("/konto/sicherheit?gesagt=adresse").text
    assert NEW in rosa.get("/konto/sicherheit").text
    assert "E-Mail-Adresse geändert" in rosa.get("/konto/sicherheit").text
    assert other.get("/konto").status_code == 303  # every other session is over
    told = [one for one in mails(app) if one["to"] == ROSA]
    assert [one["subject"] for one in told] == ["Ihr Konto hat eine andere E-Mail-Adresse"]
    assert NEW not in told[0]["text"]
    assert "Neue E-Mail-Adresse" in rosa.get("/konto/postfach").text


def test_an_address_with_an_account_looks_like_one_without(app: flask.Flask, rosa: FlaskClient) -> None:
    citizen(app, OTTO)

    def shown(page: str, mail: str) -> str:
        return re.sub(r'value="[^"]*"', "", page).replace(mail, "")

    taken, free = ask(rosa, OTTO), ask(rosa, NEW)
    assert shown(taken, OTTO) == shown(free, NEW)
    (told,) = [one for one in mails(app) if one["to"] == OTTO]
    assert told["subject"] == "Sie haben schon ein Konto"
    assert not re.findall(r"[0-9]{8}", told["text"])
    assert type_code(rosa, taken, "00000000").status_code == 422
    assert person_of(app, ROSA).name == ROSA


def test_a_wrong_code_changes_nothing_and_five_of_them_end_it(app: flask.Flask, rosa: FlaskClient) -> None:
    page = ask(rosa, NEW)
    right = code_for(app, NEW)
    wrong = f"{(int(right) + 1) % 10**8:08d}"
    for _ in range(5):
        assert type_code(rosa, page, wrong).status_code == 422
    assert type_code(rosa, page, right).status_code == 422
    assert person_of(app, ROSA).name == ROSA


def test_without_a_fresh_log_in_nothing_happens(app: flask.Flask) -> None:
    old = citizen(app, ROSA, ago=3_600_000)
    answer = old.get(PAGE)
    assert answer.status_code == 303
    assert "/anmelden/bestaetigen" in answer.headers["Location"]


@pytest.mark.parametrize("typed", ["keine adresse", ROSA, "a@b", ""])
def test_what_is_no_new_address_gets_a_sentence(rosa: FlaskClient, typed: str) -> None:
    answer = rosa.post(PAGE, data={"csrf": form_token(rosa, PAGE), "mail": typed})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def ask_directly(database: Database, who: api.Person, mail: str) -> tuple[str, str]:
    """(id, code)."""
    ear = Ear()
    code_id = database.write(lambda s: api.address.ask(s, RING, who, mail, NOW))
    return code_id, ear.last(api.CodeMade).code


def test_nobody_uses_the_code_of_somebody_else(database: Database) -> None:
    rosa, otto = (person(database, register(database, mail)) for mail in (ROSA, OTTO))
    code_id, code = ask_directly(database, rosa, NEW)
    assert not database.write(lambda s: api.address.change(s, RING, otto, code_id, code, NOW))


def test_of_two_who_want_the_same_address_one_gets_it(database: Database) -> None:
    rosa, otto = (person(database, register(database, mail)) for mail in (ROSA, OTTO))
    first, second = ask_directly(database, rosa, NEW), ask_directly(database, otto, NEW)
    assert database.write(lambda s: api.address.change(s, RING, rosa, *first, NOW))
    # the first use ended every other code for this address
    assert not database.write(lambda s: api.address.change(s, RING, otto, *second, NOW))


def test_what_was_sent_to_the_old_address_opens_nothing_any_more(database: Database) -> None:
    rosa = person(database, register(database, ROSA))
    ear = Ear()
    reset_id = database.write(lambda s: api.codes.ask(s, RING, "reset", ROSA, "de", NOW))
    reset = ear.last(api.CodeMade).code
    ticket = api.codes.Granted("reset", ROSA, rosa.id)
    code_id, code = ask_directly(database, rosa, NEW)
    assert database.write(lambda s: api.address.change(s, RING, rosa, code_id, code, NOW))
    assert database.write(lambda s: api.codes.check(s, RING, "reset", reset_id, reset, NOW)) is None
    with pytest.raises(api.registration.TakenError):
        database.write(lambda s: api.registration.start(s, ticket, "sealed", "", "de", NOW, api.registration.PASSWORD))


def test_invented_people_keep_their_addresses() -> None:
    invented = api.Person(1, "karla.leitung@demo.example", frozenset())
    assert not api.address.may_change(invented)
    assert not api.address.may_change(api.Person(1, "leitstelle", frozenset()))
    assert api.address.may_change(api.Person(1, f"rosa{now_ms()}@example.org", frozenset()))
