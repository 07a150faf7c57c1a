"""What is forgotten when, and what a person gets to hear about themselves."""

import json

from hub.core import files
from hub.core.db import Database
from hub.core.files import Intake
from hub.inbox import api
from hub.inbox.api import Letter
from tests.hub.account.desk import DAY, NOW
from tests.hub.core.files import samples

LATER = NOW + (api.KEEP_DAYS + 1) * DAY


def begin(database: Database, person: int, *received: files.Received) -> int:
    return database.write(lambda s: api.begin(s, person, api.OFFICE, Letter("x", received, subject="y"), NOW))


def test_read_threads_go_after_two_years_with_their_files_and_unread_ones_stay(
    database: Database, rosa: int, intake: Intake
) -> None:
    read, unread = begin(database, rosa, intake.receive(samples.pdf(), "a.pdf")), begin(database, rosa)
    database.write(lambda s: api.mark_read(s, rosa, read, NOW + DAY))
    with database.read() as session:
        found = api.thread(session, rosa, read)
        assert found is not None
        date = found.deletion_at
    assert date == NOW + DAY + api.KEEP_DAYS * DAY
    assert database.write(lambda s: api.tidy(s, date - 1)) == 0
    assert database.write(lambda s: api.tidy(s, date + 1)) == 1
    with database.read() as session:
        assert [one.id for one in api.listed(session, rosa)] == [unread]
        assert files.cases(session, "inbox") == set()


def test_the_date_that_is_shown_is_the_date_that_is_kept(database: Database, rosa: int) -> None:
    number = begin(database, rosa)
    database.write(lambda s: api.mark_read(s, rosa, number, NOW + 5))
    database.write(lambda s: api.answer(s, rosa, number, Letter("Frage"), NOW + 3 * DAY))
    assert database.write(lambda s: api.tidy(s, LATER + 9 * DAY)) == 0
    database.write(lambda s: api.mark_read_by_town(s, api.OFFICE, number, NOW + 4 * DAY))
    with database.read() as session:
        date = api.export(session, rosa)["threads"][0]["deletion_at"]
    assert database.write(lambda s: api.tidy(s, date)) == 0
    assert database.write(lambda s: api.tidy(s, date + 1)) == 1


def test_the_export_is_plain_data_with_everything_and_nothing_of_others(
    database: Database, rosa: int, otto: int, intake: Intake
) -> None:
    received = intake.receive(samples.photo("HEIF"), "IMG_1.HEIC")
    number = begin(database, rosa)
    database.write(lambda s: api.answer(s, rosa, number, Letter("Anbei", (received,)), NOW + 1))
    begin(database, otto)
    with database.read() as session:
        found = json.loads(json.dumps(api.export(session, rosa)))
        assert api.file_ids(session, rosa) == [received.id]
    assert found["mail_notice"] == "at_once"
    (thread,) = found["threads"]
    assert [(one["from"], one["text"]) for one in thread["messages"]] == [("town", "x"), ("person", "Anbei")]
    (file,) = thread["messages"][1]["files"]
    assert (file["name"], file["mime"], file["id"]) == ("IMG_1.jpg", "image/jpeg", received.id)


def test_a_person_is_forgotten_completely_and_others_are_not(
    database: Database, rosa: int, otto: int, intake: Intake
) -> None:
    begin(database, rosa, intake.receive(samples.pdf(), "a.pdf"))
    stays = begin(database, otto, intake.receive(samples.pdf(), "b.pdf"))
    draft = intake.receive(samples.pdf(), "c.pdf")
    database.write(lambda s: files.draft(s, draft, rosa, NOW))
    database.write(lambda s: api.notices.choose(s, rosa, "never"))
    database.write(lambda s: api.keep_demo_mail(s, "rosa@example.org", "x", "y", NOW))
    database.write(lambda s: api.forget_person(s, rosa, NOW))
    with database.read() as session:
        assert api.export(session, rosa) == {"mail_notice": "at_once", "threads": []}
        assert files.exported(session, rosa) == []
        assert files.cases(session, "inbox") == {f"inbox:{stays}"}
        assert api.demo_mails(session) == []
        assert len(api.listed(session, otto)) == 1


def test_files_of_threads_that_vanished_with_an_account_are_found(
    database: Database, rosa: int, intake: Intake
) -> None:
    from hub.account.store import people

    begin(database, rosa, intake.receive(samples.pdf(), "a.pdf"))
    database.write(lambda s: people.delete_person(s, rosa, NOW))
    with database.read() as session:
        assert len(files.cases(session, "inbox")) == 1
    database.write(lambda s: api.tidy(s, NOW))
    with database.read() as session:
        assert files.cases(session, "inbox") == set()
