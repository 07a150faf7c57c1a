"""Season tickets and cards with entries; the pool gives the parking fee back."""

import json
from datetime import date

from hub.account import api as account
from hub.inbox import api as inbox
from hub.parking.api import stays
from hub.parking.api.purse import WalletPurse
from hub.parking.api.stays import Order
from hub.payments import api as payments
from hub.till import api
from tests.hub.account.desk import person, register
from tests.hub.payments.test_ledger import together
from tests.hub.till.conftest import MINUTE, NOW, Pool
from tests.hub.till.phones import Phone
from tests.hub.till.test_sales import counted, refused

SUMMER = NOW + 150 * 86_400_000  # 14 June 2027
P2 = "p2_rosentritt"


def enter(pool: Pool, key: str, code: str, now: int = SUMMER, ticket: int | None = None, count: int = 1):
    return pool.database.write(
        lambda s: api.tickets.redeem(s, pool.counter, code=code, key=key, ticket_id=ticket, count=count, now=now)
    )


def buy(pool: Pool, article: str, key: str = "k" * 16, now: int = NOW) -> str:
    facts = {"operation": "pool", "article": article, "owner": pool.owner, "person_id": pool.guest.id, "key": key}
    return pool.database.write(lambda s: api.tickets.buy(s, pool.counter.town, **facts, now=now))


def mine(pool: Pool, now: int = SUMMER) -> list:
    with pool.database.read() as session:
        return api.tickets.of_owner(session, pool.counter.town, pool.owner, now)


def test_a_card_with_ten_entries_lets_in_ten_times_and_no_more(pool: Pool) -> None:
    buy(pool, "ten-adult")
    for number in range(10):
        assert enter(pool, f"e{number}", pool.phone.code(SUMMER)).ticket.left == 9 - number
    assert mine(pool) == []
    assert refused(lambda: enter(pool, "more", pool.phone.code(SUMMER))) == "none"


def test_sixty_four_identical_entries_are_one(pool: Pool) -> None:
    buy(pool, "ten-adult")
    code = pool.phone.code(SUMMER)
    found = together(64, lambda _: enter(pool, "same", code))
    assert sum(one.is_new for one in found) == 1, found[:3]
    assert (mine(pool)[0].left, counted(pool.database, "till_redemption")) == (9, 1)


def test_an_entry_whose_answer_was_lost_is_the_same_an_hour_later(pool: Pool) -> None:
    buy(pool, "ten-adult")
    code = pool.phone.code(SUMMER)
    assert enter(pool, "same", code).is_new
    assert not enter(pool, "same", code, SUMMER + 3_600_000).is_new
    assert refused(lambda: enter(pool, "other", code, SUMMER + 3_600_000)) == "replay"


def test_the_last_entry_is_used_once_though_many_show_codes_of_their_own(pool: Pool) -> None:
    buy(pool, "ten-adult")
    enter(pool, "nine", pool.phone.code(SUMMER), count=9)
    codes = [pool.phone.code(SUMMER) for _ in range(16)]
    found = together(16, lambda index: enter(pool, f"k{index}", codes[index]))
    assert sum(not isinstance(one, Exception) for one in found) == 1
    assert counted(pool.database, "till_redemption") == 2


def test_a_purchase_is_one_though_its_form_is_sent_sixteen_times(pool: Pool) -> None:
    found = together(16, lambda _: buy(pool, "ten-adult"))
    assert len(set(found)) == 1
    assert (pool.balance(), len(mine(pool))) == (4_600, 1)
    assert refused(lambda: buy(pool, "adult", "z" * 16)) == "article"


def test_a_season_ticket_holds_in_its_season_once_a_day_for_its_owner_alone(pool: Pool) -> None:
    buy(pool, "season-adult")
    assert (mine(pool)[0].first, mine(pool)[0].last) == (date(2027, 5, 1), date(2027, 9, 15))
    assert refused(lambda: enter(pool, "winter", pool.phone.code(NOW), NOW)) == "not_yet"
    assert enter(pool, "a", pool.phone.code(SUMMER)).ticket.left is None
    later = SUMMER + 3_600_000
    assert refused(lambda: enter(pool, "b", pool.phone.code(later), later)) == "today"
    tomorrow = SUMMER + 86_400_000
    assert enter(pool, "c", pool.phone.code(tomorrow), tomorrow).is_new
    child = with_child(pool)
    assert refused(lambda: enter(pool, "d", pool.phone.code(tomorrow, f"/{child}"), tomorrow)) == "none"


def with_child(pool: Pool) -> str:
    number = pool.database.write(
        lambda s: account.families.add_child(s, pool.guest, "Mia", "Quelle", date(2020, 1, 1), NOW, date(2027, 1, 1))
    )
    return f"child:{number}"


