"""A dead job becomes a task in the very transaction in which it dies; of two people who take it one gets it."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from hub import app
from hub.account.store import people
from hub.core import audit, events, jobs
from hub.core.db import Database, Session
from hub.operations import api
from hub.settings import Settings

NOW = 1_800_000_000_000
HOUR, DAY = 3_600_000, 86_400_000


def make_people(database: Database, count: int = 2) -> list[int]:
    def work(session: Session) -> list[int]:
        made = [
            people.add_person(session, name=f"admin{number}", handle=f"h{number}", created_at=NOW, seen_at=NOW).id
            for number in range(count)
        ]
        for number in made:
            people.add_role(session, number, "admin")
        return made

    return database.write(work)


def die(database: Database, kind: str = "mail", count: int = 1, now: int = NOW, reason: str = "away") -> list[int]:
    """Jobs that failed for good; their ids."""

    def work(session: Session) -> list[int]:
        added = [jobs.add(session, kind, {}, now=now) for _ in range(count)]
        assert None not in added
        dead: list[int] = []
        while found := jobs.claim(session, 50, now=now):
            for one in found:
                assert jobs.fail(session, one, reason, now=now, chance=0.0, final=True)
                dead.append(one.id)
        return dead

    return database.write(work)


def page(database: Database) -> api.TasksPage:
    with database.read() as session:
        return api.tasks_page(session)


def act(database: Database, work: Callable[..., int], task_id: int, person: int, *more: object, now: int = NOW) -> int:
    return database.write(lambda session: work(session, api.Chosen(task_id), person, *more, now))


def only_task(database: Database) -> api.TaskNow:
    (group,) = page(database).groups
    (task,) = group.tasks
    return task


def test_a_job_that_dies_is_a_task_and_one_that_will_be_tried_again_is_none(database: Database) -> None:
    def work(session: Session) -> None:
        jobs.add(session, "mail", {}, now=NOW, max_tries=2)
        (job,) = jobs.claim(session, 1, now=NOW)
        jobs.fail(session, job, "away", now=NOW, chance=0.0)

    database.write(work)
    assert page(database).waiting == 0
    (dead,) = die(database, now=NOW + DAY, reason="mail server away")[-1:]
    with database.read() as session:
        assert api.open_tasks(session) == (2, NOW + DAY)
    assert {task.job_id for group in page(database).groups for task in group.tasks} >= {dead}


def test_job_and_task_stand_or_fall_together(database: Database) -> None:
    def work(session: Session) -> None:
        jobs.add(session, "mail", {}, now=NOW)
        (job,) = jobs.claim(session, 1, now=NOW)
        jobs.fail(session, job, "away", now=NOW, chance=0.0, final=True)
        assert api.open_tasks(session)[0] == 1
        raise KeyError("no")

    with pytest.raises(KeyError):
        database.write(work)
    assert page(database).waiting == 0
    with database.read() as session:
        assert jobs.counts(session, NOW).dead == 0


def test_a_worker_that_comes_late_opens_no_task(database: Database) -> None:
    database.write(lambda session: jobs.add(session, "mail", {}, now=NOW))
    (job,) = database.write(lambda session: jobs.claim(session, 1, now=NOW, lease_ms=1000))
    late = NOW + 2000
    assert not database.write(lambda session: jobs.fail(session, job, "x", now=late, chance=0.0, final=True))
    assert page(database).waiting == 0


def test_a_job_whose_worker_ended_every_time_is_a_task_too(database: Database) -> None:
    database.write(lambda session: jobs.add(session, "mail", {}, now=NOW, max_tries=1))
    for round_ in range(3):
        database.write(lambda session, at=NOW + round_ * 10_000: jobs.claim(session, 1, now=at, lease_ms=1000))
    assert only_task(database).reason == "the worker ended in the middle of every try"


def test_a_retried_job_that_goes_well_closes_its_task(database: Database) -> None:
    (admin, _) = make_people(database)
    die(database)
    task = only_task(database)
    assert act(database, api.retry_tasks, task.id, admin, now=NOW + 5) == 1
    assert only_task(database).retried_at == NOW + 5
    (job,) = database.write(lambda session: jobs.claim(session, 1, now=NOW + 6))
    database.write(lambda session: jobs.complete(session, [job], now=NOW + 7))
    found = page(database)
    assert found.waiting == 0
    assert [(one.job_id, one.done_at, one.done_by, one.note) for one in found.done] == [(job.id, NOW + 7, None, "")]


def test_a_retried_job_that_dies_again_keeps_its_task_and_who_took_it(database: Database) -> None:
    (admin, _) = make_people(database)
    die(database, reason="first")
    task = only_task(database)
    act(database, api.take, task.id, admin)
    act(database, api.retry_tasks, task.id, admin)
    assert die(database, count=0, now=NOW + HOUR, reason="second") == [task.job_id]
    again = only_task(database)
    assert (again.id, again.reason, again.deaths, again.taken_by) == (task.id, "second", 2, admin)
    assert (again.since, again.retried_at) == (NOW + HOUR, None)


def test_a_solved_task_whose_job_dies_again_is_open_again(database: Database) -> None:
    (admin, _) = make_people(database)
    (job,) = die(database)
    act(database, api.finish, only_task(database).id, admin, "restarted")
    assert page(database).waiting == 0
    assert database.write(lambda session: api.retry(session, job, f"person:{admin}", NOW))
    die(database, count=0, now=NOW + HOUR)
    again = only_task(database)
    assert (again.done_at, again.done_by, again.note) == (None, None, "")


def test_of_many_who_take_a_task_at_once_exactly_one_gets_it(database: Database) -> None:
    admins = make_people(database, 8)
    die(database, count=5)
    tasks = [task for group in page(database).groups for task in group.tasks]
    for task in tasks:
        ready = threading.Barrier(len(admins))

        def take(person: int, task_id: int = task.id, ready: threading.Barrier = ready) -> int:
            ready.wait(10)
            return act(database, api.take, task_id, person)

        with ThreadPoolExecutor(len(admins)) as threads:
            got = list(threads.map(take, admins))
        assert sorted(got) == [0] * 7 + [1]
        holder = next(one.taken_by for group in page(database).groups for one in group.tasks if one.id == task.id)
        assert admins[got.index(1)] == holder
    with database.read() as session:
        entries = audit.newest(session, 100, wanted=audit.Wanted(action="tasks.taken"))
    assert len(entries) == len(tasks)


def test_two_deaths_at_once_leave_one_task(database: Database) -> None:
    """What the unique job id is for."""
    event = jobs.JobDied(7, "mail", "away", NOW)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(database.write, lambda session: api.job_died(session, event))
    assert only_task(database).deaths == 8


def test_a_colleagues_task_is_left_alone_until_it_is_freed(database: Database) -> None:
    (mine, other) = make_people(database)
    die(database)
    task = only_task(database)
    act(database, api.take, task.id, other)
    assert act(database, api.take, task.id, mine) == 0
    assert act(database, api.retry_tasks, task.id, mine) == 0
    assert act(database, api.finish, task.id, mine, "restarted") == 0
    assert act(database, api.give_back, task.id, mine) == 1
    assert act(database, api.give_back, task.id, mine) == 0
    assert act(database, api.finish, task.id, mine, "  restarted\n it ") == 1
    assert act(database, api.finish, task.id, mine, "again") == 0
    (done,) = page(database).done
    assert (done.note, done.solver) == ("restarted it", "admin0")


@pytest.mark.parametrize("note", ["", "  ", "x" * 501, "bell\a"])
def test_done_needs_a_note_of_how(database: Database, note: str) -> None:
    (admin, _) = make_people(database)
    die(database)
    with pytest.raises(ValueError, match="note"):
        act(database, api.finish, only_task(database).id, admin, note)
    assert page(database).waiting == 1


def test_a_button_for_a_kind_changes_all_that_colleagues_do_not_have_and_leaves_one_entry(database: Database) -> None:
    (mine, other) = make_people(database)
    die(database, "mail", 30, reason="away")
    die(database, "mail", 5, reason="refused", now=NOW + 1)
    die(database, "logout", 2)
    groups = {group.kind: group for group in page(database).groups}
    assert (groups["mail"].count, len(groups["mail"].tasks)) == (35, 20)
    assert list(groups["mail"].reasons) == [("away", 30), ("refused", 5)]
    act(database, api.take, groups["mail"].tasks[0].id, other)
    whole = api.Chosen(kind="mail")
    assert database.write(lambda session: api.take(session, whole, mine, NOW)) == 34
    assert database.write(lambda session: api.retry_tasks(session, whole, mine, NOW)) == 34
    assert database.write(lambda session: api.retry_tasks(session, whole, mine, NOW)) == 0, "they wait already"
    with database.read() as session:
        assert jobs.counts(session, NOW).waiting == 34
        assert jobs.counts(session, NOW).dead == 3
        (entry,) = audit.newest(session, 9, wanted=audit.Wanted(action="tasks.retried"))
    assert (entry.actor, entry.subject, json.loads(entry.details)) == (
        f"person:{mine}",
        "tasks",
        {"kind": "mail", "count": 34},
    )


def test_tasks_of_a_deleted_account_are_free_again(database: Database) -> None:
    (admin, _) = make_people(database)
    die(database, count=2)
    first, second = (task.id for group in page(database).groups for task in group.tasks)
    act(database, api.take, first, admin)
    act(database, api.finish, second, admin, "restarted")
    database.write(lambda session: session.execute(text(f"DELETE FROM account_person WHERE id = {admin}")) and None)
    found = page(database)
    assert found.groups[0].tasks[0].taken_by is None
    assert (found.done[0].note, found.done[0].done_by) == ("restarted", None)


def test_done_tasks_are_forgotten_after_90_days_and_open_ones_never(database: Database) -> None:
    (admin, _) = make_people(database)
    die(database, count=2)
    first = page(database).groups[0].tasks[0]
    act(database, api.finish, first.id, admin, "restarted")
    assert database.write(lambda session: api.tidy(session, NOW + 90 * DAY)) == 0
    assert database.write(lambda session: api.tidy(session, NOW + 90 * DAY + 1)) == 1
    assert (page(database).waiting, page(database).finished) == (1, 0)


@pytest.fixture
def alarmed(database: Database) -> Database:
    """The hub's wiring where alerts go to a mail address and a webhook."""
    channels = Settings(smtp_url="smtp://localhost:1", alert_mail="it@example.org", alert_webhook="http://localhost:1")
    events.wire(app.events_of(channels))
    return database


