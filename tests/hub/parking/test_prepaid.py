"""Parking without an account: money first, whenever it comes; what came for nothing goes back by itself."""

import threading
from functools import partial

import pytest
from sqlalchemy import text

from hub.core import events
from hub.core.db import Database
from hub.parking.api import checks, prepaid, stays
from hub.parking.api.bills import RefusedError
from hub.parking.api.purse import WalletPurse, receipts
from hub.parking.messages.letters import beginning, on_card_failed
from hub.parking.rules.stays import BayNow
from hub.parking.store.stays import FreeRow
from hub.payments import api as payments
from hub.payments.gateway import Started
from hub.payments.rules.payment import Report, Status
from tests.hub.parking.test_stays import BAY, HOUR, MINUTE, NOW, look, order, tick

PURSE = WalletPurse({"thermarium": "19", "p1": "19"}, {"thermarium": "Thermarium", "p1": "P1"})
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def wired(database: Database):
    table = {payments.PaymentCompleted: (beginning(PURSE),), payments.PaymentFailed: (on_card_failed,)}
    events.wire(table)
    yield
    events.wire({})


def ask(database: Database, minutes: int = 60, now: int = NOW, **more) -> str:
    facts = {"holder": "", "person_id": None, "planned_end": now + minutes * MINUTE, **more}
    return database.write(lambda session: prepaid.order(session, PURSE, order(**facts), now))


def to_pay(database: Database, token: str) -> prepaid.Waiting:
    with database.read() as session:
        found = prepaid.waiting(session, token)
    assert found is not None
    return found


def try_card(database: Database, payment_id: str, now: int, name: str = "") -> int:
    """Somebody is at the provider's page."""
    tried = database.write(lambda s: payments.payments.new_attempt(s, payment_id, "sandbox", now))
    started = Started(f"ref{tried.id}{name}")
    database.write(lambda s: payments.payments.note_start(s, tried.id, started))
    return tried.id


def capture(database: Database, attempt: int, cents: int, now: int) -> None:
    report = Report(Status.CAPTURED, cents)
    database.write(lambda s: payments.payments.take_report(s, attempt, report, now))


def pay(database: Database, payment_id: str, now: int) -> None:
    with database.read() as session:
        cents = payments.payments.find(session, payment_id).payment.cents
    capture(database, try_card(database, payment_id, now), cents, now)


def refunded(database: Database) -> list[tuple[int, str]]:
    with database.read() as session:
        assert payments.check(session).is_whole
        rows = session.execute(text("SELECT cents, reason FROM payments_refund ORDER BY id"))
        return [(cents, reason) for cents, reason in rows]


def kind(database: Database, now: int, plate: str = "HN AB 123") -> tuple[str, str]:
    with database.read() as session:
        found = checks.check(session, "thermarium", plate, now)[1]
    return found.kind, found.detail


def prolong(database: Database, token: str, minutes: int, now: int) -> str:
    return database.write(lambda session: prepaid.prolong(session, PURSE, token, minutes, now))


def test_a_stay_begins_with_its_payment_and_has_a_receipt_with_its_derivation(database: Database) -> None:
    token = ask(database)
    assert (look(database, token, NOW).state, kind(database, NOW + MINUTE)) == ("awaiting", ("none", ""))
    waiting = to_pay(database, token)
    assert (waiting.cents, waiting.is_begun) == (100, False)
    pay(database, waiting.payment_id, NOW + MINUTE)
    found = look(database, token, NOW + 2 * MINUTE)
    assert (found.state, found.end, found.paid, found.is_prepaid) == ("running", NOW + HOUR, 100, True)
    assert kind(database, NOW + 2 * MINUTE) == ("paid", "")
    tick(database, PURSE, NOW + HOUR + MINUTE)
    found = look(database, token, NOW + 2 * HOUR)
    assert (found.state, found.ended_by, found.cents, found.lines[-1]) == ("ended", "plan", 100, "Summe 1,00\u00a0€")
    with database.read() as session:
        (one,) = receipts(session, token, found.payments)
    item = one.payment.items[0]
    assert (item.tax, item.why("de")[-1], item.why("en")[-1]) == ("19", "Summe 1,00\u00a0€", "Total €1.00")
    assert refunded(database) == []


