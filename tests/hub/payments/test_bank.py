"""Bank transfers by their reference, direct debits by file: whole, partial, over, twice, taken back, dangerous."""

from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from hub.core.db import Database
from hub.payments import api
from hub.payments.api import State
from hub.payments.gateway import camt, epc
from hub.payments.gateway.debit import Creditor
from hub.settings import Settings
from hub.setup import money
from tests import ready
from tests.hub.payments.conftest import NOW, Ear, balance, is_whole
from tests.hub.payments.statements import IBAN, details, entry, statement
from tests.hub.payments.test_ledger import together
from tests.hub.payments.test_payments import ask, attempt

CREDITOR = Creditor("Stadt Bad Rappenau", IBAN, "INGDDEFF", "DE98ZZZ09999999999")


@pytest.fixture
def waiting(database: Database) -> tuple[str, str]:
    """(payment, reference) of a bank transfer over 10.00 that is expected."""
    one = ask(database)
    attempt(database, one.payment.id, method="transfer", ref="")
    with database.read() as session:
        return one.payment.id, api.payments.attempts(session, one.payment.id)[0].ref


def take(database: Database, content: bytes) -> list[str]:
    return [
        database.write(lambda session, one=one: api.bank.take(session, one, IBAN, NOW)) for one in camt.parse(content)
    ]


def state(database: Database, payment_id: str) -> State:
    with database.read() as session:
        return api.payments.find(session, payment_id).payment.state


def test_a_transfer_with_its_reference_completes_the_payment_and_the_same_file_changes_nothing(
    database: Database, ear: Ear, waiting: tuple[str, str]
) -> None:
    file = statement(entry("10.00", "B1", details(reference=waiting[1])))
    assert take(database, file) == ["matched"]
    assert take(database, file) == ["known"]
    assert state(database, waiting[0]) == State.COMPLETED
    assert (balance(database, "bank"), balance(database, "prepaid")) == (-1000, 0)
    assert ear.kinds() == ["Completed"]
    assert is_whole(database)


def test_a_reference_in_free_text_with_spaces_is_found(database: Database, waiting: tuple[str, str]) -> None:
    ref = waiting[1]
    text = f"Erika Muster Bad {ref[:4].lower()} {ref[4:8]} {ref[8:]} danke"
    assert take(database, statement(entry("10", "B1", details(text=text)))) == ["matched"]


def test_two_parts_complete_it_and_what_comes_again_is_the_payers(
    database: Database, ear: Ear, waiting: tuple[str, str]
) -> None:
    told = [details(reference=waiting[1])]
    assert take(database, statement(entry("4.00", "B1", *told))) == ["partial"]
    assert (state(database, waiting[0]), balance(database, "prepaid")) == (State.STARTED, 400)
    assert take(database, statement(entry("6.00", "B2", *told))) == ["matched"]
    assert take(database, statement(entry("10.00", "B3", *told))) == ["overpaid"]
    assert balance(database, "wallet:person:1") == 1000
    assert balance(database, "revenue:pool:7") == 750
    assert ear.kinds() == ["Completed"]
    assert is_whole(database)


def test_a_batch_is_taken_apart_and_pending_entries_wait(database: Database, waiting: tuple[str, str]) -> None:
    batch = entry(
        "15.00",
        "B1",
        details(reference=waiting[1], amount="10.00", ref="B1-1"),
        details(text="Spende", amount="5.00", ref="B1-2"),
    )
    assert take(database, statement(batch, entry("1.00", "B2", details(), status="PDNG"))) == ["matched", "unclear"]
    assert (balance(database, "unclear"), balance(database, "bank")) == (500, -1500)


def test_entries_without_the_banks_reference_are_told_apart_by_their_place(database: Database) -> None:
    same = entry("5.00", "", details(text="Spende"))
    file = statement(same, same)
    assert take(database, file) == ["unclear", "unclear"]
    assert take(database, file) == ["known", "known"]


def test_references_that_a_bank_repeats_or_does_not_have_hide_no_money(database: Database) -> None:
    batch = entry("15.00", "B1", details(amount="10.00", ref="B1"), details(amount="5.00", ref="B1"))
    bare = [entry("3.00", "NONREF", details()), entry("3.00", "NONREF", details(ref="NOTPROVIDED"))]
    file = statement(batch, *bare)
    assert take(database, file) == ["unclear"] * 4
    assert balance(database, "unclear") == 2100
    assert take(database, file) == ["known"] * 4


