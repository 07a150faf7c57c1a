"""The queue's verbs on SQLite and PostgreSQL: leases, tokens, unique keys, effects."""

import threading
from functools import partial

import pytest

from hub.core import jobs
from hub.core.db import Database, Session
from hub.core.jobs.rules import FIRST_PAUSE_MS, JobError
from tests.hub.core.jobs import work
from tests.hub.core.jobs.work import add_many, claim, effects, leave, settle, states


def test_a_job_is_added_with_the_callers_transaction_or_not_at_all(database: Database) -> None:
    def fails(session: Session) -> None:
        jobs.add(session, "mark", {}, now=0)
        raise RuntimeError("broken on purpose")

    with pytest.raises(RuntimeError):
        database.write(fails)
    assert states(database) == {}


def test_a_claim_takes_due_jobs_oldest_first_and_at_most_fifty(database: Database) -> None:
    ids = add_many(database, 60)
    later = database.write(lambda session: jobs.add(session, "mark", {"a": "ä"}, now=0, run_at=5_000))
    assert [one.id for one in claim(database, 10, limit=1_000, lease_ms=60_000)] == ids[:50]
    assert [one.id for one in claim(database, 10, lease_ms=60_000)] == ids[50:]
    assert claim(database, 10) == []
    assert [(one.id, one.arguments) for one in claim(database, 5_000)] == [(later, {"a": "ä"})]