def test_a_family_ticket_opens_for_the_children_and_the_other_parent(pool: Pool, fill) -> None:
    child = with_child(pool)
    fill(pool.owner, 10_001)
    pool.sell("f", lines=(("season-single", 1, None),), cents=13_000)
    assert enter(pool, "child", pool.phone.code(SUMMER, f"/{child}")).is_new
    stranger = person(pool.database, register(pool.database, "otto@example.org"))
    phone = Phone(pool.database, stranger, NOW)
    assert refused(lambda: enter(pool, "stranger", phone.code(SUMMER))) == "none"


def test_a_ten_entry_card_is_transferable_when_its_owner_is_there(pool: Pool) -> None:
    child = with_child(pool)
    buy(pool, "ten-adult")
    assert enter(pool, "with", pool.phone.code(SUMMER, f"/{child}"), count=3).ticket.left == 7


def test_a_ticket_of_a_cancelled_sale_opens_nothing_and_a_used_one_is_not_taken_back(pool: Pool) -> None:
    town, till = pool.counter.town, pool.counter.till
    cancel = lambda number: pool.database.write(  # noqa: E731
        lambda s: api.returns.cancel(s, town, till, number, NOW + 1)
    )
    pool.sell("1", lines=(("ten-child", 1, None),), cents=3_600)
    cancel("1")
    assert mine(pool) == []
    pool.sell("2", lines=(("ten-child", 1, None),), cents=3_600)
    enter(pool, "used", pool.phone.code(SUMMER))
    assert refused(lambda: cancel("2")) == "used_up"
    assert pool.balance() == 10_000 - 3_600


PURSE = WalletPurse({P2: "19"}, {P2: "P2"})


def park(pool: Pool, plate: str, start: int, end: int | None, site: str = P2) -> str:
    order = Order(site, "rappsodie", plate, pool.owner, pool.guest.id, "map")
    token = pool.database.write(lambda s: stays.start(s, PURSE, order, start))
    if end is not None:
        pool.database.write(lambda s: stays.stop(s, PURSE, token, end))
    return token


def pay_back(pool: Pool, now: int) -> list[int]:
    """What the worker does with its jobs, each also a second time."""
    with pool.database.read() as session:
        waiting = session.connection().exec_driver_sql("SELECT arguments FROM core_job").scalars().all()
    tokens = [json.loads(one)["stay"] for one in waiting if "stay" in json.loads(one)]
    paid = [pool.database.write(lambda s, one=one: api.parking.pay(s, one, now)) for one in tokens]
    assert [pool.database.write(lambda s, one=one: api.parking.pay(s, one, now)) for one in tokens] == [0] * len(tokens)
    return paid


def test_the_fee_of_a_finished_stay_goes_back_once_and_a_letter_tells(pool: Pool) -> None:
    park(pool, "HN-AB 12", NOW - 60 * MINUTE, NOW - 10 * MINUTE)
    before = pool.balance()
    sold = pool.sell("1")
    assert [(one.site, one.cents, one.is_new) for one in sold.parking] == [(P2, 50, True)]
    assert pay_back(pool, NOW) == [50]
    assert pool.balance() == before - 600 + 50
    assert pool.balance("revenue:parking:19") == 0
    assert [one.is_new for one in pool.sell("2").parking] == [False]
    assert pay_back(pool, NOW) == [0]
    with pool.database.read() as session:
        subjects = [one.subject for one in inbox.listed(session, pool.guest.id)]
        (refund,) = api.parking.of_owner(session, pool.owner)
    assert sum("Parkgebühr zurück" in one for one in subjects) == 1
    assert (refund.cents, refund.paid_at) == (50, NOW)
    assert pool.is_whole()


def cancel(pool: Pool, number: str, now: int = NOW + MINUTE) -> None:
    work = lambda s: api.returns.cancel(s, pool.counter.town, pool.counter.till, number, now)  # noqa: E731
    pool.database.write(work)


def test_an_entry_that_is_taken_back_gives_no_parking_fee_back(pool: Pool) -> None:
    token = park(pool, "HN-AB 12", NOW - 30 * MINUTE, None)
    pool.sell("1")
    cancel(pool, "1")
    pool.database.write(lambda s: stays.stop(s, PURSE, token, NOW + 20 * MINUTE))
    assert pay_back(pool, NOW + 91 * MINUTE) == []
    assert pool.balance("revenue:parking:19") == 50
    sold = pool.sell("2", now=NOW + 92 * MINUTE)
    assert [one.is_new for one in sold.parking] == [True], "who enters after all is a guest"
    assert pay_back(pool, NOW + 93 * MINUTE) == [50]
    assert pool.is_whole()


