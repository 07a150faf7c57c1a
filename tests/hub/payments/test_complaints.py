"""What people complain of elsewhere, with the provider's real process: "paid, but not registered" and its kin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from hub.core import clock
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Cashier, State
from hub.payments.gateway import AwayError
from hub.settings import Settings
from tests.hub.payments.cashier import Provider, until
from tests.hub.payments.conftest import Ear, balance, is_whole
from tests.hub.payments.house import House, house
from tests.hub.payments.test_http import _ask, _csrf, _state
from tests.hub.payments.test_payments import ask
from tests.hub.payments.test_sandbox import Heard, cashier, heard, run_jobs, sandbox, settings, state

__all__ = ["cashier", "heard", "sandbox", "settings"]
pytestmark = [pytest.mark.process, pytest.mark.thorough]


def tries(database: Database, cashier: Cashier, payment_id: str) -> str:
    """One more attempt for a payment; the provider's page."""
    now = clock.now_ms()
    with database.read() as session:
        one = api.payments.find(session, payment_id)
    made = database.write(lambda session: api.payments.new_attempt(session, payment_id, "sandbox", now))
    return cashier.begin(one, made, "de")


def completed(database: Database, payment_id: str) -> bool:
    return until(lambda: state(database, payment_id) == State.COMPLETED)


def test_my_card_was_refused_and_the_second_try_counts_once(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear
) -> None:
    payment_id = ask(database).payment.id
    sandbox.press(tries(database, cashier, payment_id), "fail")
    assert until(lambda: state(database, payment_id) == State.FAILED)
    sandbox.press(tries(database, cashier, payment_id), "pay")
    assert completed(database, payment_id)
    assert ear.kinds() == ["Failed", "Completed"]
    assert balance(database, "provider:sandbox") == -1000


def test_the_bank_refused_and_took_the_money_all_the_same(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear
) -> None:
    payment_id = ask(database).payment.id
    page = tries(database, cashier, payment_id)
    sandbox.fault(late_s=1.5)
    sandbox.press(page, "late")
    sandbox.press(page, "fail")
    assert until(lambda: state(database, payment_id) == State.FAILED)
    assert completed(database, payment_id)
    assert (ear.kinds(), balance(database, "provider:sandbox")) == (["Failed", "Completed"], -1000)


@pytest.mark.parametrize(("owner", "account"), [("person:1", "wallet:person:1"), ("", "refunds")])
def test_i_paid_in_two_windows_and_the_second_money_is_not_lost(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear, owner: str, account: str
) -> None:
    payment_id = ask(database, owner=owner).payment.id
    pages = [tries(database, cashier, payment_id) for _ in range(2)]
    for page in pages:
        sandbox.press(page, "pay")
    assert until(lambda: balance(database, account) == 1000)
    assert (ear.kinds(), balance(database, "provider:sandbox")) == (["Completed"], -2000)
    assert balance(database, "revenue:pool:7") == 750
    assert is_whole(database)


def test_the_card_was_slow_so_i_paid_with_the_wallet_and_both_were_taken(
    database: Database, cashier: Cashier, sandbox: Provider, ear: Ear, fill
) -> None:
    fill("person:1", 1000)
    payment_id = ask(database).payment.id
    sandbox.press(tries(database, cashier, payment_id), "late")
    database.write(lambda session: api.wallet.pay_request(session, payment_id, clock.now_ms()))
    assert until(lambda: balance(database, "wallet:person:1") == 1000), "the card's money is the payer's"
    assert (ear.kinds(), balance(database, "revenue:pool:7")) == (["Completed"], 750)
    assert is_whole(database)


def test_the_provider_was_away_when_i_began_and_a_second_press_makes_no_second_payment(
    database: Database, cashier: Cashier, sandbox: Provider, heard: Heard
) -> None:
    sandbox.fault(down=True)
    now, one = clock.now_ms(), ask(database)
    made = database.write(lambda session: api.payments.new_attempt(session, one.payment.id, "sandbox", now))
    with pytest.raises(AwayError):
        cashier.begin(one, made, "de")
    assert state(database, one.payment.id) == State.STARTED
    sandbox.fault(down=False)
    pages = {cashier.begin(one, made, "de") for _ in range(2)}
    assert len(pages) == 1
    sandbox.press(pages.pop(), "pay")
    assert completed(database, one.payment.id)


def test_my_refund_was_promised_while_the_provider_was_away_and_still_comes_once(
    database: Database, cashier: Cashier, settings: Settings, sandbox: Provider, ear: Ear
) -> None:
    payment_id = ask(database).payment.id
    sandbox.press(tries(database, cashier, payment_id), "pay")
    assert completed(database, payment_id)
    sandbox.fault(down=True)
    now = clock.now_ms()
    (made,) = database.write(lambda session: api.refunds.refund(session, payment_id, 1000, "a", "test", now))
    run_jobs(settings, database, turns=2)
    with database.read() as session:
        assert api.refunds.find(session, made.id).state == "asked"
    sandbox.fault(down=False)
    for _ in range(2):
        run_jobs(settings, database, later_ms=3_600_000, turns=2)
    with database.read() as session:
        assert api.refunds.find(session, made.id).state == "done"
    assert (balance(database, "provider:sandbox"), ear.kinds()) == (0, ["Completed", "Refunded"])
    assert is_whole(database)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def test_the_hub_was_restarted_while_i_paid_and_all_the_same_it_is_registered(running: House) -> None:
    """The notice finds nobody; the worker, a process of its own, asks and completes the case."""
    one = _ask(running, "restart")
    page, browser = f"{running.url}/bezahlen/{one.payment.id}", requests.Session()
    onward = browser.post(page, data={"csrf": _csrf(browser.get(page).text), "method": "sandbox"})
    running.web.kill()
    running.provider.press(onward.headers["Refresh"].partition("url=")[2], "pay")
    assert until(lambda: _state(running, one) == State.COMPLETED, 60)
    running.web.start()
    assert until(lambda: _answers(browser, page), 30)
    assert "Bezahlt" in browser.get(page).text


def _answers(browser: requests.Session, page: str) -> bool:
    try:
        return browser.get(page, timeout=2).status_code == 200
    except requests.RequestException:
        return False
