"""A till without a connection: what it sold is taken in once, and never lost."""

import pytest

from hub.core.db import Database
from hub.inbox import api as inbox
from hub.payments import api as payments
from hub.till import api
from tests.hub.payments.test_ledger import together
from tests.hub.till.conftest import MINUTE, NOW, Pool
from tests.hub.till.phones import LonelyTill, Phone
from tests.hub.till.test_sales import counted, refused

HOUR = 60 * MINUTE


def claims(pool: Pool) -> list:
    with pool.database.read() as session:
        return api.sales.claims(session, pool.counter.town)


def test_an_offer_is_taken_in_once_though_it_is_sent_sixty_four_times(pool: Pool) -> None:
    offer = pool.alone.offer("off-1", NOW, code=pool.phone.code(NOW))
    found = together(64, lambda _: pool.accept(offer, now=NOW + HOUR, clock=NOW + HOUR))
    assert sorted(one.state for one in found) == ["known"] * 63 + ["paid"], found[:2]
    assert pool.balance() == 9_400
    assert counted(pool.database, "till_sale") == 1
    assert pool.is_whole()


def test_a_clock_that_is_an_hour_wrong_is_set_right(pool: Pool) -> None:
    wrong = NOW - HOUR
    offer = pool.alone.offer("off-1", wrong, code=pool.phone.code(NOW))
    answer = pool.accept(offer, clock=wrong + 5 * MINUTE, now=NOW + 5 * MINUTE)
    assert (answer.state, answer.sale.at) == ("paid", NOW)
    late = pool.alone.offer("off-2", NOW, code=pool.phone.code(NOW - HOUR))
    assert pool.accept(late, now=NOW + HOUR, clock=NOW + HOUR).reason == "expired"


def test_what_a_stolen_till_sold_before_it_was_blocked_counts_and_nothing_after(pool: Pool) -> None:
    before = pool.alone.offer("off-1", NOW, code=pool.phone.code(NOW))
    cash = pool.alone.offer("off-2", NOW, way="cash")
    pool.database.write(lambda s: api.tills.end(s, "pool-1", "cli", NOW + MINUTE))
    after = pool.alone.offer("off-3", NOW + 2 * MINUTE, code=pool.phone.code(NOW + 2 * MINUTE))
    set_back = pool.alone.offer("off-4", NOW, code=pool.phone.code(NOW + 3 * MINUTE))
    cash_after = pool.alone.offer("off-5", NOW + 2 * MINUTE, way="cash")
    when = {"now": NOW + HOUR, "clock": NOW + HOUR}
    states = [pool.accept(one, **when) for one in (before, cash, after, set_back, cash_after)]
    assert [one.state for one in states] == ["paid", "paid", "refused", "refused", "refused"]
    assert {one.reason for one in states[2:]} == {"revoked"}
    assert pool.balance() == 9_400


def test_an_offer_that_was_signed_by_another_till_or_changed_is_refused(pool: Pool) -> None:
    stranger = LonelyTill().offer("off-1", NOW, way="cash")
    assert pool.accept(stranger).reason == "signature"
    offer, content = pool.alone.offer("off-1", NOW, way="cash")
    changed = api.offers.Offer(offer.body.replace("600", "100"), offer.signature)
    assert pool.accept((changed, api.offers.read(changed.body))).reason == "signature"
    assert pool.accept((offer, content)).state == "paid"
    assert pool.accept(pool.alone.offer("off-2", NOW, way="cash", cents=1)).reason == "total"


