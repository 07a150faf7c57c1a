"""Sales, money back, closings: each once, on both databases, also when sixty-four send the same at once."""

import itertools
import json

import pytest
from sqlalchemy import text

from hub.core.db import Database
from hub.payments import api as payments
from hub.till import api
from hub.till.api.passes import LOOK, take
from tests.hub.payments.test_ledger import together
from tests.hub.till.conftest import MINUTE, NOW, Pool
from tests.hub.till.phones import Phone


def refused(work) -> str:
    with pytest.raises(api.RefusedError) as found:
        work()
    return found.value.reason


def counted(database: Database, table: str) -> int:
    with database.read() as session:
        return session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_sale_by_pass_takes_the_money_once_and_has_a_receipt(pool: Pool) -> None:
    code = pool.phone.code(NOW)
    first, again = pool.sell(code=code), pool.sell(code=code)
    assert (first.is_new, again.is_new) == (True, False)
    assert first.sale == again.sale
    assert (first.sale.cents, first.sale.way, first.sale.state, first.sale.taxes) == (600, "wallet", "paid", {"7": 600})
    assert pool.balance() == 9_400
    assert pool.balance("revenue:pool:7") == 600
    with pool.database.read() as session:
        paid = payments.payments.find(session, first.sale.payment_id)
        assert api.sales.by_receipt(session, pool.counter.town, first.sale.receipt) == first.sale
    assert [one.text for one in paid.payment.items] == ["1 × Erwachsene"]
    assert pool.is_whole()


def test_sixty_four_identical_sales_at_once_are_one(pool: Pool) -> None:
    code = pool.phone.code(NOW)
    found = together(64, lambda _: pool.sell(code=code))
    assert sum(one.is_new for one in found) == 1, found[:3]
    assert len({one.sale.receipt for one in found}) == 1
    assert pool.balance() == 9_400
    assert (counted(pool.database, "till_sale"), counted(pool.database, "till_entry")) == (1, 1)


def test_a_code_pays_once_though_sixty_four_sales_show_it_at_once(pool: Pool) -> None:
    code = pool.phone.code(NOW)
    found = together(64, lambda index: pool.sell(str(index), code=code))
    sold = [one for one in found if not isinstance(one, Exception)]
    assert len(sold) == 1
    assert {one.reason for one in found if isinstance(one, Exception)} == {"replay"}
    assert pool.balance() == 9_400


def test_a_code_counts_at_one_till_alone(pool: Pool) -> None:
    code, town = pool.phone.code(NOW), pool.counter.town
    pool.database.write(lambda session: take(session, pool.counter, code, LOOK, "", NOW, NOW))
    pool.database.write(lambda session: take(session, pool.counter, code, LOOK, "", NOW + 1, NOW + 1))
    key = pool.database.write(lambda session: api.tills.add(session, town, "pool-2", "pool", "cli", NOW))
    with pool.database.read() as session:
        other = api.tills.Counter(api.tills.find(session, key), town, pool.counter.signer)
    work = lambda session: take(session, other, code, LOOK, "", NOW, NOW)  # noqa: E731
    assert refused(lambda: pool.database.write(work)) == "replay"
    assert pool.sell(code=code, now=NOW + 9 * MINUTE).is_new, "the till that saw it in time goes on with it"


@pytest.mark.parametrize(("late", "reason"), [(-61_001, "early"), (121_000, "expired"), (-60_000, ""), (119_000, "")])
def test_clocks_may_be_a_minute_wrong_and_no_more(pool: Pool, late: int, reason: str) -> None:
    code = pool.phone.code(NOW)
    if reason:
        assert refused(lambda: pool.sell(code=code, now=NOW + late)) == reason
    else:
        assert pool.sell(code=code, now=NOW + late).is_new


def test_forged_and_foreign_codes_open_nothing(pool: Pool) -> None:
    code = pool.phone.code(NOW)
    other = Phone(pool.database, pool.guest, NOW)
    other.key = pool.phone.key
    assert refused(lambda: pool.sell(code=other.code(NOW))) == "token"
    assert refused(lambda: pool.sell(code=pool.phone.code(NOW, "/child:99"))) == "unknown", "no child of theirs"
    other.key = "ab" * 8
    assert refused(lambda: pool.sell(code=other.code(NOW))) == "unknown"
    assert refused(lambda: pool.sell(code=code[:-1])) == "token"
    assert refused(lambda: pool.sell(code="")) == "pass"
    assert counted(pool.database, "till_scan") == 0