def notices(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.read() as session:
        rows = session.execute(text("SELECT channel, body FROM fleet_notice ORDER BY id")).all()
    return [(row[0], json.loads(row[1])) for row in rows]


def test_people_hear_of_the_first_dead_job_of_a_kind_within_an_hour_and_of_no_flood(alarmed: Database) -> None:
    (first, *_) = die(alarmed, count=200)
    told = notices(alarmed)
    assert [channel for channel, _ in told] == ["mail", "webhook"]
    assert told[0][1]["node"] == ""
    assert "„mail“" in str(told[0][1]["text"])
    assert "/admin/aufgaben" in str(told[0][1]["text"])
    die(alarmed, "logout")
    assert len(notices(alarmed)) == 4, "another kind"
    die(alarmed, now=NOW + HOUR - 1)
    assert len(notices(alarmed)) == 4
    die(alarmed, now=NOW + HOUR)
    assert len(notices(alarmed)) == 6
    assert first


def test_workers_whose_jobs_die_at_once_tell_it_once(alarmed: Database) -> None:
    def one(number: int) -> bool:
        event = jobs.JobDied(number, "mail", "away", NOW)
        return alarmed.write(lambda session: api.alarm(session, event, ["mail"], "http://localhost"))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(16))) == 1
    assert len(notices(alarmed)) == 1


def test_without_a_channel_nobody_is_told_and_the_task_is_there(database: Database) -> None:
    die(database)
    assert notices(database) == []
    assert page(database).waiting == 1