def test_an_empty_wallet_leaves_a_claim_that_the_guest_pays_later(pool: Pool, fill) -> None:
    poor = Phone(pool.database, pool.guest, NOW)
    line = payments.Line(f"wallet:{pool.owner}", "bank", 9_900)
    pool.database.write(lambda s: payments.transfer(s, "gone", [line], NOW, "test"))
    answer = pool.accept(pool.alone.offer("off-1", NOW, code=poor.code(NOW)))
    assert (answer.state, answer.reason) == ("open", "funds")
    (claim,) = claims(pool)
    with pool.database.read() as session:
        assert api.sales.claims_of(session, pool.counter.town, pool.owner) == [claim]
        assert "Offener Betrag: 6,00" in inbox.listed(session, pool.guest.id)[0].subject
    fill(pool.owner, 5_000)
    pool.database.write(lambda s: payments.wallet.pay_request(s, claim.payment_id, NOW + 1))
    assert claims(pool) == []
    with pool.database.read() as session:
        totals, lines = api.closings.open_totals(session, "pool-1")
    assert (totals.of("open"), totals.of("wallet"), lines) == (0, 600, 3)
    assert pool.balance() == 4_500
    assert pool.is_whole()


def test_a_code_that_was_shown_to_somebody_else_costs_its_owner_nothing(pool: Pool) -> None:
    code = pool.phone.code(NOW)
    pool.sell(code=code)
    answer = pool.accept(pool.alone.offer("off-1", NOW, code=code), now=NOW + HOUR, clock=NOW + HOUR)
    assert (answer.state, answer.reason) == ("open", "replay")
    assert pool.balance() == 9_400
    (claim,) = claims(pool)
    assert (claim.owner, claim.payment_id) == ("", "")
    waive = lambda s: api.returns.waive(s, pool.counter.town, claim.receipt, "cli", NOW)  # noqa: E731
    pool.database.write(waive)
    assert claims(pool) == []
    assert refused(lambda: pool.database.write(waive)) == "state"


def test_a_code_whose_use_was_forgotten_charges_nobody_again(pool: Pool) -> None:
    code, later = pool.phone.code(NOW), NOW + 31 * 86_400_000
    assert pool.accept(pool.alone.offer("off-1", NOW, code=code)).state == "paid"
    pool.database.write(lambda s: api.passes.tidy(s, later))
    answer = pool.accept(pool.alone.offer("off-2", NOW, code=code), clock=later, now=later)
    assert (answer.state, answer.reason, pool.balance()) == ("open", "expired", 9_400)


def test_a_till_with_a_clock_beyond_all_bounds_sold_nothing_before_it_was_there(pool: Pool) -> None:
    answer = pool.accept(pool.alone.offer("off-1", 0, way="cash"), clock=2**53 - 1)
    assert (answer.state, answer.sale.at) == ("paid", NOW)


def test_beyond_the_limit_of_a_pass_the_guest_is_asked_instead_of_charged(pool: Pool) -> None:
    def offer(number: str, at: int):
        lines = (("adult", 2, 600),)
        return pool.accept(
            pool.alone.offer(number, at, code=pool.phone.code(at), lines=lines), now=NOW + HOUR, clock=NOW + HOUR
        )

    assert offer("off-1", NOW).state == "paid"
    assert (offer("off-2", NOW + MINUTE).reason, pool.balance()) == ("limit", 10_000 - 1_200)
    assert refused(lambda: pool.database.write(
        lambda s: api.returns.waive(s, pool.counter.town, claims(pool)[0].receipt, "cli", NOW)
    )) == "state"  # fmt: skip


def test_many_guests_at_once_while_their_tills_come_back(pool: Pool, database: Database) -> None:
    offers = [
        pool.alone.offer(f"off-{n}", NOW + n, code=pool.phone.code(NOW), lines=(("drink", 1, 300),)) for n in range(6)
    ]
    found = together(24, lambda index: pool.accept(offers[index % 6], now=NOW + HOUR, clock=NOW + HOUR))
    assert all(one.state in ("paid", "known") for one in found), found[:3]
    assert pool.balance() == 10_000 - 6 * 300
    assert counted(database, "till_sale") == 6


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"number": "1"}', '{"number":"1","at":-1,"way":"cash","code":"","lines":[["a",1,1]],"cents":1}'],
)
def test_what_is_no_offer_cannot_be_read(body: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, IndexError)):
        api.offers.read(body)