def test_a_parking_fee_that_went_back_is_due_again_when_the_entry_is_taken_back(pool: Pool) -> None:
    park(pool, "HN-AB 12", NOW - 60 * MINUTE, NOW - 10 * MINUTE)
    before = pool.balance()
    for number, now in (("1", NOW), ("2", NOW + 10 * MINUTE)):
        pool.sell(number, now=now)
        assert sum(pay_back(pool, now)) == 50
        for cents in (500, 100):  # in two parts: after the first one the guest is still a guest
            assert pool.balance("revenue:parking:19") == 0
            facts = (pool.counter.town, pool.counter.till, number, cents, f"{number}-{cents}", now + MINUTE)
            pool.database.write(lambda s, facts=facts: api.returns.refund(s, *facts))
        assert (pool.balance(), pool.balance("revenue:parking:19")) == (before, 50)
    with pool.database.read() as session:
        subjects = [one.subject for one in inbox.listed(session, pool.guest.id)]
    assert sum("wieder fällig" in one for one in subjects) == 2
    assert pool.is_whole()


def test_a_fee_that_an_empty_wallet_cannot_pay_again_waits_for_its_payer(pool: Pool) -> None:
    park(pool, "HN-AB 12", NOW - 60 * MINUTE, NOW - 10 * MINUTE)
    pool.sell("1", way="cash")
    assert pay_back(pool, NOW) == [50]
    rest = [payments.Line(f"wallet:{pool.owner}", "bank", pool.balance())]
    pool.database.write(lambda s: payments.transfer(s, "away", rest, NOW, "test"))
    cancel(pool, "1")
    with pool.database.read() as session:
        asked = payments.wallet.paid(session, pool.owner, 1)[0]
    assert (asked.payment.state, asked.payment.cents, asked.payment.items[0].tax) == ("open", 50, "19")
    assert pool.is_whole()


def test_another_entry_keeps_the_parking_fee_with_its_guest(pool: Pool) -> None:
    park(pool, "HN-AB 12", SUMMER - 60 * MINUTE, SUMMER - 10 * MINUTE)
    buy(pool, "ten-adult")
    pool.sell("1", now=SUMMER)
    pool.sell("2", now=SUMMER + MINUTE)
    assert pay_back(pool, SUMMER + MINUTE) == [50]
    cancel(pool, "1", SUMMER + 2 * MINUTE)
    assert pool.balance("revenue:parking:19") == 0
    enter(pool, "a", pool.phone.code(SUMMER))
    cancel(pool, "2", SUMMER + 3 * MINUTE)
    assert pool.balance("revenue:parking:19") == 0, "they entered with a card"


def test_who_enters_while_the_till_has_no_connection_is_a_guest_too(pool: Pool) -> None:
    token = park(pool, "HN-AB 12", NOW - 60 * MINUTE, None)
    offer = pool.alone.offer("1", NOW, code=pool.phone.code(NOW))
    pool.database.write(lambda s: stays.stop(s, PURSE, token, NOW - MINUTE))
    park(pool, "HN-AB 12", NOW + 60 * MINUTE, None)  # the next stay is none of this visit
    assert pool.accept(offer, clock=NOW + 90 * MINUTE, now=NOW + 90 * MINUTE).state == "paid"
    assert pay_back(pool, NOW + 90 * MINUTE) == [50]
    assert counted(pool.database, "till_parking_refund") == 1


def test_sixty_four_scans_give_one_refund(pool: Pool) -> None:
    park(pool, "HN-AB 12", NOW - 60 * MINUTE, NOW - 10 * MINUTE)
    guest = api.passes.Guest(pool.guest.id, pool.owner, "Rosa", NOW)
    found = together(64, lambda _: pool.database.write(lambda s: api.parking.grant(s, pool.counter, guest, NOW)))
    assert sum(one[0].is_new for one in found) == 1, found[:2]
    assert counted(pool.database, "core_job") >= 1
    with pool.database.read() as session:
        token = session.connection().exec_driver_sql("SELECT stay FROM till_parking_refund").scalar_one()
    paid = together(16, lambda _: pool.database.write(lambda s: api.parking.pay(s, token, NOW)))
    assert sorted(paid) == [0] * 15 + [50]
    assert pool.is_whole()


def test_a_stay_that_runs_is_paid_back_when_it_ends(pool: Pool) -> None:
    token = park(pool, "HN-AB 12", NOW - 30 * MINUTE, None)
    assert [one.cents for one in pool.sell("1").parking] == [None]
    assert pay_back(pool, NOW) == []
    before = pool.balance()
    pool.database.write(lambda s: stays.stop(s, PURSE, token, NOW + 20 * MINUTE))
    assert pay_back(pool, NOW + 91 * MINUTE) == [50]
    assert pool.balance() == before + 50, "they had been set aside"
    assert pool.balance("revenue:parking:19") == 0


