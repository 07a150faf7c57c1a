"""A bank took the money back: the payer sees it, pays again in any way, and owes nothing afterwards."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.core import clock
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import State
from hub.payments.rules.payment import Report, Status
from tests.hub.payments.conftest import NOW, Ear, balance, is_whole
from tests.hub.payments.statements import details, entry, statement
from tests.hub.payments.test_bank import CREDITOR, state, take
from tests.hub.payments.test_ledger import together
from tests.hub.payments.test_pages import ITEMS, _id, as_person, send, web_app  # noqa: F401 (a fixture)
from tests.hub.payments.test_payments import ask, attempt, report, top_up


def taken_back(database: Database, owner: str = "person:1") -> str:
    """A payment over 10.00 that a card paid and its bank took back."""
    one = ask(database, owner)
    number = attempt(database, one.payment.id)
    report(database, number, Status.CAPTURED, 1000)
    report(database, number, Status.CAPTURED, 1000, 1000)
    return one.payment.id


@pytest.mark.parametrize("owner", ["person:1", ""])
def test_it_is_paid_again_by_card_and_the_debt_is_gone(database: Database, ear: Ear, owner: str) -> None:
    payment_id = taken_back(database, owner)
    debt = f"receivable:{owner or 'anyone'}"
    assert (state(database, payment_id), balance(database, debt)) == (State.RETURNED, -1000)
    again = attempt(database, payment_id, ref="pay_2")
    assert state(database, payment_id) == State.RETURNED, "until the money is there it is a debt"
    report(database, again, Status.FAILED)
    assert state(database, payment_id) == State.RETURNED
    report(database, attempt(database, payment_id, ref="pay_3"), Status.CAPTURED, 1000)
    assert (state(database, payment_id), balance(database, debt)) == (State.COMPLETED, 0)
    assert balance(database, "revenue:pool:7") == 750
    assert ear.kinds() == ["Completed", "Failed", "Completed"]
    with pytest.raises(api.RefusedError, match="paid"):
        attempt(database, payment_id, ref="pay_4")
    assert is_whole(database)


def test_the_wallet_pays_it_again_once_however_often_it_is_pressed(database: Database, fill) -> None:
    payment_id = taken_back(database)
    fill("person:1", 1500)
    found = together(8, lambda _: database.write(lambda s: api.wallet.pay_request(s, payment_id, NOW)))
    assert all(isinstance(one, api.Listed) for one in found)
    assert (balance(database, "wallet:person:1"), balance(database, "receivable:person:1")) == (500, 0)
    assert state(database, payment_id) == State.COMPLETED
    assert is_whole(database)


def test_a_debit_that_came_back_is_collected_again_by_the_next_file(database: Database) -> None:
    today = date(2027, 1, 10)
    give = api.debits.give
    mandate = database.write(lambda s: give(s, "person:1", "Erika", "DE89370400440532013000", str, today))
    one = ask(database)

    def begin() -> str:
        make = api.payments.new_attempt
        return database.write(lambda s: make(s, one.payment.id, "debit", NOW, mandate_id=mandate.id)).ref

    def export() -> int:
        return database.write(lambda s: api.debits.export(s, CREDITOR, str, date(2027, 2, 1), NOW))[1]

    ref = begin()
    assert export() == 1
    take(database, statement(entry("10.00", "B1", details(end_to_end=ref))))
    take(database, statement(entry("10.00", "B2", details(end_to_end=ref, reason="MS03"), credit=False)))
    again = begin()
    assert (again != ref, begin() == again, export()) == (True, True, 1)
    take(database, statement(entry("10.00", "B3", details(end_to_end=again))))
    assert (state(database, one.payment.id), balance(database, "receivable:person:1")) == (State.COMPLETED, 0)


def test_a_top_up_that_came_back_pays_its_debt_first(database: Database) -> None:
    payment_id = top_up(database, "person:1", 2000, "t1")
    spent = api.Line("wallet:person:1", "revenue:pool:7", 1500)
    database.write(lambda s: api.transfer(s, "bath", [spent], NOW, "test"))
    with database.read() as session:
        number = api.payments.attempts(session, payment_id)[0].id
    report(database, number, Status.CAPTURED, 2000, 2000)
    assert (balance(database, "wallet:person:1"), balance(database, "receivable:person:1")) == (0, -1500)
    report(database, attempt(database, payment_id, ref="again"), Status.CAPTURED, 2000)
    assert (balance(database, "wallet:person:1"), balance(database, "receivable:person:1")) == (500, 0)
    assert is_whole(database)


def test_only_what_is_missing_is_asked_for_when_a_part_came_back(database: Database) -> None:
    one = ask(database)
    number = attempt(database, one.payment.id)
    report(database, number, Status.CAPTURED, 1000)
    report(database, number, Status.CAPTURED, 1000, 400)
    with database.read() as session:
        found = api.payments.find(session, one.payment.id).payment
    assert (found.left, sum(item.cents for item in found.asked_for)) == (400, 400)
    report(database, attempt(database, one.payment.id, ref="rest"), Status.CAPTURED, 400)
    assert (state(database, one.payment.id), balance(database, "receivable:person:1")) == (State.COMPLETED, 0)


def test_the_page_says_what_happened_and_offers_every_way_again(web_app: Flask) -> None:  # noqa: F811
    database: Database = web_app.extensions["database"]
    owner = f"person:{_id(database, 'erika')}"
    facts = {"owner": owner, "purpose": "pool", "reference": "r", "title": "Sauna", "items": ITEMS}
    make = api.payments.request
    one = database.write(lambda s: make(s, key="back", now=clock.now_ms(), **facts))
    path, erika = f"/bezahlen/{one.payment.id}", as_person(web_app, "citizen")
    number = database.write(lambda s: api.payments.new_attempt(s, one.payment.id, "transfer", clock.now_ms())).id
    for back in (0, 300):
        told = Report(Status.CAPTURED, 300, back)
        database.write(lambda s, told=told: api.payments.take_report(s, number, told, clock.now_ms()))
    shown = erika.get(path).text
    assert "zurückgeholt" in shown
    assert "Bezahlt: " not in shown
    assert "Mit der Geldbörse" in shown
    begun = send(erika, path, path, method="transfer")
    assert (begun.status_code, begun.headers["Location"]) == (303, f"{path}/ueberweisung")
    assert "3,00\xa0€" in _page(erika, f"{path}/ueberweisung")
    assert send(erika, f"{path}/geldboerse", path).status_code == 303
    assert "Bezahlt: " in erika.get(path).text


def _page(client: FlaskClient, path: str) -> str:
    found = client.get(path)
    assert found.status_code == 200
    return found.text
