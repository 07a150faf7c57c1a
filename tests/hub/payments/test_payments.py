"""Payments, wallets and refunds on SQLite and PostgreSQL."""

import pytest
from sqlalchemy import text

from hub.core.db import Database
from hub.payments import api
from hub.payments.api import Item, Order, RefusedError, State, WalletError
from hub.payments.gateway import Found, Notice, Started
from hub.payments.rules.payment import Report, Status
from tests.hub.account.desk import person, register
from tests.hub.payments.conftest import NOW, Ear, balance, is_whole
from tests.hub.payments.paper import text_of
from tests.hub.payments.test_ledger import together

ITEMS = (Item("Parken", 250, "parking", "19"), Item("Bad", 750, "pool", "7"))
ORDER = Order("bath 1", "person:1", "pool", "visit 9", "Bad und Parken", ITEMS)


def ask(database: Database, owner: str = "person:1", key: str = "k", items: tuple[Item, ...] = ITEMS) -> api.Listed:
    return database.write(
        lambda session: api.payments.request(
            session, key=key, owner=owner, purpose="pool", reference="visit 9", title="Bad", items=items, now=NOW
        )
    )


def attempt(database: Database, payment_id: str, method: str = "sandbox", ref: str = "pay_1") -> int:
    def work(session) -> int:
        made = api.payments.new_attempt(session, payment_id, method, NOW)
        if ref:
            api.payments.note_start(session, made.id, Started(ref, "http://localhost/x"))
        return made.id

    return database.write(work)


def report(database: Database, number: int, *told: object) -> api.Listed:
    return database.write(lambda session: api.payments.take_report(session, number, Report(*told), NOW))


def top_up(database: Database, owner: str, cents: int, ref: str) -> str:
    """A paid top-up."""
    one = database.write(lambda session: api.wallet.top_up(session, owner, cents, f"t {ref}", NOW))
    report(database, attempt(database, one.payment.id, ref=ref), Status.CAPTURED, cents)
    return one.payment.id


def test_a_payment_out_of_the_wallet_is_made_once_and_announced_once(database: Database, ear: Ear, fill) -> None:
    fill("person:1", 5000)
    found = together(32, lambda _: database.write(lambda session: api.wallet.pay(session, ORDER, NOW)))
    assert len({one.payment_id for one in found}) == 1
    assert sum(one.is_new for one in found) == 1
    assert ear.kinds() == ["Completed"]
    assert ear.heard[0] == api.PaymentCompleted(found[0].payment_id, "person:1", "pool", "visit 9", 1000, NOW)
    assert balance(database, "wallet:person:1") == 4000
    assert is_whole(database)


def test_many_orders_at_once_are_paid_or_refused_each_by_itself(database: Database, ear: Ear, fill) -> None:
    fill("person:1", 2500)
    orders = [
        ORDER,
        ORDER,
        Order("b", "person:2", "pool", "", "x", ITEMS),
        Order("c", *_rest(ORDER)),
        Order("d", *_rest(ORDER)),
    ]
    found = database.write(lambda session: api.wallet.pay_many(session, orders, NOW))
    assert found[0].payment_id == found[1].payment_id
    assert [getattr(one, "is_new", None) for one in found] == [True, False, None, True, None]
    assert [getattr(one, "reason", None) for one in found] == [None, None, "funds", None, "funds"]
    again = database.write(lambda session: api.wallet.pay_many(session, orders[:2], NOW))
    assert [(one.payment_id, one.is_new) for one in again] == [(found[0].payment_id, False)] * 2
    assert ear.kinds() == ["Completed", "Completed"]


def _rest(order: Order) -> tuple:
    return (order.owner, order.purpose, order.reference, order.title, order.items)


def test_asking_twice_with_one_key_gives_one_payment_and_another_amount_is_refused(database: Database) -> None:
    first = ask(database)
    assert ask(database).payment.id == first.payment.id
    with pytest.raises(RefusedError):
        ask(database, items=ITEMS[:1])
    with pytest.raises(ValueError, match="cannot be paid"):
        ask(database, key="other", items=(Item("x", 5, "pool", "21"),))
    with pytest.raises(ValueError, match="between"):
        ask(database, key="other", items=(Item("x", 0, "pool", "7"),))


def test_reports_of_webhook_poll_and_browser_at_once_complete_a_payment_once(database: Database, ear: Ear) -> None:
    one = ask(database)
    number = attempt(database, one.payment.id)
    together(24, lambda index: report(database, number, Status.CAPTURED if index % 3 else Status.PENDING, 1000))
    assert ear.kinds() == ["Completed"]
    assert balance(database, "provider:sandbox") == -1000
    assert balance(database, "revenue:pool:7") == 750
    assert is_whole(database)


