"""Money that nobody knows goes back to who paid it: asked once, sent once, booked once."""

from datetime import date

import pytest
from lxml import etree
from sqlalchemy import text

from hub.core.db import Database
from hub.core.sealing import Sealer
from hub.payments import api
from hub.payments.api import repayments
from hub.payments.gateway import camt
from tests.hub.payments.conftest import NOW, balance, is_whole
from tests.hub.payments.statements import IBAN, details, entry, statement
from tests.hub.payments.test_bank import CREDITOR, take
from tests.hub.payments.test_ledger import together

PAYER = ("Erika Muster", "DE89370400440532013000")


SEALER = Sealer(bytes(32), "test")


def unclear(database: Database, payer: tuple[str, str] | None = PAYER) -> str:
    """An entry over 10.00 that nobody knows."""
    (one,) = camt.parse(statement(entry("10.00", "B1", details(text="Bad", payer=payer))))
    database.write(lambda session: api.bank.take(session, one, IBAN, NOW, SEALER.seal))
    return one.id


def ask(database: Database, entry_id: str, **typed: str) -> int:
    facts = {"sealer": SEALER, "actor": "person:1", "now": NOW}
    return database.write(lambda session: repayments.ask(session, entry_id, **facts, **typed))


def export(database: Database) -> tuple[bytes, int]:
    on = date(2027, 2, 1)
    return database.write(lambda session: repayments.export(session, CREDITOR, SEALER.open, on, "person:1", NOW))


def values(file: bytes, name: str) -> list[str]:
    return [node.text for node in etree.fromstring(file).iter("{*}" + name)]


def went(reference: str, ref: str = "B2") -> bytes:
    return statement(entry("10.00", ref, details(end_to_end=reference), credit=False))


def outcome(database: Database, entry_id: str) -> tuple[str, str]:
    with database.read() as session:
        found = session.execute(text("SELECT outcome, payer FROM payments_bank_entry WHERE id = :id"), {"id": entry_id})
        return tuple(found.one())


def test_unclear_money_goes_back_to_the_account_that_it_came_from_and_every_step_is_booked_once(
    database: Database,
) -> None:
    entry_id = unclear(database)
    ask(database, entry_id, holder="Somebody Else", iban=IBAN)
    assert (balance(database, "unclear"), balance(database, "refunds")) == (0, 1000)
    file, count = export(database)
    assert (count, values(file, "InstdAmt"), values(file, "IBAN")) == (1, ["10.00"], [IBAN, PAYER[1]])
    assert values(file, "Nm")[-1] == PAYER[0]
    assert export(database) == (b"", 0)
    (reference,) = values(file, "EndToEndId")
    assert take(database, went(reference)) == ["repaid"]
    assert take(database, went(reference)) == ["known"]
    assert (balance(database, "bank"), balance(database, "refunds"), balance(database, "unclear")) == (0, 0, 0)
    assert outcome(database, entry_id) == ("repaid", ""), "who paid is forgotten"
    assert is_whole(database)


def test_eight_who_press_at_once_send_it_back_once_and_it_can_be_assigned_no_more(database: Database) -> None:
    entry_id = unclear(database)
    found = together(8, lambda _: ask(database, entry_id))
    assert sorted(map(type, found), key=str) == [ValueError] * 7 + [int]
    assert balance(database, "refunds") == 1000
    with pytest.raises(ValueError, match="no unclear entry"):
        database.write(lambda session: api.bank.assign(session, entry_id, "RF00", "cli", NOW))
    assert is_whole(database)


def test_two_exports_at_once_put_it_into_one_file(database: Database) -> None:
    ask(database, unclear(database))
    assert sorted(count for _file, count in together(4, lambda _: export(database))) == [0, 0, 0, 1]


def test_what_the_bank_refused_is_unclear_again_and_can_go_back_once_more(database: Database) -> None:
    entry_id = unclear(database)
    number = ask(database, entry_id)
    file, _count = export(database)

    def withdraw() -> None:
        database.write(lambda session: repayments.withdraw(session, number, "sent", "person:1", NOW))

    withdraw()
    with pytest.raises(ValueError):
        withdraw()
    assert (balance(database, "unclear"), balance(database, "refunds")) == (1000, 0)
    assert ask(database, entry_id) != number
    assert values(export(database)[0], "EndToEndId") != values(file, "EndToEndId")
    assert is_whole(database)


def test_a_transfer_that_left_although_it_was_withdrawn_is_booked_as_what_it_is(database: Database) -> None:
    entry_id = unclear(database)
    number = ask(database, entry_id)
    (reference,) = values(export(database)[0], "EndToEndId")
    database.write(lambda session: repayments.withdraw(session, number, "sent", "person:1", NOW))
    assert take(database, went(reference)) == ["repaid"]
    assert (balance(database, "unclear"), balance(database, "bank")) == (0, 0)
    assert outcome(database, entry_id)[0] == "repaid"


def test_what_was_begun_anew_does_not_leave_when_the_first_one_had_left_all_the_same(database: Database) -> None:
    entry_id = unclear(database)
    number = ask(database, entry_id)
    (reference,) = values(export(database)[0], "EndToEndId")
    with pytest.raises(ValueError):  # the page was older than the file
        database.write(lambda session: repayments.withdraw(session, number, "asked", "person:1", NOW))
    database.write(lambda session: repayments.withdraw(session, number, "sent", "person:1", NOW))
    ask(database, entry_id)
    assert take(database, went(reference)) == ["repaid"]
    assert export(database) == (b"", 0)
    assert (balance(database, "unclear"), balance(database, "refunds"), balance(database, "bank")) == (0, 0, 0)
    assert is_whole(database)


def test_a_transfer_that_comes_back_is_unclear_again(database: Database) -> None:
    entry_id = unclear(database)
    ask(database, entry_id)
    (reference,) = values(export(database)[0], "EndToEndId")
    take(database, went(reference))
    back = statement(entry("10.00", "B3", details(end_to_end=reference, reason="AC04")))
    assert take(database, back) == ["returned"]
    assert (balance(database, "unclear"), balance(database, "bank")) == (1000, -1000)
    assert outcome(database, entry_id)[0] == "unclear"
    assert is_whole(database)


def test_an_account_is_typed_where_the_bank_named_none_and_must_be_right(database: Database) -> None:
    entry_id = unclear(database, payer=None)
    for typed in ({}, {"holder": "Erika"}, {"holder": "Erika", "iban": "DE00"}, {"holder": " ", "iban": PAYER[1]}):
        with pytest.raises(repayments.NoAccountError):
            ask(database, entry_id, **typed)
    ask(database, entry_id, holder="Erika", iban="DE89 3704 0044 0532 0130 00")
    assert values(export(database)[0], "IBAN") == [IBAN, PAYER[1]]


def test_names_and_accounts_are_forgotten_after_fourteen_months(database: Database) -> None:
    ask(database, unclear(database))
    (reference,) = values(export(database)[0], "EndToEndId")
    take(database, went(reference))
    late = NOW + repayments.KEEP_DAYS * 86_400_000
    assert [database.write(lambda s, at=at: repayments.tidy(s, at)) for at in (late, late + 1, late + 2)] == [0, 1, 0]