def test_money_without_its_reference_is_given_to_its_payment_once_by_somebody_who_knows(
    database: Database, ear: Ear, waiting: tuple[str, str]
) -> None:
    assert take(database, statement(entry("10.00", "B1", details(text="Bad, Familie Muster")))) == ["unclear"]
    with database.read() as session:
        (one,) = api.bank.unclear(session)
    assert (one.cents, one.text) == (1000, "Bad, Familie Muster")

    def assign(entry_id: str, ref: str) -> str:
        return database.write(lambda session: api.bank.assign(session, entry_id, ref, "cli", NOW))

    for entry_id, ref in (("x", waiting[1]), (one.id, "RF00"), (one.id, "")):
        with pytest.raises(ValueError):
            assign(entry_id, ref)
    found = together(8, lambda _: assign(one.id, waiting[1]))
    assert sorted(map(type, found), key=str) == [ValueError] * 7 + [str]
    assert (state(database, waiting[0]), ear.kinds()) == (State.COMPLETED, ["Completed"])
    assert (balance(database, "unclear"), balance(database, "bank")) == (0, -1000)
    assert is_whole(database)


def test_another_currency_and_money_that_leaves_are_not_booked(database: Database, waiting: tuple[str, str]) -> None:
    told = details(reference=waiting[1])
    assert take(database, statement(entry("10.00", "B1", told, currency="USD"))) == ["currency"]
    assert take(database, statement(entry("10.00", "B2", told, credit=False))) == ["ignored"]
    assert (state(database, waiting[0]), balance(database, "bank")) == (State.STARTED, 0)


def test_a_transfer_that_is_taken_back_reopens_the_payment_as_a_debt(
    database: Database, ear: Ear, waiting: tuple[str, str]
) -> None:
    told = [details(reference=waiting[1])]
    take(database, statement(entry("10.00", "B1", *told)))
    back = statement(entry("10.00", "B2", details(reference=waiting[1], reason="AC04"), credit=False))
    assert take(database, back) == ["returned"]
    assert (state(database, waiting[0]), balance(database, "receivable:person:1")) == (State.RETURNED, -1000)
    assert ear.kinds() == ["Completed", "Failed"]
    assert is_whole(database)


def test_the_statement_of_another_account_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="not of the town"):
        take(database, statement(entry("1", "B", details()), iban="DE89370400440532013000"))


def test_dangerous_and_strange_files_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}">]>'
    laughs = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    for content in (
        statement(entry("1", "B", details(text="&x;")), head=entity),
        statement(entry("1", "B", details(text="&c;")), head=laughs),
        statement(head='<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">'),
        statement(entry("1,00", "B", details())),
        statement(entry("-1.00", "B", details())),
        statement(entry("3", "B", details(), details())),
        b"<Document/>",
        b"no xml at all",
        b"",
    ):
        with pytest.raises(camt.UnreadableError) as refused:
            camt.parse(content)
        assert "geheim" not in str(refused.value)


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.xml"
    with file.open("wb") as out:
        out.truncate(camt.MAX_BYTES + 1)
    with pytest.raises(camt.UnreadableError, match="larger"):
        camt.read(file)


def test_the_picture_for_banking_apps_carries_the_reference() -> None:
    picture = epc.svg("Stadt Bad Rappenau", IBAN, "INGDDEFF", 1250, "RF2700021I3V9")
    assert picture.startswith("<svg")
    assert "style" not in picture


def test_a_debit_is_collected_once_first_as_frst_then_as_rcur_and_completes_by_the_statement(
    database: Database, ear: Ear
) -> None:
    today = date(2027, 1, 10)
    mandate = database.write(
        lambda session: api.debits.give(session, "person:1", "Erika Müster", "DE89370400440532013000", _seal, today)
    )

    def collect(key: str) -> tuple[str, str]:
        one = ask(database, key=key)
        made = database.write(
            lambda session: api.payments.new_attempt(session, one.payment.id, "debit", NOW, mandate_id=mandate.id)
        )
        return one.payment.id, made.ref

    first = collect("k1")
    file, count = _export(database)
    assert (count, _values(file, "SeqTp"), _values(file, "EndToEndId")) == (1, ["FRST"], [first[1]])
    assert _values(file, "IBAN") == [IBAN, "DE89370400440532013000"]
    assert _values(file, "MndtId") == [mandate.reference]
    assert _export(database) == (b"", 0)
    second = collect("k2")
    assert _values(_export(database)[0], "SeqTp") == ["RCUR"]
    batch = entry(
        "20.00",
        "B1",
        details(end_to_end=first[1], amount="10.00", ref="1"),
        details(end_to_end=second[1], amount="10.00", ref="2"),
    )
    assert take(database, statement(batch)) == ["matched", "matched"]
    back = entry("10.00", "B2", details(end_to_end=second[1], reason="MS03"), credit=False, reversal=True)
    assert take(database, statement(back)) == ["returned"]
    assert (state(database, first[0]), state(database, second[0])) == (State.COMPLETED, State.RETURNED)
    assert ear.kinds() == ["Completed", "Completed", "Failed"]
    assert is_whole(database)


