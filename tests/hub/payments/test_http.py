"""A running hub: sixty-four identical charges at once, strangers' keys, notices of the provider's process."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from hub.core import clock
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Item, Line, State
from tests.hub.payments.cashier import until
from tests.hub.payments.house import House, house
from tests.hub.payments.test_ledger import together

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture(scope="module")
def machine(running: House) -> tuple[str, str]:
    """(key, card) of a charging point and a wallet with 200.00."""
    return running.database.write(_machine)


def _machine(session) -> tuple[str, str]:
    now = clock.now_ms()
    api.transfer(session, "fill", [Line("bank", "wallet:person:1", 20_000)], now, "test")
    key = api.machines.add(session, "lade-1", "charging", 2_000, now)
    return key, api.machines.add_card(session, "person:1", "Ladekarte", now)


def charge(running: House, secret: str, **facts: object) -> tuple[int, dict]:
    body = {"key": "c1", "text": "Laden", "cents": 500, "tax": "19", **facts}
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    call = urllib.request.Request(f"{running.url}/api/payments/charges", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(call, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def held(running: House, account: str) -> int:
    with running.database.read() as session:
        return api.balance(session, account)


def test_sixty_four_identical_charges_at_once_are_booked_once(running: House, machine: tuple[str, str]) -> None:
    before = held(running, "wallet:person:1")
    found = together(64, lambda _: charge(running, machine[0], key="same", card=machine[1]))
    assert sorted({status for status, _ in found}) == [200, 201], found
    assert sum(status == 201 for status, _ in found) == 1
    assert len({body["payment"] for _, body in found}) == 1
    assert held(running, "wallet:person:1") == before - 500


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    database.write(lambda session: session.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public")) and None)
    database.close()
    with house(tmp_path, worker=False, database_url=postgres_url) as made:
        key, card = made.database.write(_machine)
        found = together(64, lambda _: charge(made, key, key="same", card=card))
        assert sorted({status for status, _ in found}) == [200, 201], found
        assert (sum(status == 201 for status, _ in found), held(made, "wallet:person:1")) == (1, 19_500)
        with made.database.read() as session:
            assert api.check(session).is_whole


def test_a_machine_takes_only_what_it_may(running: House, machine: tuple[str, str]) -> None:
    key, card = machine
    assert charge(running, key, card=card, key="same")[0] in (200, 201)
    assert charge(running, key, card=card, cents=501, key="same")[0] == 409
    assert charge(running, key, card=card, key="big", cents=2_001) == (409, {"error": "amount"})
    assert charge(running, key, card="FFFF", key="no")[1] == {"error": "card"}
    assert charge(running, "x" * 43, card=card)[0] == 401
    for strange in ({"cents": "500"}, {"cents": -5}, {"cents": True}, {"tax": "20"}, {"text": ""}, {"key": ""}):
        assert charge(running, key, **{"card": card, "key": "strange", **strange})[0] in (400, 409)
    assert charge(running, key)[0] == 400


@pytest.mark.parametrize(
    ("facts", "status"), [({"cents": 209.0}, 201), ({"cents": 2.5}, 400), ({"text": "a\x07"}, 400)]
)
def test_a_whole_number_is_one_however_it_is_written(
    running: House, machine: tuple[str, str], facts: dict[str, object], status: int
) -> None:
    assert charge(running, machine[0], key=f"whole {status}", card=machine[1], **facts)[0] == status


def test_a_card_that_is_blocked_pays_nothing(running: House, machine: tuple[str, str]) -> None:
    now = clock.now_ms()
    number = running.database.write(lambda session: api.machines.add_card(session, "person:1", "alt", now))
    card = api.machines.digest(number)
    running.database.write(lambda session: api.machines.end_card(session, "person:1", card, now))
    assert charge(running, machine[0], card=number, key="blocked") == (409, {"error": "card"})


def test_a_stranger_without_an_account_pays_at_the_provider_and_the_notice_completes_it(running: House) -> None:
    one = _ask(running, "stranger")
    page = f"{running.url}/bezahlen/{one.payment.id}"
    browser = requests.Session()
    form = browser.get(page).text
    assert "Parken am See" in form
    onward = browser.post(page, data={"csrf": _csrf(form), "method": "sandbox"})
    assert onward.status_code == 200
    assert onward.headers["Refresh"].startswith("0; url=" + running.provider.url)
    running.provider.press(onward.headers["Refresh"].partition("url=")[2], "pay")
    assert until(lambda: _state(running, one) == State.COMPLETED)
    assert "Bezahlt" in browser.get(page + "/zurueck").text
    assert until(lambda: browser.get(page + "/quittung").headers["Content-Type"] == "application/pdf")
    assert browser.get(page + "/quittung").content.startswith(b"%PDF")


def test_a_payment_that_only_the_worker_hears_of_completes_without_anybody_looking(running: House) -> None:
    running.provider.fault(lost=9)
    one = _ask(running, "silent")
    page = f"{running.url}/bezahlen/{one.payment.id}"
    browser = requests.Session()
    onward = browser.post(page, data={"csrf": _csrf(browser.get(page).text), "method": "sandbox"})
    running.provider.press(onward.headers["Refresh"].partition("url=")[2], "pay")
    assert until(lambda: _state(running, one) == State.COMPLETED, 30)
    running.provider.fault(lost=0)


def test_a_forged_notice_is_refused_and_one_for_an_unknown_provider_too(running: House) -> None:
    url = f"{running.url}/api/payments/notices"
    assert requests.post(f"{url}/sandbox", data=b"{}", timeout=10).status_code == 400
    assert requests.post(f"{url}/else", data=b"{}", timeout=10).status_code == 404


def _ask(running: House, key: str) -> api.Listed:
    items = (Item("Parken am See", 250, "parking", "19", ("1. halbe Stunde 1,00 €", "2. halbe Stunde 1,50 €")),)
    facts = {"owner": "", "purpose": "parking", "reference": key, "title": "Parken am See", "items": items}
    return running.database.write(lambda session: api.payments.request(session, key=key, now=clock.now_ms(), **facts))


def _state(running: House, one: api.Listed) -> State:
    with running.database.read() as session:
        return api.payments.find(session, one.payment.id).payment.state


def _csrf(text: str) -> str:
    return text.partition('name="csrf" value="')[2].partition('"')[0]