def test_a_notice_counts_once_and_one_of_a_stranger_never(database: Database, ear: Ear) -> None:
    one = ask(database)
    number = attempt(database, one.payment.id, ref="")
    found = Found(Report(Status.CAPTURED, 1000))
    notice = Notice("evt_1", "pay_1", f"{one.payment.id}.{number}", found)  # before the answer to our own call

    def hear(which: Notice) -> int:
        return database.write(lambda session: api.payments.take_notice(session, "sandbox", which, NOW))

    assert [hear(notice) for _ in range(3)] == [number, 0, 0]
    for strange in (
        Notice("evt_2", "pay_9", f"{one.payment.id}.{number}", found),
        Notice("evt_3", "pay_9", "x", found),
    ):
        with pytest.raises(ValueError, match="not ours"):
            hear(strange)


def test_a_payment_paid_by_wallet_while_the_card_is_on_its_way_gives_the_second_money_to_the_wallet(
    database: Database, ear: Ear, fill
) -> None:
    fill("person:1", 1000)
    one = ask(database)
    number = attempt(database, one.payment.id)
    paid = [database.write(lambda session: api.wallet.pay_request(session, one.payment.id, NOW)) for _ in range(2)]
    assert {found.payment.state for found in paid} == {State.COMPLETED}
    report(database, number, Status.CAPTURED, 1000)
    assert ear.kinds() == ["Completed"]
    assert balance(database, "wallet:person:1") == 1000
    assert balance(database, "revenue:pool:7") == 750
    assert is_whole(database)


def test_an_attempt_that_failed_does_not_end_a_payment_while_another_one_waits(database: Database, ear: Ear) -> None:
    one = ask(database)
    first = attempt(database, one.payment.id)
    second = attempt(database, one.payment.id, ref="pay_2")
    assert report(database, first, Status.CANCELLED).payment.state == State.STARTED
    assert report(database, second, Status.FAILED).payment.state == State.FAILED
    assert report(database, first, Status.CAPTURED, 1000).payment.state == State.COMPLETED
    assert ear.kinds() == ["Failed", "Completed"]


def test_a_failed_payment_is_announced_and_completes_by_another_attempt(database: Database, ear: Ear) -> None:
    one = ask(database)
    report(database, attempt(database, one.payment.id), Status.FAILED)
    report(database, attempt(database, one.payment.id, ref="pay_2"), Status.CAPTURED, 1000)
    assert ear.kinds() == ["Failed", "Completed"]
    with pytest.raises(RefusedError):
        attempt(database, one.payment.id, ref="pay_3")


def test_a_wallet_payment_goes_back_to_the_wallet_in_parts_and_never_more(database: Database, ear: Ear, fill) -> None:
    fill("person:1", 1000)
    payment_id = database.write(lambda session: api.wallet.pay(session, ORDER, NOW)).payment_id

    def refund(cents: int, key: str) -> list[api.refunds.Refund]:
        return database.write(lambda session: api.refunds.refund(session, payment_id, cents, key, "P2", NOW))

    first = refund(400, "a")
    assert refund(400, "a") == first
    with pytest.raises(RefusedError):
        refund(401, "a")
    with pytest.raises(RefusedError):
        refund(601, "b")
    refund(600, "b")
    assert balance(database, "wallet:person:1") == 1000
    assert balance(database, "revenue:parking:19") == balance(database, "revenue:pool:7") == 0
    assert ear.kinds() == ["Completed", "Refunded", "Refunded"]
    assert is_whole(database)


def test_thirty_refunds_at_once_give_back_no_more_than_was_paid(database: Database, ear: Ear, fill) -> None:
    fill("person:1", 1000)
    payment_id = database.write(lambda session: api.wallet.pay(session, ORDER, NOW)).payment_id
    found = together(
        30,
        lambda index: database.write(
            lambda session: api.refunds.refund(session, payment_id, 300, f"k{index}", "test", NOW)
        ),
    )
    assert sum(isinstance(one, list) for one in found) == 3
    assert balance(database, "wallet:person:1") == 900
    assert is_whole(database)