def test_money_that_comes_late_still_begins_the_stay_from_the_moment_it_was_asked_for(database: Database) -> None:
    token = ask(database)
    attempt = try_card(database, to_pay(database, token).payment_id, NOW + MINUTE)
    assert to_pay(database, token).is_begun
    assert kind(database, NOW + 2 * MINUTE) == ("unpaid", "awaiting"), "a warden sees that money is on its way"
    database.write(lambda s: payments.payments.take_report(s, attempt, Report(Status.CANCELLED), NOW + 2 * MINUTE))
    assert look(database, token, NOW + 3 * MINUTE).state == "cancelled", "aborted: no stay is left"
    assert kind(database, NOW + 3 * MINUTE)[0] == "none"
    capture(database, attempt, 100, NOW + 40 * MINUTE)
    found = look(database, token, NOW + 41 * MINUTE)
    assert (found.state, found.started_at, found.end) == ("running", NOW, NOW + HOUR)


def test_money_that_comes_when_the_time_is_over_is_registered_all_the_same(database: Database) -> None:
    token = ask(database)
    attempt = try_card(database, to_pay(database, token).payment_id, NOW + MINUTE)
    capture(database, attempt, 100, NOW + 3 * HOUR)
    found = look(database, token, NOW + 3 * HOUR)
    assert (found.state, found.cents, found.ended_at) == ("ended", 100, NOW + HOUR)
    assert refunded(database) == []


def test_who_begins_to_pay_when_the_time_is_over_gets_everything_back(database: Database) -> None:
    token = ask(database)
    pay(database, to_pay(database, token).payment_id, NOW + 2 * HOUR)
    assert look(database, token, NOW + 2 * HOUR).state == "awaiting"
    assert refunded(database) == [(100, "of no use")]


def test_a_payment_that_comes_twice_goes_back_once(database: Database) -> None:
    token = ask(database)
    payment = to_pay(database, token).payment_id
    first, second = try_card(database, payment, NOW, "a"), try_card(database, payment, NOW, "b")
    for attempt in (first, second, second):
        capture(database, attempt, 100, NOW + MINUTE)
    assert look(database, token, NOW + MINUTE).state == "running"
    assert refunded(database) == [(100, "paid twice")]
    with database.read() as session:
        assert payments.balance(session, "unclear") == 0
        assert payments.payments.find(session, payment).payment.refunded == 0, "the stay itself is not refunded"


def test_more_time_costs_what_the_tariff_says_for_all_of_it(database: Database) -> None:
    token = ask(database)
    pay(database, to_pay(database, token).payment_id, NOW)
    more = prolong(database, token, 60, NOW + 50 * MINUTE)
    assert prolong(database, token, 60, NOW + 50 * MINUTE) == more, "pressed twice is one payment"
    assert look(database, token, NOW + 51 * MINUTE).end == NOW + HOUR, "not before it is paid"
    pay(database, more, NOW + 51 * MINUTE)
    found = look(database, token, NOW + 52 * MINUTE)
    assert (found.end, found.paid) == (NOW + 2 * HOUR, 200)
    with database.read() as session:
        lines = payments.payments.find(session, more).payment.items[0].lines
    assert lines[-1] == "davon schon bezahlt: 1,00\u00a0€"
    tick(database, PURSE, NOW + 3 * HOUR)
    assert (look(database, token, NOW + 3 * HOUR).cents, refunded(database)) == (200, [])


def test_two_who_prolong_at_once_pay_no_minute_twice(database: Database) -> None:
    token = ask(database)
    pay(database, to_pay(database, token).payment_id, NOW)
    asked: list[str] = []
    threads = [
        threading.Thread(target=lambda minutes=minutes: asked.append(prolong(database, token, minutes, NOW + MINUTE)))
        for minutes in (60, 60, 120, 120)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(asked)) == 2
    paying = [threading.Thread(target=partial(pay, database, one, NOW + 2 * MINUTE)) for one in set(asked)]
    for thread in paying:
        thread.start()
    for thread in paying:
        thread.join()
    found = look(database, token, NOW + 3 * MINUTE)
    assert (found.end, found.paid) == (NOW + 3 * HOUR, 300)
    assert sum(cents for cents, _ in refunded(database)) == 100, "the hour that both of them paid for"


@pytest.mark.parametrize("order_of_payment", [(60, 120), (120, 60)])
def test_whichever_is_paid_first_the_same_hour_is_paid_once(database: Database, order_of_payment) -> None:
    token = ask(database)
    pay(database, to_pay(database, token).payment_id, NOW)
    asked = {minutes: prolong(database, token, minutes, NOW + MINUTE) for minutes in order_of_payment}
    for minutes in order_of_payment:
        pay(database, asked[minutes], NOW + 2 * MINUTE)
    found = look(database, token, NOW + 3 * MINUTE)
    assert (found.end, found.paid, refunded(database)) == (NOW + 3 * HOUR, 300, [(100, "of no use")])


