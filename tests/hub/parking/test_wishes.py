"""Favourites; being told once when a car park fills up, and never on suspicion."""

import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from hub.core import events
from hub.core.db import Database
from hub.inbox import api as inbox
from hub.parking.api import SiteNow, wishes
from hub.parking.messages.letters import warning
from hub.parking.rules.watches import Counts, is_full_enough
from tests.hub.account.desk import register

HOUR, NOW = 3_600_000, 1_772_445_600_000
LAKE = SiteNow("lake", {}, 20, free=12, occupied=8, unknown=0, faulty=0, updated_at=NOW)
FULL = replace(LAKE, free=3, occupied=17)


@pytest.fixture
def heard():
    found: list[wishes.SiteFills] = []
    events.wire({wishes.SiteFills: (lambda _session, event: found.append(event),)})
    yield found
    events.wire({})


def wish(database: Database, person: int = 1, threshold: int = 5, hours: int = 2, site: SiteNow = LAKE) -> None:
    database.write(lambda session: wishes.watch(session, person, site, threshold, hours, NOW))


def look(database: Database, site: SiteNow, now: int) -> int:
    with database.read() as session:
        due = wishes.due(session, [site], now)
    return database.write(lambda session: wishes.answer(session, due, now))


def test_who_wished_for_it_hears_once(database: Database, heard) -> None:
    wish(database)
    assert look(database, LAKE, NOW) == 0
    assert look(database, FULL, NOW + HOUR) == 1
    assert look(database, FULL, NOW + HOUR + 1) == 0
    assert heard == [wishes.SiteFills(1, "lake", 3, NOW + HOUR)]


def test_a_wish_that_is_over_is_silent_and_forgotten(database: Database, heard) -> None:
    wish(database)
    assert look(database, FULL, NOW + 2 * HOUR) == 0
    assert database.write(lambda session: wishes.tidy(session, NOW + 2 * HOUR)) == 1
    assert heard == []


@pytest.mark.parametrize(
    "site",
    [
        replace(LAKE, free=3, occupied=10, unknown=7),  # seven bays that may be free
        replace(LAKE, free=0, occupied=0, unknown=20),  # no sensor speaks
        replace(LAKE, free=2, occupied=14, faulty=4),
    ],
)
def test_nothing_is_said_on_the_strength_of_bays_that_are_not_known(database: Database, heard, site: SiteNow) -> None:
    wish(database)
    assert look(database, site, NOW) == 0
    assert heard == []


def test_two_workers_at_once_tell_it_once(database: Database, heard) -> None:
    wish(database)
    with database.read() as session:
        due = wishes.due(session, [FULL], NOW)
    threads = [
        threading.Thread(target=database.write, args=(lambda session: wishes.answer(session, due, NOW),))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 1


def test_a_wish_that_was_changed_meanwhile_is_not_answered_by_the_old_one(database: Database, heard) -> None:
    wish(database)
    with database.read() as session:
        due = wishes.due(session, [FULL], NOW)
    wish(database, threshold=1)
    assert database.write(lambda session: wishes.answer(session, due, NOW)) == 0
    with database.read() as session:
        assert [one.threshold for one in wishes.watches(session, 1, NOW)] == [1]


def test_what_is_full_already_or_not_offered_is_refused(database: Database) -> None:
    for threshold, hours, reason in ((12, 2, "full"), (51, 2, "wrong"), (-1, 2, "wrong"), (5, 3, "wrong")):
        with pytest.raises(wishes.WishError, match=reason):
            wish(database, threshold=threshold, hours=hours)


def test_the_letter_names_the_car_park_and_the_mail_does_not(database: Database) -> None:
    house = inbox.House("Bad Rappenau", "https://pass.example")
    rosa = register(database, "rosa@example.org")
    events.wire({wishes.SiteFills: (warning(house, {"lake": "Am See"}),)})
    wish(database, rosa)
    assert look(database, FULL, NOW) == 1
    with database.read() as session:
        assert "Am See wird voll" in [one.subject for one in inbox.listed(session, rosa)]
        mails = [row[0] for row in session.execute(text("SELECT arguments FROM core_job"))]
    assert all("Am See" not in mail for mail in mails)
    events.wire({})


def test_favourites_are_kept_and_forgotten(database: Database) -> None:
    for _ in range(2):
        database.write(lambda session: wishes.like(session, 1, "lake", NOW))
    database.write(lambda session: wishes.like(session, 2, "hall", NOW))
    with database.read() as session:
        assert wishes.favourites(session, 1) == {"lake"}
    database.write(lambda session: wishes.unlike(session, 1, "lake"))
    with database.read() as session:
        assert wishes.favourites(session, 1) == frozenset()


@given(*(st.integers(0, 30) for _ in range(5)))
def test_a_notice_is_always_true(threshold: int, free: int, occupied: int, unknown: int, faulty: int) -> None:
    """However the silent bays stand: no more than the threshold are free."""
    if is_full_enough(threshold, Counts(free, occupied, unknown, faulty)):
        assert occupied
        assert free + unknown + faulty <= threshold