def test_a_refund_to_a_provider_is_on_its_way_until_it_is_settled(database: Database, ear: Ear) -> None:
    one = ask(database)
    report(database, attempt(database, one.payment.id), Status.CAPTURED, 1000)
    asked = database.write(lambda session: api.refunds.refund(session, one.payment.id, 400, "a", "test", NOW))[0]
    assert (asked.state, balance(database, "refunds")) == ("asked", 400)
    for _ in range(2):
        database.write(lambda session: api.refunds.settle(session, asked.id, NOW, is_done=True))
    assert (balance(database, "refunds"), balance(database, "provider:sandbox")) == (0, -600)
    refused = database.write(lambda session: api.refunds.refund(session, one.payment.id, 600, "b", "test", NOW))[0]
    database.write(lambda session: api.refunds.settle(session, refused.id, NOW, is_done=False))
    assert balance(database, "refunds") == 0
    assert balance(database, "revenue:parking:19") + balance(database, "revenue:pool:7") == 600
    assert ear.kinds() == ["Completed", "Refunded"]
    assert is_whole(database)


def test_top_ups_have_limits_also_while_others_are_on_their_way(database: Database) -> None:
    for cents, reason in ((499, "amount"), (250_01, "too_much")):
        with pytest.raises(WalletError) as refused:
            database.write(lambda session, cents=cents: api.wallet.top_up(session, "person:1", cents, "x", NOW))
        assert refused.value.reason == reason
    one = database.write(lambda session: api.wallet.top_up(session, "person:1", 200_00, "a", NOW))
    attempt(database, one.payment.id)
    with pytest.raises(WalletError):
        database.write(lambda session: api.wallet.top_up(session, "person:1", 60_00, "b", NOW))


def test_top_ups_that_wait_for_their_payer_cannot_all_be_begun(database: Database, ear: Ear) -> None:
    asked = [
        database.write(lambda s, key=key: api.wallet.top_up(s, "person:1", 20_000, key, NOW)) for key in ("a", "b", "c")
    ]
    begin = lambda one: database.write(lambda s: api.payments.new_attempt(s, one.payment.id, "sandbox", NOW))  # noqa: E731
    found = together(3, lambda index: begin(asked[index]))
    assert sorted(getattr(one, "reason", "") for one in found) == ["", "too_much", "too_much"]
    begun = next(one for one in found if not isinstance(one, Exception))
    again = next(one for one in asked if one.payment.id == begun.payment_id)
    assert begin(again).id != begun.id, "a second try of the same one fits"


def test_the_balance_goes_back_to_the_top_ups_it_came_from_the_newest_first(database: Database, ear: Ear) -> None:
    top_up(database, "person:1", 2000, "r1")
    top_up(database, "person:1", 3000, "r2")
    database.write(lambda session: api.wallet.pay(session, ORDER, NOW))
    assert database.write(lambda session: api.wallet.pay_out(session, "person:1", "p", NOW)) == 4000
    assert balance(database, "wallet:person:1") == 0
    assert balance(database, "refunds") == 4000
    with pytest.raises(WalletError):
        database.write(lambda session: api.wallet.pay_out(session, "person:1", "p2", NOW))
    assert is_whole(database)


def test_a_top_up_that_the_bank_takes_back_is_owed_when_it_is_spent(database: Database, ear: Ear) -> None:
    one = database.write(lambda session: api.wallet.top_up(session, "person:1", 1500, "a", NOW))
    number = attempt(database, one.payment.id, method="debit", ref="")
    report(database, number, Status.CAPTURED, 1500)
    database.write(lambda session: api.wallet.pay(session, ORDER, NOW))
    report(database, number, Status.CAPTURED, 1500, 1500)
    assert balance(database, "wallet:person:1") == 0
    assert balance(database, "receivable:person:1") == -1000
    assert ear.heard[-1].reason == "returned"
    assert is_whole(database)


def test_a_receipt_tells_that_the_bank_took_the_money_back(database: Database, ear: Ear) -> None:
    one = ask(database)
    number = attempt(database, one.payment.id)
    paid, back = report(database, number, Status.CAPTURED, 1000), report(database, number, Status.CAPTURED, 1000, 1000)
    assert api.receipts.version(paid) != api.receipts.version(back)
    assert "zurückgeholt" not in text_of(api.receipts.write(paid, "de", ("Stadt",), demo=False))
    assert "Davon hat die Bank zurückgeholt: 10,00 €" in text_of(api.receipts.write(back, "de", ("Stadt",), demo=False))


