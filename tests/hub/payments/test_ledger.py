"""The ledger on SQLite and PostgreSQL: booked once, never overdrawn, never changed, always zero together."""

import threading
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Booked, Desk, Line, RefusedError, Transfer
from tests.hub.payments.conftest import NOW, balance, is_whole

LINE = Line("wallet:person:1", "revenue:pool:7", 300)


def together(number: int, work: Callable[[int], object]) -> list[object]:
    """What `number` threads get that begin at once; an exception is a result."""
    gate, found = threading.Barrier(number), [None] * number

    def run(index: int) -> None:
        gate.wait()
        try:
            found[index] = work(index)
        except Exception as error:
            found[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return found


def transfer(database: Database, key: str, lines: Sequence[Line], what: str = "test") -> Booked:
    return database.write(lambda session: api.transfer(session, key, lines, NOW, what))


def test_money_moves_and_the_book_is_zero_together(database: Database, fill) -> None:
    fill("person:1", 1000)
    transfer(database, "a", [LINE, Line("wallet:person:1", "revenue:parking:19", 200)])
    assert balance(database, "wallet:person:1") == 500
    assert balance(database, "revenue:pool:7") == 300
    assert balance(database, "bank") == -1000
    assert is_whole(database)


def test_a_repeated_key_gives_the_first_result_and_another_content_is_refused(database: Database, fill) -> None:
    fill("person:1", 1000)
    first = transfer(database, "a", [LINE])
    again = transfer(database, "a", [LINE])
    assert (again.number, again.at, first.is_new, again.is_new) == (first.number, first.at, True, False)
    for lines, what in (([LINE._replace(cents=301)], "test"), ([LINE], "other")):
        with pytest.raises(RefusedError) as refused:
            transfer(database, "a", lines, what)
        assert refused.value.reason == "key"
    assert balance(database, "wallet:person:1") == 700


def test_a_wallet_never_falls_below_zero_and_a_refused_transfer_changes_nothing(database: Database, fill) -> None:
    fill("person:1", 299)
    with pytest.raises(RefusedError) as refused:
        transfer(database, "a", [Line("wallet:person:1", "revenue:parking:19", 100), LINE])
    assert (refused.value.reason, refused.value.about) == ("funds", "wallet:person:1")
    assert balance(database, "revenue:parking:19") == 0
    assert transfer(database, "a", [LINE._replace(cents=299)]).is_new  # a refused key is free
    assert is_whole(database)


@pytest.mark.parametrize(
    "line",
    [
        Line("wallet:person:1", "wallet:person:1", 5),
        LINE._replace(cents=0),
        LINE._replace(cents=-5),
        LINE._replace(cents=2.5),
        LINE._replace(cents=True),
        LINE._replace(cents=10**15),
        LINE._replace(target="Revenue"),
        LINE._replace(target="a; DROP TABLE payments_account"),
    ],
)
def test_nonsense_is_refused(database: Database, fill, line: Line) -> None:
    fill("person:1", 1000)
    with pytest.raises(RefusedError) as refused:
        transfer(database, "a", [line])
    assert refused.value.reason == "lines"
    assert balance(database, "wallet:person:1") == 1000


def test_the_database_itself_refuses_an_overdraft_and_any_change_of_what_is_booked(database: Database, fill) -> None:
    fill("person:1", 1000)
    transfer(database, "a", [LINE])
    for statement in (
        "UPDATE payments_account SET balance = -1 WHERE name = 'wallet:person:1'",
        "UPDATE payments_posting SET cents = 1",
        "DELETE FROM payments_posting",
        "UPDATE payments_transfer SET what = 'x'",
        "DELETE FROM payments_transfer",
        "REPLACE INTO payments_posting SELECT id, transfer_id, source_id, target_id, cents + 1 FROM payments_posting",
        "INSERT INTO payments_posting (transfer_id, source_id, target_id, cents) VALUES (1, 1, 1, 5)",
        "INSERT INTO payments_posting (transfer_id, source_id, target_id, cents) VALUES (1, 1, 2, -5)",
        "INSERT INTO payments_transfer (key, digest, what, at) VALUES ('a', '', '', 0)",
    ):
        with pytest.raises(DatabaseError):
            database.write(lambda session, statement=statement: session.execute(text(statement)) and None)
    assert is_whole(database)


def test_the_check_finds_a_balance_that_nobody_booked(database: Database, fill) -> None:
    fill("person:1", 1000)
    database.write(
        lambda session: session.execute(text("UPDATE payments_account SET balance = 999 WHERE name LIKE 'w%'")) and None
    )
    with database.read() as session:
        found = api.check(session)
    assert not found.is_whole
    assert (found.total, found.different) == (-1, ("wallet:person:1",))


def test_sixty_four_identical_transfers_at_once_are_booked_once(database: Database, fill) -> None:
    fill("person:1", 64 * 300)
    found = together(64, lambda _: transfer(database, "same", [LINE]))
    assert {one.number for one in found} == {found[0].number}
    assert sum(one.is_new for one in found) == 1
    assert balance(database, "wallet:person:1") == 63 * 300
    assert is_whole(database)


def test_a_wallet_is_not_overdrawn_by_many_at_once(database: Database, fill) -> None:
    fill("person:1", 1000)
    found = together(32, lambda index: transfer(database, f"k{index}", [LINE]))
    assert sum(isinstance(one, Booked) for one in found) == 3
    assert {one.reason for one in found if isinstance(one, RefusedError)} == {"funds"}
    assert balance(database, "wallet:person:1") == 100
    assert is_whole(database)


def test_money_that_goes_round_in_opposite_directions_never_waits_for_itself(database: Database, fill) -> None:
    for owner in ("person:1", "person:2", "person:3"):
        fill(owner, 10_000)

    def work(index: int) -> int:
        names = [f"wallet:person:{1 + (index + step) % 3}" for step in (0, 1)]
        for turn in range(10):
            source, target = names if (index + turn) % 2 else reversed(names)
            transfer(database, f"{index} {turn}", [Line(source, target, 1 + index)])
        return index

    found = together(12, work)
    assert found == list(range(12)), found
    assert is_whole(database)


def test_the_desk_gives_each_caller_their_own_answer(database: Database, fill) -> None:
    fill("person:1", 5 * 300)
    desk = Desk(database, lambda session, orders: api.book(session, orders, NOW))

    def put(index: int) -> Booked:
        if index == 0:  # the whole group is spoiled by it
            return desk.put(Transfer("bad", (Line("NO", "bank", 1),), ""))
        return desk.put(Transfer(f"k{index % 8}", (LINE,), "desk"))

    found = together(64, put)
    assert isinstance(found[0], RefusedError)
    assert found[0].reason == "lines"
    booked = [one for one in found if isinstance(one, Booked)]
    assert len({one.number for one in booked}) == 5
    assert sum(one.is_new for one in booked) == 5
    assert all(isinstance(one, RefusedError) and one.reason == "funds" for one in found[1:] if one not in booked)
    assert balance(database, "wallet:person:1") == 0
    assert is_whole(database)


def test_no_caller_of_the_desk_gets_the_answer_of_another_one(database: Database, fill) -> None:
    fill("person:1", 64 * 300)
    desk = Desk(database, lambda session, orders: api.book(session, orders, NOW))
    found = together(64, lambda index: desk.put(Transfer(f"own{index}", (LINE._replace(cents=5),), "desk")))
    with database.read() as session:
        keys = {row[0]: row[1] for row in session.execute(text("SELECT id, key FROM payments_transfer"))}
    assert [keys[one.number] for one in found] == [f"own{index}" for index in range(64)]


def test_a_statement_shows_the_newest_first_and_goes_on_from_there(database: Database, fill) -> None:
    fill("person:1", 10_000)
    for number in range(7):
        transfer(database, f"k{number}", [LINE._replace(cents=number + 1)], f"n{number}")
    with database.read() as session:
        first = api.statement(session, "wallet:person:1", 3)
        rest = api.statement(session, "wallet:person:1", 10, first[-1].number)
        nobody = api.statement(session, "wallet:person:99", 3)
    assert [one.what for one in first] == ["n6", "n5", "n4"]
    assert [one.cents for one in first] == [-7, -6, -5]
    assert [one.what for one in rest] == ["n3", "n2", "n1", "n0", "test"]
    assert rest[-1].cents == 10_000
    assert nobody == []


def test_a_day_limit_counts_payments_of_the_day_in_the_towns_time(database: Database, fill) -> None:
    fill("child:5", 5_000)

    def pay(key: str, cents: int, now: int) -> Booked:
        line = Line("wallet:child:5", "revenue:pool:7", cents)
        return database.write(lambda session: api.transfer(session, key, [line], now, "pool"))

    evening = 1_800_053_940_000  # 23:59 in Berlin
    pay("a", 900, evening)
    with pytest.raises(RefusedError) as refused:
        pay("b", 101, evening)
    assert refused.value.reason == "day_limit"
    assert pay("c", 1000, evening + 60_000).is_new  # after midnight
    back = Line("wallet:child:5", "wallet:person:1", 2000)
    database.write(lambda session: api.transfer(session, "d", [back], evening, "back"))  # is no payment