def test_scan_and_end_at_the_same_time_lose_no_refund(pool: Pool) -> None:
    guest = api.passes.Guest(pool.guest.id, pool.owner, "Rosa", NOW)
    for number in range(4):
        token = park(pool, f"HN-AB {number + 1}", NOW - 30 * MINUTE, None)
        works = [
            lambda s, token=token: stays.stop(s, PURSE, token, NOW),
            lambda s: api.parking.grant(s, pool.counter, guest, NOW) and None,
        ]
        together(2, lambda index, works=works: pool.database.write(works[index]))
    assert sorted(pay_back(pool, NOW)) == [50] * 4


def test_other_car_parks_old_stays_and_other_tills_give_nothing_back(pool: Pool, fill) -> None:
    park(pool, "HN-AB 12", NOW - 60 * MINUTE, NOW - 10 * MINUTE, "thermarium")
    park(pool, "HN-AB 13", NOW - 16 * 60 * MINUTE, NOW - 13 * 60 * MINUTE)
    assert pool.sell("1").parking == ()
    park(pool, "HN-AB 14", NOW - 60 * MINUTE, NOW - 10 * MINUTE)
    assert pool.sell("2", lines=(("drink", 1, None),), cents=300).parking == (), "a drink makes no guest"
    assert pool.sell("3", code="", way="cash").parking == (), "without the pass nobody knows whose car it is"


def test_an_entry_with_a_ticket_makes_a_guest_too(pool: Pool) -> None:
    park(pool, "HN-AB 12", SUMMER - 60 * MINUTE, SUMMER - 10 * MINUTE)
    buy(pool, "ten-adult")
    assert [one.cents for one in enter(pool, "a", pool.phone.code(SUMMER)).parking] == [50]


def test_erasing_a_person_leaves_sums_without_a_name(pool: Pool) -> None:
    pool.sell("1")
    buy(pool, "ten-adult")
    enter(pool, "a", pool.phone.code(SUMMER))
    with pool.database.read() as session:
        found = api.personal.export(session, pool.guest.id, SUMMER)
    assert {name: len(rows) for name, rows in found.items()} == {
        "phones": 1,
        "tickets": 1,
        "purchases": 1,
        "parking_refunds": 0,
    }
    pool.database.write(lambda s: api.personal.forget(s, pool.guest.id, SUMMER))
    with pool.database.read() as session:
        again = api.personal.export(session, pool.guest.id, SUMMER)
    assert not any(again.values())
    assert counted(pool.database, "till_sale") == 1
    assert refused(lambda: pool.sell("2")) == "unknown"


def test_a_log_out_ends_the_phone_and_a_log_in_that_ran_out_does_not(pool: Pool) -> None:
    def tell(ran_out: bool) -> None:
        event = account.SessionsEnded(pool.guest.id, (pool.guest.session_id,), NOW + 1, ran_out=ran_out)
        pool.database.write(lambda s: api.passes.on_sessions_ended(s, event))

    tell(True)
    assert pool.sell("1").is_new
    tell(False)
    assert refused(lambda: pool.sell("2", code=pool.phone.code(NOW + 2_000), now=NOW + 2_000)) == "revoked"


def test_no_more_than_five_phones_and_no_key_twice(pool: Pool) -> None:
    for _ in range(6):
        Phone(pool.database, pool.guest, NOW + 5_000)
    with pool.database.read() as session:
        keys = {one.key for one in api.passes.devices(session, pool.guest.id)}
        known = api.passes.keys(session, pool.counter.signer, 0, 0)
    assert (len(keys), pool.phone.key in keys) == (5, False)
    assert {key for _, key, _ in known.devices} == keys
    assert pool.phone.key in known.ended
    enrol = lambda key: pool.database.write(  # noqa: E731
        lambda s: api.passes.enrol(s, pool.guest, key, "Handy", NOW)
    )
    for wrong in ("", "AAAA", pool.phone.signer.public_key, "x" * 87):
        assert refused(lambda wrong=wrong: enrol(wrong)) == "key"


def test_old_codes_and_phones_are_forgotten(pool: Pool) -> None:
    pool.sell("1")
    pool.database.write(lambda s: api.passes.end_device(s, pool.guest.id, pool.phone.key, NOW))
    assert pool.database.write(lambda s: api.passes.tidy(s, NOW + 31 * 86_400_000)) == 2
