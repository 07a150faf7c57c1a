"""The pages of wallet and payment: whose they are, what they refuse, in both languages."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from hub import app as wiring
from hub import setup
from hub.account.api import demo
from hub.core import clock, events
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Item, Line, Order
from hub.payments.rules.payment import Report, Status
from hub.settings import Settings
from tests import ready
from tests.hub.payments.statements import IBAN

ITEMS = (Item('=HYPERLINK("http://x")', 300, "pool", "7", ("Tageskarte",)),)


@pytest.fixture(scope="module")
def web_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    settings = Settings(
        state_dir=tmp_path_factory.mktemp("hub"),
        demo=True,
        bank_iban=IBAN,
        bank_name="Stadt",
        sepa_creditor_id="DE98ZZZ09999999999",
    )
    ready.migrate(settings)
    setup.seed(settings)
    setup.seed_personas(settings)
    made = wiring.create_app(settings)
    database: Database = made.extensions["database"]
    lines = [Line("bank", f"wallet:person:{_id(database, name)}", 10_000) for name in ("erika", "jonas")]
    database.write(lambda session: api.transfer(session, "rich", lines, clock.now_ms(), "test"))
    yield made
    events.wire({})
    database.close()


def _id(database: Database, name: str) -> int:
    with database.read() as session:
        return session.execute(text(f"SELECT id FROM account_person WHERE name LIKE '{name}%'")).scalar_one()


def _child(database: Database) -> str:
    with database.read() as session:
        return f"child:{session.execute(text('SELECT min(id) FROM account_child')).scalar_one()}"


def as_person(web_app: Flask, persona: str) -> FlaskClient:
    database: Database = web_app.extensions["database"]
    token = database.write(lambda session: demo.open_session(session, persona, clock.now_ms(), "test", ""))
    client = web_app.test_client()
    client.set_cookie("sk_session", token)
    return client


def send(client: FlaskClient, path: str, page: str = "/konto/geldboerse", **fields: str):
    shown = client.get(page).text
    token = shown.split('name="csrf" value="')[1].split('"')[0]
    return client.post(path, data={"csrf": token, **fields})


def test_the_wallet_shows_balance_and_statement_and_nobody_elses(web_app: Flask) -> None:
    database: Database = web_app.extensions["database"]
    erika = as_person(web_app, "citizen")
    order = Order("pay 1", f"person:{_id(database, 'erika')}", "pool", "visit", ITEMS[0].text, ITEMS)
    database.write(lambda session: api.wallet.pay(session, order, clock.now_ms()))
    shown = erika.get("/konto/geldboerse").text
    assert "97,00\xa0€" in shown
    assert "−3,00\xa0€" in shown
    assert "€97.00" in erika.get("/konto/geldboerse?lang=en").text
    for other in (f"person:{_id(database, 'jonas')}", _child(database), "organisation:1", "person:999", "x"):
        assert erika.get("/konto/geldboerse", query_string={"fuer": other}).status_code == 403
    table = erika.get("/konto/geldboerse/umsaetze.csv").data.decode("utf-8-sig")
    assert ";-3.00;" in table
    assert "'=HYPERLINK" in table


def test_a_parent_fills_the_childs_wallet_and_sets_its_limit(web_app: Flask) -> None:
    database: Database = web_app.extensions["database"]
    parent, child = as_person(web_app, "parent"), _child(database)
    facts = {"fuer": child, "ticket": "t1", "do": "give", "amount": "12,50"}
    for _ in range(2):  # pressed twice
        assert send(parent, "/konto/geldboerse/kind", **facts).status_code == 303
    assert send(parent, "/konto/geldboerse/kind", fuer=child, do="limit", amount="3").status_code == 303
    shown = parent.get("/konto/geldboerse", query_string={"fuer": child}).text
    assert "12,50\xa0€" in shown
    assert "von höchstens 3,00\xa0€" in shown
    assert send(parent, "/konto/geldboerse/kind", fuer=child, do="give", amount="999", ticket="t2").status_code == 422
    stranger = as_person(web_app, "citizen")
    assert send(stranger, "/konto/geldboerse/kind", **facts).status_code == 403


@pytest.mark.parametrize("amount", ["", "abc", "4,99", "251", "-20", "1e2", "20,001"])
def test_strange_amounts_are_told_and_kept(web_app: Flask, amount: str) -> None:
    answer = send(
        as_person(web_app, "citizen"), "/konto/geldboerse/aufladen", amount=amount, method="transfer", ticket="x"
    )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    field = answer.text.split('<input id="amount"')[1].split(">")[0]
    assert 'aria-invalid="true"' in field
    assert f'value="{amount}"' in field


def test_money_that_is_on_its_way_is_shown_until_it_is_there(web_app: Flask) -> None:
    client = as_person(web_app, "editor")
    assert "Geld unterwegs" not in client.get("/konto/geldboerse").text
    asked = send(client, "/konto/geldboerse/aufladen", amount="20", method="transfer", ticket="way")
    shown = client.get("/konto/geldboerse").text
    assert "Geld unterwegs" in shown
    assert asked.location.split("/")[2] in shown


def test_what_is_wrong_in_a_childs_limit_is_kept_and_marked(web_app: Flask) -> None:
    parent, child = as_person(web_app, "parent"), _child(web_app.extensions["database"])
    answer = send(parent, "/konto/geldboerse/kind", fuer=child, do="limit", amount="viel")
    assert answer.status_code == 422
    field = answer.text.split('<input id="limit"')[1].split(">")[0]
    assert 'aria-invalid="true"' in field
    assert 'value="viel"' in field


def test_a_top_up_by_bank_transfer_shows_what_to_write(web_app: Flask) -> None:
    client = as_person(web_app, "company")
    answer = send(client, "/konto/geldboerse/aufladen", amount="20", method="transfer", ticket="a")
    page = client.get(answer.headers["Location"]).text
    assert "<svg" in page
    assert "RF" in page
    assert "DE02 5001 0517 0137 0750 30" in page
    payment_id, database = answer.headers["Location"].split("/")[2], web_app.extensions["database"]
    with database.read() as session:
        number = api.payments.attempts(session, payment_id)[0].id
    told = Report(Status.CAPTURED, 2000)
    database.write(lambda session: api.payments.take_report(session, number, told, clock.now_ms()))
    paid = client.get(answer.headers["Location"])
    assert (paid.status_code, paid.headers["Location"]) == (303, f"/bezahlen/{payment_id}"), "nobody pays a last cent"


def test_who_waits_for_a_bank_transfer_is_not_asked_to_pay_once_more(web_app: Flask) -> None:
    client = as_person(web_app, "citizen")
    asked = send(client, "/konto/geldboerse/aufladen", amount="20", method="transfer", ticket="waits")
    page = client.get(asked.headers["Location"].removesuffix("/ueberweisung")).text
    assert "Wir warten auf Ihre Überweisung" in page
    assert "Noch einmal bezahlen" not in page
    assert page.index("Doch anders bezahlen") < page.index('value="transfer"'), "another way is there, folded"


def test_a_payment_of_somebody_is_shown_to_them_alone_and_strangers_are_asked_who_they_are(web_app: Flask) -> None:
    database: Database = web_app.extensions["database"]
    facts = {"owner": f"person:{_id(database, 'erika')}", "purpose": "pool", "reference": "r", "title": "Sauna"}
    one = database.write(
        lambda session: api.payments.request(session, key="own", items=ITEMS, now=clock.now_ms(), **facts)
    )
    path = f"/bezahlen/{one.payment.id}"
    assert "Sauna" in as_person(web_app, "citizen").get(path).text
    for part in ("", "/weiter", "/zurueck", "/ueberweisung", "/quittung"):
        assert as_person(web_app, "parent").get(path + part).status_code == 404
        assert web_app.test_client().get(path + part).headers["Location"].startswith("/anmelden")
    assert web_app.test_client().get("/bezahlen/gibtesnicht").status_code == 404
    assert as_person(web_app, "citizen").get(path + "/quittung").status_code == 404  # not paid yet


def test_paying_out_of_the_wallet_twice_pays_once(web_app: Flask) -> None:
    database: Database = web_app.extensions["database"]
    owner = f"person:{_id(database, 'jonas')}"
    facts = {"owner": owner, "purpose": "pool", "reference": "r2", "title": "Sauna"}
    one = database.write(
        lambda session: api.payments.request(session, key="own2", items=ITEMS, now=clock.now_ms(), **facts)
    )
    path, client = f"/bezahlen/{one.payment.id}", as_person(web_app, "parent")
    shown = client.get(path).text
    token = shown.split('name="csrf" value="')[1].split('"')[0]
    with database.read() as session:
        before = api.balance(session, f"wallet:{owner}")
    for _ in range(2):
        assert client.post(f"{path}/geldboerse", data={"csrf": token}).status_code == 303
    with database.read() as session:
        assert api.balance(session, f"wallet:{owner}") == before - 300
    assert "Bezahlt: " in client.get(path).text
    stranger = as_person(web_app, "citizen")
    assert send(stranger, f"{path}/geldboerse").status_code == 404


def test_a_mandate_needs_a_right_account_and_a_yes(web_app: Flask) -> None:
    client, path = as_person(web_app, "citizen"), "/konto/geldboerse/lastschrift"
    good = {"holder": "Erika Muster", "iban": "DE89 3704 0044 0532 0130 00", "agree": "1"}
    assert send(client, path, path, **{**good, "iban": "DE00"}).status_code == 422
    assert send(client, path, path, **{**good, "agree": ""}).status_code == 422
    assert send(client, path, path, **good).status_code == 303
    shown = client.get(path).text
    assert "DE89…3000" in shown
    assert "0532 0130" not in shown
    database: Database = web_app.extensions["database"]
    with database.read() as session:
        assert "DE89" not in session.execute(text("SELECT iban FROM payments_mandate")).scalar_one()


def test_a_card_shows_its_number_once_and_can_be_blocked(web_app: Flask) -> None:
    client, path = as_person(web_app, "citizen"), "/konto/geldboerse/karten"
    assert "Diese Nummer sehen Sie nur jetzt" in send(client, path, path, name="Ladekarte").text
    shown = client.get(path).text
    assert "Diese Nummer sehen Sie nur jetzt" not in shown
    card = shown.split("/karten/")[1].split("/")[0]
    assert send(client, f"{path}/{card}/sperren", path).status_code == 303
    assert "Ladekarte</b>" not in client.get(path).text


def test_what_no_table_can_hold_is_no_charge(web_app: Flask) -> None:
    database: Database = web_app.extensions["database"]
    key = database.write(lambda session: api.machines.add(session, "charger-1", "charging", 500, clock.now_ms()))
    facts = {"key": "1", "card": "A", "text": "Laden", "cents": 100, "tax": "19"}
    for change in ({"key": "1\0"}, {"text": "L\0"}, {"card": "A\0"}, {"lines": {}}):
        answer = web_app.test_client().post(
            "/api/payments/charges", json=facts | change, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == 400


def test_automatic_top_ups_and_payouts_need_a_fresh_log_in(web_app: Flask) -> None:
    client = as_person(web_app, "citizen")
    database: Database = web_app.extensions["database"]
    database.write(lambda session: session.execute(text("UPDATE account_session SET authenticated_at = 1")) and None)
    for path in ("automatik", "auszahlen", "karten", "lastschrift"):
        answer = send(client, f"/konto/geldboerse/{path}", threshold="10", amount="20")
        assert answer.headers["Location"].startswith("/anmelden/bestaetigen"), path
    assert send(client, "/konto/geldboerse/automatik/aus").status_code == 303


def test_without_the_forms_token_nothing_happens(web_app: Flask) -> None:
    client = as_person(web_app, "citizen")
    assert client.post("/konto/geldboerse/aufladen", data={"amount": "20", "method": "transfer"}).status_code == 403