def test_more_time_that_is_paid_late_goes_on_with_a_stay_that_ended_meanwhile(database: Database) -> None:
    token = ask(database)
    pay(database, to_pay(database, token).payment_id, NOW)
    more = prolong(database, token, 60, NOW + 58 * MINUTE)
    attempt = try_card(database, more, NOW + 58 * MINUTE)
    tick(database, PURSE, NOW + 61 * MINUTE)
    assert look(database, token, NOW + 61 * MINUTE).state == "ended"
    capture(database, attempt, 100, NOW + 65 * MINUTE)
    found = look(database, token, NOW + 65 * MINUTE)
    assert (found.state, found.end) == ("running", NOW + 2 * HOUR)
    tick(database, PURSE, NOW + 121 * MINUTE)
    assert (look(database, token, NOW + 3 * HOUR).cents, refunded(database)) == (200, [])
    with database.read() as session:
        assert [row.minutes for row in session.query(FreeRow)] == [30], "free minutes are used once"


def test_unused_time_is_refunded_where_the_tariff_says_so_and_nowhere_else(database: Database) -> None:
    kept = ask(database, 240)
    pay(database, to_pay(database, kept).payment_id, NOW)
    with pytest.raises(RefusedError, match="prepaid"):
        database.write(lambda session: stays.stop(session, PURSE, kept, NOW + HOUR))
    assert not look(database, kept, NOW).may_stop
    other = {"site": "p1", "tariff": "rappsodie", "plate": "HN X 1", "bay": None}
    token = ask(database, 240, **other)
    pay(database, to_pay(database, token).payment_id, NOW)
    database.write(lambda session: stays.stop(session, PURSE, token, NOW + 90 * MINUTE))
    found = look(database, token, NOW + 2 * HOUR)
    assert (found.paid, found.cents, refunded(database)) == (200, 100, [(100, "unused parking time")])


def test_a_free_bay_ends_only_stays_of_which_the_rest_is_refunded(database: Database) -> None:
    token = ask(database, 240)
    pay(database, to_pay(database, token).payment_id, NOW)
    tick(database, PURSE, NOW + 2 * MINUTE, "occupied", NOW + MINUTE)
    tick(database, PURSE, NOW + HOUR, "free", NOW + 30 * MINUTE)
    assert look(database, token, NOW + HOUR).state == "running", "paid is paid: the car may come back"
    other = ask(database, 240, tariff="rappsodie", plate="HN X 1")
    pay(database, to_pay(database, other).payment_id, NOW)
    bays = {BAY: BayNow("occupied", NOW + MINUTE)}
    database.write(lambda session: stays.tick(session, PURSE, bays, NOW + 2 * MINUTE))
    bays = {BAY: BayNow("free", NOW + 30 * MINUTE)}
    for now in (NOW + 40 * MINUTE, NOW + 60 * MINUTE):
        database.write(lambda session, now=now: stays.tick(session, PURSE, bays, now))
    found = look(database, other, NOW + HOUR)
    assert (found.ended_by, found.cents, refunded(database)) == ("sensor", 50, [(150, "unused parking time")])


def test_what_costs_nothing_begins_without_a_payment(database: Database) -> None:
    token = ask(database, 30)
    found = look(database, token, NOW)
    assert (found.state, found.is_prepaid, found.paid) == ("running", True, 0)
    assert kind(database, NOW + MINUTE) == ("paid", "")
    with database.read() as session:
        assert prepaid.waiting(session, token) is None


def test_nobody_prolongs_a_paid_stay_without_paying(database: Database) -> None:
    token = ask(database, 30)
    with pytest.raises(RefusedError, match="prepaid"):
        database.write(lambda session: stays.extend(session, PURSE, token, NOW + 4 * HOUR, NOW + MINUTE))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"planned_end": None}, "end"),
        ({"plate": "?"}, "plate"),
        ({"tariff": "heilbronn-nord", "planned_end": NOW + 3 * HOUR}, "max_stay"),
        ({"tariff": "heilbronn-nord", "planned_end": NOW + 2 * HOUR + MINUTE}, "max_stay"),
    ],
)
def test_what_is_not_possible_is_told_before_anybody_pays(database: Database, more, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        ask(database, **more)


def test_what_nobody_paid_for_is_deleted_and_its_late_money_goes_back(database: Database) -> None:
    token = ask(database)
    attempt = try_card(database, to_pay(database, token).payment_id, NOW)
    assert database.write(lambda session: prepaid.tidy(session, NOW + 8 * DAY)) == 0
    assert database.write(lambda session: prepaid.tidy(session, NOW + 10 * DAY)) == 1
    with database.read() as session:
        assert stays.find(session, token, NOW + 10 * DAY) is None
    capture(database, attempt, 100, NOW + 11 * DAY)
    assert refunded(database) == [(100, "of no use")]