def test_a_mandate_that_was_revoked_collects_nothing_and_its_payment_can_be_paid_by_another_one(
    database: Database, ear: Ear
) -> None:
    today, account = date(2027, 1, 10), "DE89370400440532013000"

    def give():
        return database.write(lambda session: api.debits.give(session, "person:1", "Erika", account, _seal, today))

    def begin(mandate_id: int):
        make = api.payments.new_attempt
        return database.write(lambda session: make(session, one.payment.id, "debit", NOW, mandate_id=mandate_id))

    one, mandate = ask(database), give()
    first = begin(mandate.id)
    assert begin(mandate.id) == first, "one that waits is given again"
    database.write(lambda session: api.debits.end(session, "person:2", mandate.id, NOW))
    assert begin(mandate.id) == first, "nobody ends the mandate of others"
    database.write(lambda session: api.debits.end(session, "person:1", mandate.id, NOW))
    assert _export(database) == (b"", 0)
    assert (state(database, one.payment.id), ear.kinds()) == (State.FAILED, ["Failed"])
    second = begin(give().id)
    assert second.ref != first.ref
    file, count = _export(database)
    assert (count, _values(file, "EndToEndId")) == (1, [second.ref])


def test_a_mandate_that_ended_is_forgotten_when_no_bank_asks_for_it_any_more(database: Database) -> None:
    give = lambda s: api.debits.give(s, "person:1", "Erika", "DE89370400440532013000", _seal, date(2027, 1, 10))  # noqa: E731
    ended, holds = database.write(give), database.write(give)
    database.write(lambda session: api.debits.end(session, "person:1", ended.id, NOW))
    later = NOW + api.debits.KEEP_DAYS * 86_400_000
    assert [database.write(lambda session, at=at: api.debits.tidy(session, at)) for at in (later, later + 1)] == [0, 1]
    with database.read() as session:
        assert [one.id for one in api.debits.of(session, "person:1")] == [holds.id]


def test_a_wrong_account_number_gives_no_mandate(database: Database) -> None:
    for holder, iban in (("Erika", "DE88370400440532013000"), ("", "DE89370400440532013000")):
        with pytest.raises(ValueError):
            database.write(
                lambda session, holder=holder, iban=iban: api.debits.give(
                    session, "person:1", holder, iban, _seal, date(2027, 1, 1)
                )
            )


def test_the_commands_check_the_ledger_and_take_a_statement_once(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, bank_iban=IBAN, bank_name="Stadt", sepa_creditor_id=CREDITOR.creditor_id)
    ready.migrate(settings)
    file = tmp_path / "statement.xml"
    file.write_bytes(statement(entry("5.00", "B1", details(text="Spende"))))
    assert money.import_statement(settings, file) == "1 entries, 1 unclear"
    assert money.import_statement(settings, file) == "1 entries, 1 known"
    (line,) = money.unclear_entries(settings).splitlines()
    assert line.endswith("2027-01-15  €5.00  Spende")
    with pytest.raises(ValueError):
        money.assign_entry(settings, line.split()[0], "RF00")
    assert money.check_payments(settings) == ("ledger whole: 1 transfers, 2 accounts, sum 0", True)
    assert money.export_debits(settings, tmp_path / "debits.xml", "2027-02-01") == "nothing to collect"


def _seal(text: str) -> str:
    return f"sealed {text}"


def _export(database: Database) -> tuple[bytes, int]:
    def unseal(text: str) -> str:
        return text.removeprefix("sealed ")

    return database.write(lambda session: api.debits.export(session, CREDITOR, unseal, date(2027, 2, 1), NOW))


def _values(file: bytes, name: str) -> list[str]:
    return [node.text for node in etree.fromstring(file).iter("{*}" + name)]
