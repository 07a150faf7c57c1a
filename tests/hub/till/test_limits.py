"""What tills may sell without a connection is judged by the hub, over all tills; what was sold is never lost."""

import pytest

from hub.core import audit
from hub.payments import api as payments
from hub.till import api
from hub.till.api.tills import Counter
from tests.hub.payments.test_ledger import together
from tests.hub.till.conftest import MINUTE, NOW, Pool
from tests.hub.till.phones import LonelyTill
from tests.hub.till.test_offers import claims

HOUR = 60 * MINUTE


def another(pool: Pool, name: str) -> tuple[str, LonelyTill]:
    """(key, what signs) of one more till."""
    alone, town = LonelyTill(), pool.counter.town
    key = pool.database.write(lambda s: api.tills.add(s, town, name, "pool", "cli", NOW))
    pool.database.write(lambda s: api.tills.set_public_key(s, api.tills.find(s, key), alone.signer.public_key))
    return key, alone


def accept(pool: Pool, key: str, offer, now: int = NOW + HOUR):
    def work(session):
        counter = Counter(api.tills.find(session, key), pool.counter.town, pool.counter.signer)
        return api.offers.accept(session, counter, *offer, now, now)

    return pool.database.write(work)


def offer(pool: Pool, alone: LonelyTill, number: str, at: int, count: int = 2, **facts):
    given = {"code": pool.phone.code(at), **facts}
    return alone.offer(number, at, lines=(("adult", count, 600),), **given)


def test_a_pass_has_one_limit_at_all_tills_together_also_when_they_come_back_at_once(pool: Pool) -> None:
    tills = [(pool.key, pool.alone), *(another(pool, f"pool-{number}") for number in range(2, 6))]
    sold = [(key, offer(pool, alone, "off-1", NOW + number)) for number, (key, alone) in enumerate(tills)]
    found = together(5, lambda number: accept(pool, *sold[number]))
    assert sorted((one.state, one.reason) for one in found) == [("open", "limit")] * 4 + [("paid", "")]
    assert (pool.balance(), len(claims(pool))) == (10_000 - 1_200, 4), "20.00 a day are all that a pass may do so"
    assert pool.is_whole()


def contact(pool: Pool, now: int) -> None:
    pool.database.write(lambda s: api.tills.seen(s, api.tills.find(s, pool.key), pool.counter.town, now))


def late(pool: Pool) -> list:
    with pool.database.read() as session:
        return api.sales.too_late(session, pool.counter.town, 0)


def test_what_was_sold_after_the_hours_that_a_till_may_be_alone_is_booked_marked_and_told(pool: Pool) -> None:
    contact(pool, NOW)
    now = NOW + 30 * HOUR
    contact(pool, now)
    in_time = accept(pool, pool.key, offer(pool, pool.alone, "off-1", NOW + 23 * HOUR, 1), now)
    after = accept(pool, pool.key, offer(pool, pool.alone, "off-2", NOW + 25 * HOUR, 1), now)
    cash = accept(pool, pool.key, offer(pool, pool.alone, "off-3", NOW + 26 * HOUR, 1, way="cash", code=""), now)
    assert [(one.state, one.reason) for one in (in_time, after, cash)] == [
        ("paid", ""), ("paid", "hours"), ("paid", "hours"),
    ]  # fmt: skip
    assert (pool.balance(), pool.balance("cash:pool-1")) == (10_000 - 1_200, -600)
    assert [one.number for one in late(pool)] == ["off-2", "off-3"]
    with pool.database.read() as session:
        told = [one.subject for one in audit.newest(session, 10) if one.action == "till.sold-too-late"]
        totals, lines = api.closings.open_totals(session, "pool-1")
    assert (told, totals.gross, lines) == (["till:pool-1"] * 2, 1_800, 3)
    again = accept(pool, pool.key, offer(pool, pool.alone, "off-2", NOW + 25 * HOUR, 1), now)
    assert (again.state, len(late(pool))) == ("known", 2)


def test_a_clock_that_was_set_back_does_not_hide_it_for_the_guests_phone_knows_the_time(pool: Pool) -> None:
    contact(pool, NOW)
    contact(pool, NOW + 30 * HOUR)
    sold = offer(pool, pool.alone, "off-1", NOW + 23 * HOUR, 1, code=pool.phone.code(NOW + 26 * HOUR))
    assert accept(pool, pool.key, sold, NOW + 30 * HOUR).reason in ("early", "hours")
    assert len(late(pool)) == 1


@pytest.mark.parametrize("pause", [1, 23])
def test_a_till_that_is_heard_of_in_time_may_go_on_for_weeks(pool: Pool, pause: int) -> None:
    for hour in range(0, 60, pause):
        contact(pool, NOW + hour * HOUR)
    now = NOW + 60 * HOUR
    contact(pool, now)
    assert accept(pool, pool.key, offer(pool, pool.alone, "off-1", NOW + 45 * HOUR, 1), now).reason == ""
    assert late(pool) == []


def test_a_refused_payment_keeps_its_mark_beside_the_claim(pool: Pool) -> None:
    line = payments.Line(f"wallet:{pool.owner}", "bank", 9_900)
    pool.database.write(lambda s: payments.transfer(s, "gone", [line], NOW, "test"))
    contact(pool, NOW)
    contact(pool, NOW + 30 * HOUR)
    answer = accept(pool, pool.key, offer(pool, pool.alone, "off-1", NOW + 25 * HOUR, 1), NOW + 30 * HOUR)
    assert (answer.state, answer.reason) == ("open", "funds")
    assert (len(claims(pool)), len(late(pool))) == (1, 1)
