"""What is older than the law asks for is removed, and every balance stays what it was."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hub.core import i18n, retention
from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Line, archive
from hub.payments.rules.payment import Report, Status
from tests.hub.payments.conftest import balance, is_whole
from tests.hub.payments.test_ledger import together


def at(year: int, month: int = 6) -> int:
    return int(datetime(year, month, 1, tzinfo=i18n.TIMEZONE).timestamp() * 1000)


def book(database: Database, key: str, moment: int, *lines: Line) -> None:
    database.write(lambda session: api.transfer(session, key, lines, moment, "test"))


def forget(database: Database, now: int) -> int:
    return database.write(lambda session: archive.forget_old(session, now))


def count(database: Database, table: str) -> int:
    with database.read() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def years(database: Database) -> None:
    """Bookings of 2020 to 2026: a wallet, one that is empty since 2021, and income."""
    book(database, "a", at(2020), Line("bank", "wallet:person:1", 5000), Line("bank", "wallet:person:2", 700))
    book(database, "b", at(2020, 12), Line("wallet:person:1", "revenue:pool:7", 1500))
    book(database, "c", at(2021), Line("wallet:person:2", "revenue:pool:7", 700))
    book(database, "d", at(2026), Line("wallet:person:1", "revenue:pool:7", 250))


def balances(database: Database) -> dict[str, int]:
    names = ("bank", "wallet:person:1", "wallet:person:2", "revenue:pool:7")
    return {name: balance(database, name) for name in names}


@pytest.mark.usefixtures("years")
def test_bookings_go_after_ten_full_years_and_every_balance_stays(database: Database) -> None:
    before = balances(database)
    assert forget(database, at(2030, 12)) == 0, "2020 is kept until the end of 2030"
    assert forget(database, at(2031, 1)) == 2
    assert (balances(database), is_whole(database)) == (before, True)
    with database.read() as session:
        shown = api.wallet.shown(session, "person:1", 10)
    assert [(one.kind, one.cents) for one in shown] == [("other", -250), ("carried", 3500)]
    assert forget(database, at(2031, 2)) == 0, "the next night finds nothing"
    assert forget(database, at(2032, 1)) == 2, "one more year and the opening of the one before"
    assert (balances(database), is_whole(database)) == (before, True)
    assert count(database, "payments_account WHERE name = 'wallet:person:2'") == 0, "no name is left of who has nothing"
    book(database, "e", at(2032), Line("wallet:person:1", "revenue:pool:7", 1))
    assert is_whole(database)


@pytest.mark.usefixtures("years")
def test_afterwards_the_book_refuses_changes_as_before(database: Database) -> None:
    rule = retention.Rule("bookings", "10 years", archive.forget_old)
    assert [found for _, found in retention.run(database, [rule], at(2031, 1), dry=True)] == [2]
    assert count(database, "payments_transfer") == 4, "a dry run changes nothing"
    for remove in (False, True):
        if remove:
            forget(database, at(2031, 1))
        for order in ("DELETE FROM payments_posting", "UPDATE payments_transfer SET what = 'x'"):
            with pytest.raises(DatabaseError, match="append-only"):
                database.write(lambda session, order=order: session.execute(text(order)) and None)


@pytest.mark.usefixtures("years")
def test_payments_are_booked_while_old_ones_go(database: Database) -> None:
    def work(number: int) -> object:
        if number == 0:
            return forget(database, at(2031, 1))
        return book(database, f"now {number}", at(2031, 1), Line("bank", "wallet:person:1", 10))

    assert [one for one in together(9, work) if one is not None] == [2]
    assert balance(database, "wallet:person:1") == 3250 + 80
    assert is_whole(database)


def test_payments_go_with_their_attempts_unless_something_happened_later(database: Database) -> None:
    def paid(key: str, moment: int) -> str:
        facts = {"owner": "person:1", "purpose": "pool", "reference": key, "title": "Bad", "now": moment}
        items = [api.Item("Bad", 1000, "pool", "7")]
        one = database.write(lambda s: api.payments.request(s, key=key, items=items, **facts))
        made = database.write(lambda s: api.payments.new_attempt(s, one.payment.id, "transfer", moment))
        told = Report(Status.CAPTURED, 1000)
        database.write(lambda s: api.payments.take_report(s, made.id, told, moment))
        return one.payment.id

    old, later = paid("old", at(2020)), paid("refunded later", at(2020))
    new = paid("new", at(2021))
    database.write(lambda s: api.refunds.refund(s, later, 400, "k", "test", at(2021)))
    forget(database, at(2031, 1))
    with database.read() as session:
        assert [api.payments.find(session, one) is None for one in (old, later, new)] == [True, False, False]
    assert (count(database, "payments_attempt"), is_whole(database)) == (2, True)
    assert balance(database, "revenue:pool:7") == 2600
