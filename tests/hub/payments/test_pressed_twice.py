"""What a person presses twice, or two press at once, happens once and shows the same result."""

import pytest
from flask import Flask

from hub.core import clock
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import RefusedError, WalletError
from hub.payments.rules import wallet as limits
from hub.payments.rules.payment import Report, Status
from tests.hub.payments.conftest import NOW, balance, is_whole
from tests.hub.payments.test_ledger import together
from tests.hub.payments.test_pages import _id, as_person, web_app  # noqa: F401 (a fixture)
from tests.hub.payments.test_payments import ask, attempt, report, top_up


def pay_out(database: Database, key: str) -> int:
    return database.write(lambda session: api.wallet.pay_out(session, "person:1", key, NOW))


def test_a_payout_that_is_pressed_again_gives_the_first_result(database: Database) -> None:
    top_up(database, "person:1", 2000, "a")
    top_up(database, "person:1", 1000, "b")
    assert [pay_out(database, "press") for _ in range(3)] == [3000] * 3
    assert balance(database, "refunds") == 3000
    with pytest.raises(WalletError, match="nothing"):
        pay_out(database, "another press")
    assert is_whole(database)


def test_eight_payouts_at_once_send_the_money_once(database: Database) -> None:
    top_up(database, "person:1", 2000, "a")
    top_up(database, "person:1", 1000, "b")
    assert together(8, lambda _: pay_out(database, "press")) == [3000] * 8
    assert (balance(database, "refunds"), balance(database, "wallet:person:1")) == (3000, 0)
    assert is_whole(database)


def test_a_payout_of_two_pages_at_once_never_sends_more_than_there_is(database: Database) -> None:
    top_up(database, "person:1", 2000, "a")
    found = together(6, lambda number: pay_out(database, f"page {number}"))
    assert [one for one in found if isinstance(one, int)] == [2000]
    assert balance(database, "refunds") == 2000


def test_the_page_shows_the_sum_after_the_second_press(web_app: Flask) -> None:  # noqa: F811
    database: Database = web_app.extensions["database"]
    owner, now = f"person:{_id(database, 'erika')}", clock.now_ms()
    with database.read() as session:
        rest = api.balance(session, f"wallet:{owner}")
    if rest > limits.MAX_BALANCE - 2000:
        gone = api.Line(f"wallet:{owner}", "revenue:pool:7", rest - 1000)
        database.write(lambda session: api.transfer(session, "gone", [gone], now, "test"))
    one = database.write(lambda session: api.wallet.top_up(session, owner, 2000, "t payout", now))
    number = attempt(database, one.payment.id, ref="payout 1")
    database.write(lambda s: api.payments.take_report(s, number, Report(Status.CAPTURED, 2000), now))
    erika = as_person(web_app, "citizen")
    token = erika.get("/konto/geldboerse").text.split('name="csrf" value="')[1].split('"')[0]
    for _ in range(2):
        answer = erika.post("/konto/geldboerse/auszahlen", data={"csrf": token, "ticket": "one", "fuer": owner})
        assert answer.status_code == 303, answer.text
        assert "20,00\xa0€" in erika.get(answer.headers["Location"]).text.split('role="status"')[1].split("</p>")[0]


def give(database: Database, source: str, cents: int, key: str) -> api.Booked:
    return database.write(lambda session: api.wallet.give(session, source, "child:5", cents, key, NOW))


def test_gifts_at_once_never_fill_a_childs_wallet_over_its_limit(database: Database, fill) -> None:
    for parent in ("person:1", "person:2"):
        fill(parent, 20_000)
    found = together(8, lambda number: give(database, f"person:{number % 2 + 1}", 9_000, f"gift {number}"))
    assert len([one for one in found if isinstance(one, api.Booked)]) == 2
    assert {one.reason for one in found if isinstance(one, WalletError)} == {"too_much"}
    assert balance(database, "wallet:child:5") == 18_000
    assert is_whole(database)


def test_a_gift_that_is_pressed_again_is_no_error_when_the_wallet_is_full(database: Database, fill) -> None:
    fill("person:1", 25_000)
    first = give(database, "person:1", 20_000, "gift")
    assert give(database, "person:1", 20_000, "gift")._replace(is_new=True) == first
    with pytest.raises(WalletError, match="too_much"):
        give(database, "person:1", 5_001, "more")


@pytest.mark.parametrize("owner", ["", "person:1"])
def test_a_payment_is_begun_ten_times_a_day_and_no_more(database: Database, owner: str) -> None:
    one = ask(database, owner)
    found = together(14, lambda number: attempt(database, one.payment.id, ref=f"pay {number}"))
    assert len([made for made in found if isinstance(made, int)]) == 10
    assert {made.reason for made in found if isinstance(made, RefusedError)} == {"tries"}
    tomorrow = NOW + 86_400_000
    made = database.write(lambda s: api.payments.new_attempt(s, one.payment.id, "sandbox", tomorrow))
    report(database, made.id, Status.CAPTURED, 1000)
    assert balance(database, "revenue:pool:7") == 750
