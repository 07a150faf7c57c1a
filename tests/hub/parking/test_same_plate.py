"""Who starts a stay for a plate learns nothing about others who did; and no car pays twice for the same time."""

import threading

import pytest

from hub.core import events
from hub.core.db import Database
from hub.parking.api import checks, prepaid, stays
from hub.parking.api.bills import RefusedError
from hub.parking.messages.letters import beginning
from hub.payments import api as payments
from tests.hub.parking.test_prepaid import PURSE, ask, pay, refunded, to_pay
from tests.hub.parking.test_stays import HOUR, MINUTE, NOW, Purse, begin, look, order, tick


@pytest.fixture(autouse=True)
def wired(database: Database):
    events.wire({payments.PaymentCompleted: (beginning(PURSE),)})
    yield
    events.wire({})


def stop(database: Database, purse: object, token: str, now: int) -> None:
    database.write(lambda session: stays.stop(session, purse, token, now))


def paid(database: Database, now: int = NOW, minutes: int = 60, **more) -> str:
    """A stay that a card has paid."""
    token = ask(database, minutes, now, **more)
    pay(database, to_pay(database, token).payment_id, now)
    return token


def test_a_stranger_gets_the_same_answer_whether_the_car_is_there_or_not(database: Database) -> None:
    purse = Purse()
    mine = begin(database, purse)
    stranger = begin(database, purse, NOW + MINUTE, holder="person:2", person_id=2)
    nobody = begin(database, purse, NOW + MINUTE, holder="person:2", person_id=2, plate="HN ZZ 9")
    assert [look(database, one, NOW + HOUR).state for one in (mine, stranger, nobody)] == ["running"] * 3
    for token in (stranger, nobody):
        stop(database, purse, token, NOW + HOUR)
    assert purse.settled == {f"stay:{stranger}": 100, f"stay:{nobody}": 100}, "and the same price"
    with database.read() as session:
        assert checks.check(session, "thermarium", "HN AB 123", NOW + HOUR)[1].kind == "paid"


def test_a_card_is_asked_to_pay_for_whatever_plate(database: Database) -> None:
    begin(database, Purse())
    assert to_pay(database, ask(database, now=NOW + MINUTE)).cents == 100
    token = begin(database, Purse(), plate="HN XY 1", holder="person:2", person_id=2)
    database.write(lambda session: stays.correct_plate(session, token, "HN AB 123"))
    assert look(database, token, NOW).plate == "HNAB123"


def test_the_owner_who_starts_again_is_shown_the_stay_that_runs(database: Database) -> None:
    purse, found = Purse(), []
    begin(database, purse, holder="person:2", person_id=2)
    threads = [threading.Thread(target=lambda: found.append(begin(database, purse))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found))) == (8, 1)
    with pytest.raises(RefusedError, match="running"):
        begin(database, purse, site="p1")
    stop(database, purse, found[0], NOW + HOUR)
    assert begin(database, purse, NOW + 2 * HOUR) != found[0]


def test_the_owner_who_was_seen_by_a_camera_and_pays_by_card_too_pays_once(database: Database) -> None:
    purse = Purse()
    seen = begin(database, purse, source="camera", bay=None)
    paid(database, NOW + MINUTE, 120)
    stop(database, purse, seen, NOW + 90 * MINUTE)
    assert purse.settled == {f"stay:{seen}": 0}
    found = look(database, seen, NOW + 2 * HOUR)
    assert (found.cents, any("dasselbe Auto" in line for line in found.lines)) == (0, True)


def test_only_the_time_that_somebody_else_paid_is_free(database: Database) -> None:
    purse = Purse()
    mine = begin(database, purse)
    paid(database, NOW + 2 * HOUR, 60)
    stop(database, purse, mine, NOW + 5 * HOUR)
    assert 0 < purse.settled[f"stay:{mine}"] < 500


def test_two_cards_that_pay_for_the_same_car_pay_once_together(database: Database) -> None:
    first, second = paid(database), paid(database, minutes=120)
    assert [look(database, one, NOW + MINUTE).state for one in (first, second)] == ["running"] * 2
    assert refunded(database) == [], "nobody learns of the other by money that comes back at once"
    tick(database, PURSE, NOW + HOUR)
    tick(database, PURSE, NOW + 2 * HOUR)
    assert [cents for cents, _ in refunded(database)] == [100]
    assert look(database, first, NOW + 2 * HOUR).cents == 0


def test_four_cards_for_one_hour_make_that_hour_free_and_no_more(database: Database) -> None:
    purse = Purse()
    mine = begin(database, purse)
    for minute in range(4):
        paid(database, NOW + HOUR + minute * MINUTE, 60)
    stop(database, purse, mine, NOW + 5 * HOUR)
    assert purse.settled[f"stay:{mine}"] >= 200


def test_free_minutes_of_a_stay_that_still_runs_do_not_come_twice(database: Database) -> None:
    paid_nothing = {"minutes": 30}
    first = ask(database, now=NOW, **paid_nothing)
    assert look(database, first, NOW + MINUTE).state == "running"
    second = ask(database, now=NOW + 20 * MINUTE, **paid_nothing)
    assert to_pay(database, second).cents == 100


def test_two_accounts_that_pay_for_the_same_car_pay_each(database: Database) -> None:
    purse = Purse()
    first = begin(database, purse)
    second = begin(database, purse, holder="person:2", person_id=2)
    for token in (first, second):
        stop(database, purse, token, NOW + HOUR)
    assert set(purse.settled.values()) == {100}, "else the first would learn of the second"


def test_a_bay_that_was_wrong_goes_on_beside_another_stay(database: Database) -> None:
    purse = Purse()
    token = begin(database, purse)
    tick(database, purse, NOW + MINUTE, "occupied", NOW)
    tick(database, purse, NOW + HOUR, "free", NOW + 50 * MINUTE)
    begin(database, purse, NOW + HOUR, holder="person:2", person_id=2, bay=None)
    database.write(lambda session: stays.object_to_end(session, token, NOW + HOUR))
    assert look(database, token, NOW + HOUR).state == "running"


def test_a_stay_that_ended_holds_no_plate(database: Database) -> None:
    purse = Purse()
    begin(database, purse)
    for hour in range(3):
        token = begin(database, purse, NOW + hour * HOUR, holder="person:2", person_id=2)
        stop(database, purse, token, NOW + hour * HOUR + MINUTE)
    free = {"tariff": "thermarium", "planned_end": NOW + 20 * MINUTE, "holder": "", "person_id": None}
    one, two = (database.write(lambda s: prepaid.order(s, PURSE, order(plate="HN F 1", **free), NOW)) for _ in range(2))
    assert one != two, "what costs nothing begins at once, and tells nothing either"