def test_the_hubs_own_code_serves_phones_without_scripts(pool: Pool) -> None:
    code = api.passes.printed(pool.counter.signer, pool.guest, NOW)
    assert refused(lambda: pool.sell(code=code, now=NOW + 181_000)) == "expired"
    assert pool.sell(code=code, now=NOW + 179_000).is_new
    forged = api.passes.printed(api.Signer.hub(b"x" * 32), pool.guest, NOW)
    assert refused(lambda: pool.sell("2", code=forged)) == "token"


def test_a_phone_that_was_taken_off_pays_no_more(pool: Pool) -> None:
    before = pool.phone.code(NOW)
    pool.database.write(lambda s: api.passes.end_device(s, pool.guest.id, pool.phone.key, NOW + 1))
    assert refused(lambda: pool.sell(code=pool.phone.code(NOW + 2_000), now=NOW + 2_000)) == "revoked"
    assert pool.sell(code=before, now=NOW + 2_000).is_new, "it was shown before"


def test_too_little_money_refuses_everything_and_the_same_code_pays_later(pool: Pool, fill) -> None:
    lines, code = (("season-adult", 1, None), ("adult", 1, None)), pool.phone.code(NOW)
    assert refused(lambda: pool.sell(code=code, lines=lines, cents=10_600)) == "funds"
    assert counted(pool.database, "till_ticket") == counted(pool.database, "till_scan") == 0
    fill(pool.owner, 1_000)
    assert pool.sell(code=code, lines=lines, cents=10_600).is_new


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cents": 599}, "price"),
        ({"lines": (("adult", 1, 1),)}, "price"),
        ({"lines": (("sauna", 1, None),)}, "article"),
        ({"lines": (("adult", 0, None),), "cents": 0}, "count"),
    ],
)
def test_a_sale_that_makes_no_sense_is_refused(pool: Pool, change: dict, reason: str) -> None:
    assert refused(lambda: pool.sell(**change)) == reason


def test_the_same_number_with_another_content_is_refused(pool: Pool) -> None:
    pool.sell(code="", way="cash")
    assert refused(lambda: pool.sell(code="", way="cash", cents=1_200, lines=(("adult", 2, None),))) == "key"


def test_cash_goes_into_the_drawer_and_what_is_free_is_written_down(pool: Pool) -> None:
    pool.sell("1", code="", way="cash")
    pool.sell("2", code="", way="cash", cents=0, lines=(("small-child", 1, None),))
    assert pool.balance("cash:pool-1") == -600
    assert counted(pool.database, "till_entry") == 2
    assert refused(lambda: pool.sell("3", code="", way="cash", cents=5_400, lines=(("ten-adult", 1, None),))) == "pass"


def test_a_sale_is_cancelled_once_and_the_money_is_where_it_was(pool: Pool) -> None:
    pool.sell("1")
    pool.sell("2", code="", way="cash")
    town, till = pool.counter.town, pool.counter.till
    for number in ("1", "2"):
        cancel = lambda session, number=number: api.returns.cancel(session, town, till, number, NOW + 1)  # noqa: E731
        found = together(8, lambda _, cancel=cancel: pool.database.write(cancel))
        assert {one.state for one in found} == {"cancelled"}
    assert (pool.balance(), pool.balance("cash:pool-1"), pool.balance("revenue:pool:7")) == (10_000, 0, 0)
    assert counted(pool.database, "till_entry") == 4
    assert pool.is_whole()


def test_a_part_goes_back_once_for_its_key_and_never_more_than_was_paid(pool: Pool) -> None:
    pool.sell(cents=1_000, lines=(("adult", 1, None), ("towel", 1, None)))
    town, till = pool.counter.town, pool.counter.till

    def back(cents: int, key: str):
        return pool.database.write(lambda s: api.returns.refund(s, town, till, "1", cents, key, NOW + 1))

    found = together(16, lambda _: back(300, "a"))
    assert {one.refunded for one in found} == {300}
    assert refused(lambda: back(301, "a")) == "key"
    assert refused(lambda: back(701, "b")) == "amount"
    assert back(700, "c").refunded == 1_000
    assert (pool.balance(), pool.balance("revenue:pool:7"), pool.balance("revenue:pool:19")) == (10_000, 0, 0)
    with pool.database.read() as session:
        totals, count = api.closings.open_totals(session, "pool-1")
    assert (totals.gross, count) == (0, 3)