def test_two_claims_never_share_a_job(database: Database, another: Database) -> None:
    add_many(database, 400)
    found: list[int] = []

    def take(mine: Database) -> None:
        while batch := claim(mine, 10, limit=7, lease_ms=60_000):
            found.extend(one.id for one in batch)

    threads = [threading.Thread(target=take, args=(mine,)) for mine in (database, another) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 400


def test_an_effect_and_the_completion_are_one(database: Database) -> None:
    (job_id,) = add_many(database, 1)
    (job,) = claim(database, 10)
    assert settle(database, 20, jobs.Outcome(job, leave(job.id))) == jobs.Settled(done=1)
    assert settle(database, 20, jobs.Outcome(job, leave(job.id))) == jobs.Settled(refused=1)
    assert effects(database) == [job_id]
    assert states(database) == {"done": 1}


def test_a_late_result_is_refused_once_another_has_taken_the_job(database: Database) -> None:
    add_many(database, 1)
    (late,) = claim(database, 10, lease_ms=1_000)
    (second,) = claim(database, 1_010, lease_ms=1_000)
    assert (second.id, second.tries, second.lost) == (late.id, 2, 1)
    assert settle(database, 1_020, jobs.Outcome(late, leave(late.id))) == jobs.Settled(refused=1)
    assert settle(database, 1_020, jobs.Outcome(late, error=JobError("late"))) == jobs.Settled(refused=1)
    assert database.write(lambda session: jobs.extend(session, [late], now=1_020)) == set()
    assert database.write(lambda session: jobs.give_back(session, [late], now=1_020)) == set()
    assert effects(database) == []
    assert settle(database, 1_030, jobs.Outcome(second, leave(second.id))) == jobs.Settled(done=1)


def test_a_result_after_the_end_of_the_lease_is_refused_though_nobody_took_the_job(database: Database) -> None:
    add_many(database, 1)
    (job,) = claim(database, 10, lease_ms=1_000)
    assert settle(database, 1_010, jobs.Outcome(job, leave(job.id))) == jobs.Settled(refused=1)
    assert effects(database) == []
    assert states(database) == {"running": 1}


def test_a_heartbeat_keeps_the_lease(database: Database) -> None:
    add_many(database, 1)
    (job,) = claim(database, 10, lease_ms=1_000)
    assert database.write(lambda session: jobs.extend(session, [job], now=900, lease_ms=1_000)) == {job.id}
    assert claim(database, 1_500) == []
    assert settle(database, 1_899, jobs.Outcome(job)) == jobs.Settled(done=1)


def test_a_raising_effect_fails_its_job_alone_and_leaves_nothing_behind(database: Database) -> None:
    ids = add_many(database, 3)
    first, second, third = claim(database, 10)

    def breaks(session: Session) -> None:
        leave(second.id)(session)
        session.connection().exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    outcomes = (
        jobs.Outcome(first, leave(first.id)),
        jobs.Outcome(second, breaks),
        jobs.Outcome(third, leave(third.id)),
    )
    assert settle(database, 20, *outcomes) == jobs.Settled(done=2, failed=1)
    assert effects(database) == [ids[0], ids[2]]
    assert states(database) == {"waiting": 1, "done": 2}


def test_a_failed_job_waits_longer_each_time_and_then_is_dead_until_a_person_retries_it(database: Database) -> None:
    database.write(lambda session: jobs.add(session, "mark", {}, now=0, max_tries=2))
    (job,) = claim(database, 10)
    settle(database, 20, jobs.Outcome(job, error=JobError("mail server is away")))
    assert claim(database, 20 + FIRST_PAUSE_MS // 2 - 1) == []
    (job,) = claim(database, 20 + FIRST_PAUSE_MS // 2)
    settle(database, 6_000, jobs.Outcome(job, error=JobError("mail server is away")))
    assert claim(database, 10**12) == []
    with database.read() as session:
        (dead,) = jobs.listed(session, jobs.DEAD, limit=50)
    assert (dead.tries, dead.last_error, dead.finished_at) == (2, "mail server is away", 6_000)
    assert database.write(lambda session: jobs.retry(session, (dead.id,), now=7_000)) == {dead.id: dead.kind}
    assert database.write(lambda session: jobs.retry(session, (dead.id,), now=7_000)) == {}
    assert [one.tries for one in claim(database, 7_000)] == [1]


def test_a_final_error_ends_a_job_at_once(database: Database) -> None:
    add_many(database, 1)
    (job,) = claim(database, 10)
    settle(database, 20, jobs.Outcome(job, error=JobError("no such address", final=True)))
    assert states(database) == {"dead": 1}


def test_a_job_given_back_has_lost_no_try(database: Database) -> None:
    add_many(database, 1)
    job = claim(database, 10)
    database.write(lambda session: jobs.give_back(session, job, now=20))
    assert [(one.tries, one.lost) for one in claim(database, 20)] == [(1, 0)]


def test_a_job_that_kills_its_worker_takes_no_other_with_it_and_ends_dead(database: Database) -> None:
    ids = add_many(database, 4)
    now, runs = 0, dict.fromkeys(ids, 0)
    killer = ids[1]
    for _ in range(40):
        now += 2_000
        for job in claim(database, now, lease_ms=1_000):
            runs[job.id] += 1
            if job.id == killer:
                break  # and nobody says how the rest went
            if runs[killer]:
                settle(database, now, jobs.Outcome(job))
    assert states(database) == {"dead": 1, "done": 3}
    assert runs[killer] == 8
    with database.read() as session:
        assert jobs.listed(session, jobs.DEAD, limit=1)[0].last_error.startswith("the worker ended")


def test_of_many_threads_with_one_unique_key_one_adds_the_job(database: Database, another: Database) -> None:
    added: list[int | None] = []
    ready = threading.Barrier(12)

    def race(mine: Database) -> None:
        ready.wait()
        added.append(mine.write(lambda session: jobs.add(session, "mark", {}, now=0, unique_key="bill-7")))

    threads = [threading.Thread(target=race, args=(mine,)) for mine in (database, another) * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == 12
    assert len([one for one in added if one is not None]) == 1
    assert states(database) == {"waiting": 1}


def test_a_unique_key_is_taken_until_the_finished_job_is_tidied_away(database: Database) -> None:
    def add(session: Session) -> int | None:
        return jobs.add(session, "mark", {}, now=0, unique_key="bill-7")

    first = database.write(add)
    settle(database, 10, *(jobs.Outcome(job) for job in claim(database, 5)))
    assert database.write(add) is None
    assert database.write(lambda session: jobs.tidy(session, done_before=11, dead_before=0)) == 1
    second = database.write(add)
    assert second is not None
    assert second > (first or 0), "an id never comes back"


def test_work_on_a_paused_kind_waits(database: Database) -> None:
    add_many(database, 2, "mail")
    (other,) = add_many(database, 1, "mark")
    database.write(lambda session: jobs.pause(session, "mail", now=5))
    database.write(lambda session: jobs.pause(session, "mail", now=6))
    with database.read() as session:
        assert jobs.paused(session) == {"mail": 5}
        assert jobs.kinds(session) == ["mail", "mark"]
    assert [one.id for one in claim(database, 10)] == [other]
    with database.read() as session:
        assert not jobs.has_due(session, 10)
    database.write(lambda session: jobs.resume(session, "mail"))
    assert len(claim(database, 10)) == 2


def test_tidying_takes_small_batches_and_keeps_what_is_young_or_dead(database: Database) -> None:
    add_many(database, 520)
    while batch := claim(database, 5):
        settle(database, 10, *(jobs.Outcome(job) for job in batch))
    add_many(database, 1)
    (job,) = claim(database, 15)
    settle(database, 20, jobs.Outcome(job, error=JobError("no", final=True)))
    counts = [database.write(lambda session: jobs.tidy(session, done_before=15, dead_before=15)) for _ in range(3)]
    assert counts == [500, 20, 0]
    assert states(database) == {"dead": 1}


def test_pages_of_jobs_come_in_a_useful_order(database: Database) -> None:
    ids = add_many(database, 5)
    settle(database, 10, *(jobs.Outcome(job) for job in claim(database, 5, limit=2)))
    with database.read() as session:
        assert [one.id for one in jobs.listed(session, jobs.WAITING, limit=2, offset=1)] == ids[3:5]
        assert [one.id for one in jobs.listed(session, jobs.DONE, limit=9)] == [ids[1], ids[0]]
        assert jobs.counts(session, 500) == jobs.Counts(3, 0, 0, 2, 500)


def test_a_slot_is_planned_once_though_many_look(database: Database, another: Database) -> None:
    hourly = jobs.Schedule("hourly", "mark", {"what": "sums"}, every_s=3600)
    hour = 3_600_000
    assert database.write(lambda session: jobs.plan(session, hourly, 5 * hour + 1)) is None, "begins with the next"
    ready, planned = threading.Barrier(8), []

    def look(mine: Database) -> None:
        ready.wait()
        with mine.read() as session:
            due = jobs.unplanned(session, [hourly], 9 * hour + 1)
        planned.extend(mine.write(partial(jobs.plan, schedule=one, now=9 * hour + 1)) for one in due)

    threads = [threading.Thread(target=look, args=(mine,)) for mine in (database, another) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in planned if one is not None]) == 1
    (job,) = claim(database, 9 * hour + 1)
    assert job.arguments == {"what": "sums", "slot": 9 * hour}, "of the missed slots only the newest"
    with database.read() as session:
        assert jobs.unplanned(session, [hourly], 10 * hour - 1) == []
        assert jobs.unplanned(session, [hourly], 10 * hour) == [hourly]


def test_nothing_here_is_written_by_a_look(database: Database) -> None:
    with database.read() as session:
        assert not jobs.has_due(session, 10)
        assert jobs.counts(session, 10) == jobs.Counts(0, 0, 0, 0, 0)
    assert work.states(database) == {}
