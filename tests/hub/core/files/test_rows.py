"""Rows name files; bytes come before them and go after them, whatever dies in between."""

import os
import threading
import time
from pathlib import Path

import pytest

from hub.core import files, jobs
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.core.files import Intake, Received
from hub.core.files.work import SWEEP_JOB, removing, sweeping, vault_of
from hub.settings import Settings
from tests.hub.core.files import samples

NOW = 1_800_000_000_000
CONTEXT = jobs.Context(1, "x", 1, NOW)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "state")


@pytest.fixture
def intake(settings: Settings) -> Intake:
    return Intake(vault_of(settings), 1 << 20)


def attach(database: Database, received: Received, case: str, person: int | None = 7) -> None:
    database.write(lambda session: files.attach(session, received, case, person, NOW))


def run_jobs(database: Database, settings: Settings) -> int:
    handlers = {files.REMOVE_JOB: removing(settings, database), SWEEP_JOB: sweeping(settings, database)}
    claimed = database.write(lambda session: jobs.claim(session, 50, now=NOW + 1))
    for one in claimed:
        handlers[one.kind](one.arguments, CONTEXT)
    return len(claimed)


def test_a_file_is_found_in_its_own_case_alone(database: Database, intake: Intake) -> None:
    received = intake.receive(samples.pdf(), "a.pdf")
    attach(database, received, "inbox:1")
    with database.read() as session:
        found = files.find(session, received.id, "inbox:1")
        assert found is not None
        assert (found.name, found.person_id, found.sha256) == ("a.pdf", 7, received.sha256)
        assert files.find(session, received.id, "inbox:2") is None
        assert files.exported(session, 7)[0]["id"] == received.id
        assert files.exported(session, 8) == []
        assert files.used_bytes(session, 7) == received.size


def test_bytes_go_after_the_commit_and_only_those_of_the_case(
    database: Database, intake: Intake, settings: Settings
) -> None:
    gone, stays = intake.receive(samples.pdf(), "a.pdf"), intake.receive(samples.pdf(), "b.pdf")
    attach(database, gone, "inbox:1")
    attach(database, stays, "inbox:11")
    assert database.write(lambda session: files.delete_case(session, "inbox:1", NOW)) == 1
    assert intake.vault.has(gone.id)
    assert run_jobs(database, settings) == 1
    assert not intake.vault.has(gone.id)
    assert intake.vault.get(stays.id) == samples.pdf()
    removing(settings, database)({"ids": [gone.id]}, CONTEXT)  # a job may run twice


def test_a_deletion_that_is_rolled_back_loses_nothing(database: Database, intake: Intake, settings: Settings) -> None:
    received = intake.receive(samples.pdf(), "a.pdf")
    attach(database, received, "inbox:1")

    def fail(session) -> None:
        files.delete_case(session, "inbox:1", NOW)
        raise KeyError("something else went wrong")

    with pytest.raises(KeyError):
        database.write(fail)
    assert run_jobs(database, settings) == 0
    assert intake.vault.get(received.id) == samples.pdf()


def test_the_sweep_takes_what_a_crash_left_and_nothing_else(
    database: Database, intake: Intake, settings: Settings
) -> None:
    named, orphan, young = (intake.receive(samples.pdf(), f"{name}.pdf") for name in "abc")
    attach(database, named, "inbox:1")
    for one in (named, orphan):
        os.utime(intake.vault._path(one.id), (time.time() - 90_000,) * 2)
    sweeping(settings, database)({}, CONTEXT)
    assert [intake.vault.has(one.id) for one in (named, orphan, young)] == [True, False, True]


def test_a_file_of_an_unsent_form_waits_a_day_for_its_sender(
    database: Database, intake: Intake, settings: Settings
) -> None:
    old, new = intake.receive(samples.pdf(), "a.pdf"), intake.receive(samples.pdf(), "b.pdf")
    database.write(lambda session: files.draft(session, old, 7, now_ms() - 90_000_000))
    database.write(lambda session: files.draft(session, new, 7, now_ms()))
    with database.read() as session:
        assert {one.id for one in files.drafts(session, 7, [old.id, new.id])} == {old.id, new.id}
        assert files.drafts(session, 8, [old.id, new.id]) == []
    sweeping(settings, database)({}, CONTEXT)
    run_jobs(database, settings)
    assert [intake.vault.has(one.id) for one in (old, new)] == [False, True]
    attach(database, new, "inbox:5")
    with database.read() as session:
        assert files.drafts(session, 7, [new.id]) == []
        assert files.find(session, new.id, "inbox:5") is not None
    with pytest.raises(files.TakenError):
        attach(database, new, "inbox:6")


def test_of_many_who_want_the_same_file_one_case_gets_it(database: Database, intake: Intake) -> None:
    received = intake.receive(samples.pdf(), "a.pdf")
    database.write(lambda session: files.draft(session, received, 7, NOW))
    start, won = threading.Barrier(8), []

    def take(number: int) -> None:
        start.wait()
        try:
            attach(database, received, f"inbox:{number}")
        except files.TakenError:
            return
        won.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    with database.read() as session:
        assert files.find(session, received.id, f"inbox:{won[0]}") is not None
