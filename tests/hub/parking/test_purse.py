"""Stays paid out of real wallets: money is set aside, the fee is booked once, the rest comes back."""

import pytest

from hub.core.db import Database
from hub.parking.api import personal, stays
from hub.parking.api.purse import WalletPurse
from hub.payments import api as payments
from hub.payments.rules import ledger as ledger_rules
from tests.hub.parking.test_stays import HOUR, MINUTE, NOW, begin, heard, look, tick

__all__ = ["heard"]
PURSE = WalletPurse({"thermarium": "19"}, {"thermarium": "Thermarium"})
WALLET = "wallet:person:1"


def fill(database: Database, cents: int) -> None:
    line = ledger_rules.Line("bank", WALLET, cents)
    database.write(lambda session: payments.transfer(session, "fill", [line], NOW, "a top-up"))


def balances(database: Database) -> tuple[int, int, int]:
    """(wallet, set aside, revenue)"""
    with database.read() as session:
        assert payments.check(session).is_whole
        names = (WALLET, "held:person:1", "revenue:parking:19")
        return tuple(payments.balance(session, name) for name in names)  # type: ignore[return-value]


def test_a_stay_takes_its_fee_and_gives_back_what_it_did_not_need(database: Database, heard) -> None:
    fill(database, 1000)
    token = begin(database, PURSE)
    assert balances(database) == (900, 100, 0), "the first hour is set aside"
    tick(database, PURSE, NOW + 100 * MINUTE)
    assert balances(database) == (800, 200, 0)
    database.write(lambda session: stays.stop(session, PURSE, token, NOW + 85 * MINUTE))
    assert balances(database) == (900, 0, 100)
    with database.read() as session:
        (paid,) = payments.wallet.paid(session, "person:1", 10)
    assert (paid.payment.cents, paid.payment.items[0].tax) == (100, "19")
    assert paid.payment.items[0].lines[-1] == "Summe 1,00\u00a0€"


def test_the_statement_names_the_car_park_once_the_stay_is_over(database: Database, heard) -> None:
    fill(database, 1000)
    token = begin(database, PURSE)
    with database.read() as session:
        assert [(one.kind, one.title) for one in payments.wallet.shown(session, "person:1", 1)] == [("hold", "")]
    tick(database, PURSE, NOW + 100 * MINUTE)
    database.write(lambda session: stays.stop(session, PURSE, token, NOW + 85 * MINUTE))
    with database.read() as session:
        found = payments.wallet.shown(session, "person:1", 3)
        (paid,) = payments.wallet.paid(session, "person:1", 10)
    assert {(one.kind, one.title) for one in found} == {("hold", "Thermarium"), ("release", "Thermarium")}
    assert {one.payment_id for one in found} == {paid.payment.id}


def test_an_empty_wallet_starts_nothing_and_leaves_nothing_behind(database: Database, heard) -> None:
    with pytest.raises(stays.RefusedError, match="money"):
        begin(database, PURSE)
    fill(database, 100)
    token = begin(database, PURSE)
    tick(database, PURSE, NOW + 2 * HOUR)
    assert (look(database, token, NOW + 3 * HOUR).ended_by, balances(database)) == ("money", (0, 0, 100))


def test_a_free_stay_books_no_fee(database: Database, heard) -> None:
    fill(database, 100)
    token = begin(database, PURSE)
    database.write(lambda session: stays.stop(session, PURSE, token, NOW + 20 * MINUTE))
    assert balances(database) == (100, 0, 0)


def test_a_days_limit_holds_for_money_that_is_set_aside(database: Database, heard) -> None:
    fill(database, 1000)
    database.write(lambda session: payments.wallet.set_day_limit(session, "person:1", 50))
    with pytest.raises(stays.RefusedError, match="money"):
        begin(database, PURSE)
    assert balances(database) == (1000, 0, 0)


