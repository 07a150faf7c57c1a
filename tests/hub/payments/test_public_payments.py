"""The adapter to payment services of the public sector, against one that is a process and has faults of its own."""

from collections.abc import Iterator

import pytest

from hub.core import clock
from hub.payments.gateway import AwayError, DeclinedError, ForgedError, Order
from hub.payments.gateway.xbezahldienste import XBezahldienste
from hub.payments.rules.payment import Item, Status
from tests.hub.payments.public_payments import service

pytestmark = pytest.mark.process

ITEMS = (Item("Parken <am> See & Bad", 250, "parking", "19"), Item("Käthe's Bad", 333, "pool", "7"))


@pytest.fixture
def running() -> Iterator[tuple]:
    with service() as made:
        yield made


def order(key: str = "payment.1") -> Order:
    title = "Überweisung für „Parken & Bad“ im langen Namen"
    return Order(key, 583, title, ITEMS, "https://hub.example/zurueck", "https://hub.example/notice", "de")


def test_a_payment_is_begun_asked_for_and_paid_with_one_token(running) -> None:
    access, tell, asked = running
    adapter = XBezahldienste(access)
    started = adapter.start(order())
    assert started.url == "https://pay.example/x"
    assert adapter.status(started.ref).report.status == Status.PENDING
    tell(status="PAYED")
    found = adapter.status(started.ref).report
    assert (found.status, found.captured, found.currency) == (Status.CAPTURED, 583, "EUR")
    heard = asked()
    assert heard["tokens"] == 1
    assert heard["requests"][0]["grosAmount"] == 5.83


@pytest.mark.parametrize(("word", "status"), [("FAILED", Status.FAILED), ("CANCELED", Status.CANCELLED)])
def test_a_payment_that_came_to_nothing_gives_no_money(running, word: str, status: Status) -> None:
    access, tell, _ = running
    adapter = XBezahldienste(access)
    started = adapter.start(order())
    tell(status=word)
    assert (adapter.status(started.ref).report.status, adapter.status(started.ref).report.captured) == (status, 0)


def test_the_same_request_twice_is_refused_there_and_makes_no_second_payment(running) -> None:
    access, _, asked = running
    adapter = XBezahldienste(access)
    adapter.start(order())
    with pytest.raises(DeclinedError):
        adapter.start(order())
    assert len(asked()["requests"]) == 1


def test_a_service_that_is_away_or_talks_nonsense_is_asked_again_later(running) -> None:
    access, tell, _ = running
    adapter = XBezahldienste(access)
    started = adapter.start(order())
    for fault in ({"down": True}, {"nonsense": True}, {"status": "WHATEVER"}):
        tell(**fault)
        with pytest.raises(AwayError):
            adapter.status(started.ref)
    tell(status="PAYED")
    assert adapter.status(started.ref).report.captured == 583


def test_a_token_that_ran_out_or_was_forgotten_is_fetched_anew(running) -> None:
    access, tell, asked = running
    adapter = XBezahldienste(access)
    tell(expires_in=1)
    started = adapter.start(order())
    adapter.status(started.ref)
    assert asked()["tokens"] == 2
    tell(expires_in=300)
    adapter.status(started.ref)
    tell(forgets=True)
    assert adapter.status(started.ref).report.status == Status.PENDING
    assert asked()["tokens"] == 4


def test_what_the_interface_does_not_have_is_refused_and_not_sent(running) -> None:
    adapter = XBezahldienste(running[0])
    with pytest.raises(DeclinedError):
        adapter.refund("x", 5, "k")
    with pytest.raises(DeclinedError):
        adapter.charge("t", order())
    with pytest.raises(ForgedError):
        adapter.notice({}, b"", clock.now_ms())
    assert running[2]()["tokens"] == 0