def test_a_parent_gives_a_child_takes_back_and_sets_the_limit(database: Database, fill) -> None:
    fill("person:1", 5000)

    def do(work) -> object:
        return database.write(work)

    do(lambda session: api.wallet.give(session, "person:1", "child:5", 3000, "g", NOW))
    do(lambda session: api.wallet.give(session, "person:1", "child:5", 3000, "g", NOW))  # the same press twice
    do(lambda session: api.wallet.take_back(session, "child:5", "person:1", 500, "t", NOW))
    assert (balance(database, "wallet:child:5"), balance(database, "wallet:person:1")) == (2500, 2500)
    do(lambda session: api.wallet.set_day_limit(session, "child:5", 600))
    order = Order("ice", "child:5", "pool", "", "Eis", (Item("Eis", 601, "pool", "7"),))
    with pytest.raises(RefusedError) as refused:
        do(lambda session: api.wallet.pay(session, order, NOW))
    assert refused.value.reason == "day_limit"
    with pytest.raises(WalletError):
        do(lambda session: api.wallet.give(session, "child:5", "person:1", 5, "x", NOW))


def test_an_automatic_top_up_begins_once_when_the_wallet_runs_low(database: Database, ear: Ear, fill) -> None:
    fill("person:1", 2000)
    with pytest.raises(WalletError):
        database.write(lambda session: api.wallet.set_automatic(session, "person:1", 1500, 2000, NOW))

    def agree(session) -> None:
        api.wallet.keep_agreement(session, "person:1", "sandbox", "sealed", NOW)
        api.wallet.set_automatic(session, "person:1", 1500, 2000, NOW)

    database.write(agree)
    together(
        8,
        lambda index: database.write(
            lambda session: api.wallet.pay(
                session, Order(f"o{index}", "person:1", "pool", "", "x", (Item("x", 100, "pool", "7"),)), NOW
            )
        ),
    )
    with database.read() as session:
        begun = session.execute(text("SELECT id FROM payments_payment WHERE purpose = 'topup'")).scalars().all()
        number = session.execute(text("SELECT id FROM payments_attempt")).scalar_one()
    assert len(begun) == 1
    report(database, number, Status.FAILED)
    with database.read() as session:
        assert api.wallet.agreement(session, "person:1").automatic.failures == 1


def test_what_a_person_holds_can_be_exported_and_forgotten_but_bookings_stay(database: Database, fill) -> None:
    fill("person:1", 1000)
    database.write(lambda session: api.machines.add_card(session, "person:1", "Ladekarte", NOW))
    database.write(lambda session: api.wallet.pay(session, Order("k", "person:1", "pool", "", "x", ITEMS[:1]), NOW))
    with database.read() as session:
        data = api.personal.export(session, 1, NOW)
        until = api.personal.kept_until(session, 1, NOW)
    assert (data["balance_cents"], len(data["movements"]), len(data["payments"]), len(data["cards"])) == (750, 2, 1, 1)
    assert until > NOW + 10 * 365 * 86_400_000
    for _ in range(2):
        database.write(lambda session: api.personal.forget(session, 1, NOW))
    assert (balance(database, "wallet:person:1"), balance(database, "unclear")) == (0, 750)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM payments_payment WHERE owner = 'person:1'")).scalar() == 0
    assert is_whole(database)


def test_money_of_a_deleted_account_goes_back_to_the_card_it_came_from(database: Database, ear: Ear, fill) -> None:
    fill("person:1", 300)
    top_up(database, "person:1", 2000, "pay_1")
    database.write(lambda session: api.personal.forget(session, 1, NOW))
    assert (balance(database, "refunds"), balance(database, "unclear"), balance(database, "wallet:person:1")) == (
        2000,
        300,
        0,
    )
    with database.read() as session:
        number = session.execute(text("SELECT id FROM payments_refund")).scalar_one()
    database.write(lambda session: api.refunds.settle(session, number, NOW + 1, is_done=False))
    assert balance(database, "wallet:person:1") == 2000, "the card is gone"
    assert database.write(lambda session: api.personal.collect(session, NOW + 2)) == 1
    assert (balance(database, "unclear"), balance(database, "wallet:person:1")) == (2300, 0)
    assert is_whole(database)


def test_money_in_wallets_of_nobody_is_put_aside_and_nobody_elses(database: Database, fill) -> None:
    someone = person(database, register(database, "rosa@example.org"))
    for owner in (f"person:{someone.id}", "person:4711", "child:4", "organisation:9"):
        fill(owner, 100)
    assert database.write(lambda session: api.personal.collect(session, NOW)) == 3
    assert database.write(lambda session: api.personal.collect(session, NOW + 1)) == 0
    assert (balance(database, "unclear"), balance(database, f"wallet:person:{someone.id}")) == (300, 100)
    with database.read() as session:
        keys = [one.key for one in api.statement(session, "unclear")]
    assert keys == [f"nobody:wallet:{owner}:{NOW}" for owner in ("person:4711", "organisation:9", "child:4")]