def test_many_small_steps_of_a_stay_do_not_go_over_the_days_limit_and_what_comes_back_counts_no_more(
    database: Database, heard
) -> None:
    fill(database, 1000)
    database.write(lambda session: payments.wallet.set_day_limit(session, "person:1", 250))
    token = begin(database, PURSE)
    for minutes in range(10, 200, 10):
        tick(database, PURSE, NOW + minutes * MINUTE)
    assert (look(database, token, NOW + 4 * HOUR).ended_by, balances(database)) == ("money", (800, 0, 200))
    with pytest.raises(stays.RefusedError, match="money"):
        begin(database, PURSE, NOW + 4 * HOUR)
    database.write(lambda session: payments.wallet.set_day_limit(session, "person:1", 300))
    again = begin(database, PURSE, NOW + 4 * HOUR)
    database.write(lambda session: stays.stop(session, PURSE, again, NOW + 4 * HOUR))
    with database.read() as session:
        assert payments.wallet.get(session, "person:1", NOW + 4 * HOUR).spent_today == 200
    assert balances(database) == (800, 0, 200)


def test_a_wallet_that_falls_below_its_threshold_while_one_parks_is_filled_again(database: Database, heard) -> None:
    fill(database, 1000)

    def agree(session) -> None:
        payments.wallet.keep_agreement(session, "person:1", "sandbox", "sealed", NOW)
        payments.wallet.set_automatic(session, "person:1", 950, 2000, NOW)

    database.write(agree)
    begin(database, PURSE)
    tick(database, PURSE, NOW + MINUTE)
    with database.read() as session:
        (asked,) = payments.wallet.paid(session, "person:1", 10)
        assert (asked.payment.purpose, asked.payment.cents) == ("topup", 2000)
        (attempt,) = payments.payments.attempts(session, asked.payment.id)
    assert attempt.method == "sandbox"


def test_who_deletes_the_account_while_parking_pays_for_the_stay_and_leaves_nothing_set_aside(
    database: Database, heard
) -> None:
    fill(database, 1000)
    token = begin(database, PURSE)
    tick(database, PURSE, NOW + 100 * MINUTE)

    def erase(session) -> None:  # in the order of hub.app
        personal.forgetting(PURSE)(session, 1, NOW + 85 * MINUTE)
        payments.personal.forget(session, 1, NOW + 85 * MINUTE)

    database.write(erase)
    assert (look(database, token, NOW + 9 * HOUR).state, balances(database)) == ("ended", (0, 0, 100))
    with database.read() as session:
        assert payments.balance(session, "unclear") == 900
    tick(database, PURSE, NOW + 9 * HOUR)
    assert balances(database) == (0, 0, 100)


def test_a_worker_that_was_away_loses_no_fee(database: Database, heard) -> None:
    fill(database, 1000)
    token = begin(database, PURSE)
    database.write(lambda session: stays.stop(session, PURSE, token, NOW + 5 * HOUR))
    assert balances(database) == (500, 0, 500)
    again = begin(database, PURSE, NOW + 6 * HOUR, planned_end=NOW + 8 * HOUR)
    tick(database, PURSE, NOW + 20 * HOUR)
    assert (look(database, again, NOW + 20 * HOUR).ended_by, balances(database)) == ("plan", (300, 0, 700))


def test_one_stay_that_cannot_be_looked_after_holds_up_no_other(database: Database, heard) -> None:
    fill(database, 1000)
    bad = begin(database, PURSE)
    good = begin(database, PURSE, plate="HN CD 5", planned_end=NOW + HOUR)
    lines = [ledger_rules.Line("bank", "unclear", 1)]
    database.write(lambda s: payments.transfer(s, f"hold:stay:{bad}:1", lines, NOW, "somebody took its key"))
    tick(database, PURSE, NOW + 2 * HOUR)
    assert (look(database, good, NOW + 3 * HOUR).state, look(database, bad, NOW + 2 * HOUR).state) == (
        "ended",
        "running",
    )
