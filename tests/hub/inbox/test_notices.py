"""Mails at once, once a day, or never; each message is told of once; security never waits."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import app
from hub.core import jobs
from hub.core.db import Database
from hub.inbox import api, rules
from hub.inbox.rules import MailNotice, Waiting
from tests.hub.account.desk import DAY, NOW
from tests.hub.inbox.ear import HOUSE, Ear, mails

EVENING = NOW + 10_000


def choose(database: Database, person: int, choice: str) -> None:
    database.write(lambda s: api.notices.choose(s, person, choice))


def write(database: Database, person: int, now: int = NOW, *, urgent: bool = False) -> int:
    letter = api.Letter("x", subject="y")
    return database.write(lambda s: api.begin(s, person, "kita", letter, now, urgent=urgent))


def digests(database: Database, slot: int = EVENING) -> int:
    return api.notices.send_digests(database, HOUSE, slot, slot + 5)


@pytest.mark.parametrize(
    ("choice", "urgent", "at_once"),
    [
        ("at_once", False, True),
        ("daily", False, False),
        ("never", False, False),
        ("daily", True, True),
        ("never", True, True),
    ],
)
def test_who_gets_a_mail_at_once(database: Database, rosa: int, choice: str, urgent: bool, at_once: bool) -> None:
    Ear()
    choose(database, rosa, choice)
    write(database, rosa, urgent=urgent)
    assert len(mails(database, NOW + 1)) == at_once


def test_the_digest_counts_what_is_new_and_says_nothing_else(database: Database, rosa: int, otto: int) -> None:
    Ear()
    choose(database, rosa, "daily")
    choose(database, otto, "daily")
    for turn in range(3):
        write(database, rosa, NOW + turn)
    write(database, otto)
    read = write(database, rosa, NOW + 5)
    database.write(lambda s: api.mark_read(s, rosa, read, NOW + 6))
    write(database, rosa, EVENING + 1)
    assert digests(database) == 2
    found = {one["to"]: one["subject"] for one in mails(database, EVENING + 9)}
    assert found == {
        "rosa@example.org": "3 neue Nachrichten in Ihrem Postfach",
        "otto@example.org": "1 neue Nachricht in Ihrem Postfach",
    }


def test_a_digest_is_sent_once_a_day_however_often_and_by_how_many_it_is_run(database: Database, rosa: int) -> None:
    Ear()
    choose(database, rosa, "daily")
    write(database, rosa)
    start, sent = threading.Barrier(6), []

    def run() -> None:
        start.wait()
        sent.append(digests(database))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(sent) == 1
    write(database, rosa, EVENING - 1)  # came into the table after the mail was written
    assert digests(database) == 0
    assert len(mails(database, EVENING + 9)) == 1
    assert digests(database, EVENING + DAY) == 1
    assert [one["subject"] for one in mails(database, EVENING + DAY + 9)] == ["1 neue Nachricht in Ihrem Postfach"]
    assert digests(database, EVENING + 2 * DAY) == 0


def test_what_a_mail_told_of_at_once_is_not_in_the_digest(database: Database, rosa: int) -> None:
    Ear()
    choose(database, rosa, "daily")
    write(database, rosa, urgent=True)
    assert digests(database) == 0


@pytest.mark.thorough
def test_hundreds_of_people_are_served_in_several_transactions(database: Database) -> None:
    from hub.account.api.keyring import new_handle
    from hub.account.store import people

    Ear()

    def fill(session) -> None:
        for number in range(230):
            row = people.add_person(session, name=f"p{number}@example.org", handle=new_handle(), created_at=NOW)
            api.notices.choose(session, row.id, "daily")
            api.begin(session, row.id, "kita", api.Letter("x", subject="y"), NOW)

    database.write(fill)
    assert digests(database) == 230
    assert digests(database) == 0


def test_an_unknown_choice_is_refused(database: Database, rosa: int) -> None:
    with pytest.raises(ValueError, match="hourly"):
        choose(database, rosa, "hourly")
    with database.read() as session:
        assert api.notices.choice(session, rosa) is MailNotice.AT_ONCE


def test_the_digest_is_planned_for_six_in_the_evening_in_germany() -> None:
    (schedule,) = [one for one in app.SCHEDULES if one.kind == api.notices.DIGEST_JOB]
    assert schedule.daily_at == "18:00"
    assert {one.kind for one in app.SCHEDULES} <= set(app.JOBS)
    assert isinstance(schedule, jobs.Schedule)


waiting = st.builds(Waiting, st.integers(1), st.integers(0, 9), st.sampled_from([0, 5]), st.sampled_from([0, 5]))


@given(st.sampled_from(MailNotice), st.lists(waiting), st.integers(0, 9))
def test_a_digest_is_about_the_unread_and_untold_of_people_who_want_one(
    choice: MailNotice, messages: list[Waiting], slot: int
) -> None:
    told = rules.digest(choice, messages, slot)
    for one in messages:
        is_due = choice is MailNotice.DAILY and not one.read_at and not one.noticed_at and one.created_at <= slot
        assert not is_due or one.id in told
    assert choice is MailNotice.DAILY or told == []