def test_the_book_and_the_closings_let_nobody_change_them(pool: Pool) -> None:
    pool.sell()
    pool.database.write(lambda session: api.closings.close(session, pool.counter.till, "z", NOW) and None)
    for statement in ("UPDATE till_entry SET cents = 1", "DELETE FROM till_entry", "DELETE FROM till_closing"):
        with pytest.raises(Exception, match="append-only"):
            pool.database.write(lambda session, statement=statement: session.execute(text(statement)) and None)


def close(pool: Pool, key: str):
    return pool.database.write(lambda session: api.closings.close(session, pool.counter.till, key, NOW + 5))


def test_closings_are_numbered_without_gaps_and_each_line_is_in_one(pool: Pool) -> None:
    pool.sell("1")
    pool.sell("2", code="", way="cash", cents=700, lines=(("towel", 1, None), ("drink", 1, None)))
    first, is_new = close(pool, "a")
    assert (first.number, first.first, first.last, is_new) == (1, 1, 2, True)
    assert [(row.way, row.tax, row.gross, row.share) for row in first.totals.rows] == [
        ("cash", "19", 700, 112),
        ("wallet", "7", 600, 39),
    ]
    assert close(pool, "a") == (first, False)
    assert refused(lambda: close(pool, "b")) == "nothing"
    town, till = pool.counter.town, pool.counter.till
    assert refused(lambda: pool.database.write(lambda s: api.returns.cancel(s, town, till, "1", NOW + 6))) == "closed"
    pool.database.write(lambda s: api.returns.refund(s, town, till, "1", 600, "r", NOW + 6))
    second, _ = close(pool, "c")
    assert (second.number, second.first, second.last, second.totals.gross) == (2, 3, 3, -600)


def test_closings_at_the_same_time_make_one(pool: Pool) -> None:
    pool.sell()
    found = together(32, lambda index: close(pool, f"k{index}"))
    made = [one for one in found if not isinstance(one, Exception)]
    assert len(made) == 1, found[:3]
    assert {one.reason for one in found if isinstance(one, Exception)} == {"nothing"}
    assert counted(pool.database, "till_closing") == 1


def test_sales_and_closings_at_the_same_time_leave_no_line_out(pool: Pool) -> None:
    def work(index: int):
        return close(pool, f"k{index}") if index % 4 == 0 else pool.sell(f"n{index}", code="", way="cash")

    together(32, work)
    with pool.database.read() as session:
        open_lines = api.closings.open_totals(session, "pool-1")[1]
        closed = api.closings.listed(session, "pool-1")
    spans = sorted((one.first, one.last) for one in closed)
    assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(spans))
    assert [one.number for one in closed] == list(range(len(closed), 0, -1))
    assert sum(last - first + 1 for first, last in spans) + open_lines == 24
    assert sum(one.totals.gross for one in closed) + 600 * open_lines == 24 * 600


def test_who_may_stand_at_a_till(pool: Pool) -> None:
    till = pool.counter.till
    for scope, may in (("", True), ("pool", True), ("pool-1", True), ("library", False), ("pool-2", False)):
        assert api.tills.may_use(frozenset({("cashier", scope)}), till) == may
    assert not api.tills.may_use(frozenset({("clerk", "")}), till)


def test_a_key_is_shown_once_and_ends_with_the_till(pool: Pool) -> None:
    with pool.database.read() as session:
        stored = json.dumps([str(row) for row in session.execute(text("SELECT * FROM till_till"))])
    assert pool.key not in stored
    with pytest.raises(ValueError, match="already"):
        pool.database.write(lambda s: api.tills.add(s, pool.counter.town, "pool-1", "pool", "cli", NOW))
    for name, operation in (("Pool 1", "pool"), ("x", "circus")):
        with pytest.raises(ValueError, match=r"there is no operation|small letters"):
            pool.database.write(lambda s, n=name, o=operation: api.tills.add(s, pool.counter.town, n, o, "cli", NOW))
    pool.database.write(lambda s: api.tills.end(s, "pool-1", "cli", NOW + 1))
    assert pool.again().till.ended_at == NOW + 1
