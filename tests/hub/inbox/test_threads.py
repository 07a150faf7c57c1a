"""The town writes, the person answers, and each sees what the other has read."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core import audit, files
from hub.core.db import Database
from hub.core.files import Intake
from hub.inbox import api, rules
from hub.inbox.api import Letter
from tests.hub.account.desk import DAY, NOW
from tests.hub.core.files import samples
from tests.hub.inbox.ear import HOUSE, Ear, mails

HELLO = Letter("Guten Tag", subject="Ihr Antrag")


def begin(database: Database, person: int, letter: Letter = HELLO, *, answerable: bool = True) -> int:
    return database.write(lambda s: api.begin(s, person, api.OFFICE, letter, NOW, answerable=answerable))


def thread(database: Database, thread_id: int) -> api.Thread:
    with database.read() as session:
        found = api.town_thread(session, api.OFFICE, thread_id)
    assert found is not None
    return found


def test_a_letter_with_a_file_an_answer_with_a_photo_and_both_receipts(
    database: Database, rosa: int, intake: Intake
) -> None:
    ear = Ear()
    letter = Letter("Bitte prüfen.", (intake.receive(samples.pdf(), "Bescheid.pdf"),), subject="Ihr Bescheid")
    number = begin(database, rosa, letter)
    (told,) = ear.of(api.NewMessage)
    assert (told.person_id, told.urgent) == (rosa, False)
    assert thread(database, number).messages[0].read_at == 0
    database.write(lambda s: api.mark_read(s, rosa, number, NOW + 5))
    database.write(lambda s: api.mark_read(s, rosa, number, NOW + 9))
    assert thread(database, number).messages[0].read_at == NOW + 5

    photo = Letter("Anbei das Foto.", (intake.receive(samples.photo("HEIF"), "IMG_1.HEIC"),))
    database.write(lambda s: api.answer(s, rosa, number, photo, NOW + 10))
    (answered,) = ear.of(api.AnswerSent)
    assert (answered.thread_id, answered.person_id, answered.sender) == (number, rosa, api.OFFICE)
    found = thread(database, number)
    assert [one.from_person for one in found.messages] == [False, True]
    assert [file.name for one in found.messages for file in one.files] == ["Bescheid.pdf", "IMG_1.jpg"]
    assert found.messages[1].id == answered.message_id
    with database.read() as session:
        assert api.unread_of_town(session, api.OFFICE) == 1
    database.write(lambda s: api.mark_read_by_town(s, api.OFFICE, number, NOW + 20))
    with database.read() as session:
        mine = api.thread(session, rosa, number)
        assert mine is not None
        assert mine.messages[1].read_at == NOW + 20
        assert api.unread_of_town(session, api.OFFICE) == 0


def test_nobody_reads_or_answers_what_is_not_theirs(database: Database, rosa: int, otto: int, intake: Intake) -> None:
    number = begin(database, rosa, Letter("x", (intake.receive(samples.pdf(), "a.pdf"),), subject="y"))
    with database.read() as session:
        assert api.thread(session, otto, number) is None
        assert api.town_thread(session, "kita", number) is None
        assert api.listed(session, otto) == []
    for attempt in (
        lambda s: api.answer(s, otto, number, HELLO, NOW),
        lambda s: api.mark_read(s, otto, number, NOW),
        lambda s: api.remove(s, otto, number, NOW),
        lambda s: api.reply(s, "kita", number, HELLO, NOW),
        lambda s: api.mark_read_by_town(s, "kita", number, NOW),
        lambda s: api.close(s, "kita", number, NOW),
    ):
        with pytest.raises(api.RefusedError, match="unknown"):
            database.write(attempt)


def test_nobody_answers_a_notice_or_a_closed_thread(database: Database, rosa: int) -> None:
    notice, closed = begin(database, rosa, answerable=False), begin(database, rosa)
    assert database.write(lambda s: api.close(s, api.OFFICE, closed, NOW + 1))
    assert not database.write(lambda s: api.close(s, api.OFFICE, closed, NOW + 2))
    for number in (notice, closed):
        with pytest.raises(api.RefusedError, match="closed"):
            database.write(lambda s, number=number: api.answer(s, rosa, number, HELLO, NOW + 3))
    database.write(lambda s: api.reply(s, api.OFFICE, notice, Letter("Noch etwas"), NOW + 4))
    with pytest.raises(api.RefusedError, match="closed"):
        database.write(lambda s: api.reply(s, api.OFFICE, closed, Letter("Noch etwas"), NOW + 4))


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (Letter("text", subject=" "), "subject"),
        (Letter(" \n", subject="x"), "text"),
        (Letter("x" * 10_001, subject="x"), "text-long"),
        (Letter("x", subject="x" * 201), "subject-long"),
    ],
)
def test_what_a_letter_needs(database: Database, rosa: int, letter: Letter, reason: str) -> None:
    with pytest.raises(api.RefusedError) as refused:
        database.write(lambda s: api.ask(s, rosa, api.OFFICE, letter, NOW))
    assert refused.value.reason == reason
    with database.read() as session:
        assert api.listed(session, rosa) == []


def test_a_form_that_is_sent_twice_at_once_is_one_message(database: Database, rosa: int, intake: Intake) -> None:
    ear = Ear()
    letter = Letter("Hallo", (intake.receive(samples.pdf(), "a.pdf"),), "key", "Frage")
    start, numbers = threading.Barrier(6), []

    def send() -> None:
        start.wait()
        numbers.append(database.write(lambda s: api.ask(s, rosa, api.OFFICE, letter, NOW)))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(numbers) == 6
    assert len(set(numbers)) == 1
    with database.read() as session:
        assert len(api.listed(session, rosa)) == 1
    assert len(thread(database, numbers[0]).messages) == 1
    assert len(ear.of(api.AnswerSent)) == 1


def test_a_file_that_was_sent_before_is_not_sent_again_in_another_letter(
    database: Database, rosa: int, intake: Intake
) -> None:
    received = intake.receive(samples.pdf(), "a.pdf")
    database.write(lambda s: files.draft(s, received, rosa, NOW))
    number = begin(database, rosa)
    database.write(lambda s: api.answer(s, rosa, number, Letter("eins", (received,), "one"), NOW))
    with pytest.raises(api.RefusedError, match="files"):
        database.write(lambda s: api.answer(s, rosa, number, Letter("zwei", (received,), "two"), NOW))
    assert [one.text for one in thread(database, number).messages] == ["Guten Tag", "eins"]


def test_twenty_messages_an_hour_are_enough(database: Database, rosa: int) -> None:
    number = begin(database, rosa)
    for turn in range(20):
        database.write(lambda s, turn=turn: api.answer(s, rosa, number, Letter(str(turn)), NOW + turn))
    with pytest.raises(api.RefusedError, match="often"):
        database.write(lambda s: api.answer(s, rosa, number, Letter("21"), NOW + 100))
    database.write(lambda s: api.answer(s, rosa, number, Letter("21"), NOW + 3_600_100))


def test_unread_answers_stand_first_the_oldest_of_them_on_top(database: Database, rosa: int, otto: int) -> None:
    quiet, late, early = begin(database, rosa), begin(database, rosa), begin(database, otto)
    database.write(lambda s: api.answer(s, otto, early, Letter("1"), NOW + 10))
    database.write(lambda s: api.answer(s, rosa, late, Letter("2"), NOW + 20))
    database.write(lambda s: api.reply(s, api.OFFICE, quiet, Letter("3"), NOW + 30))
    with database.read() as session:
        rows = api.office.rows(session)
        assert [one.thread.id for one in rows] == [early, late, quiet]
        assert [one.name for one in rows] == ["otto@example.org", "rosa@example.org", "rosa@example.org"]
        assert [one.id for one in api.listed(session, rosa)] == [quiet, late]


def test_a_person_deletes_what_is_done_and_its_files_go(database: Database, rosa: int, intake: Intake) -> None:
    number = begin(database, rosa, Letter("x", (intake.receive(samples.pdf(), "a.pdf"),), subject="y"))
    with pytest.raises(api.RefusedError, match="open"):
        database.write(lambda s: api.remove(s, rosa, number, NOW))
    database.write(lambda s: api.close(s, api.OFFICE, number, NOW + 1))
    database.write(lambda s: api.remove(s, rosa, number, NOW + 2))
    with database.read() as session:
        assert api.thread(session, rosa, number) is None
        assert files.cases(session, "inbox") == set()


def test_every_step_of_a_clerk_stands_in_the_log_without_content(database: Database, rosa: int, otto: int) -> None:
    letter = Letter("Geheimer Text", subject="Geheimer Betreff")
    number = database.write(lambda s: api.office.write(s, otto, " Rosa@Example.org ", letter, NOW, answerable=True))
    database.write(lambda s: api.answer(s, rosa, number, Letter("Antwort"), NOW + 1))
    database.write(lambda s: api.office.open_thread(s, otto, number, NOW + 2))
    database.write(lambda s: api.office.open_file(s, otto, number, NOW + 2))
    database.write(lambda s: api.office.reply(s, otto, number, Letter("Danke"), NOW + 3))
    database.write(lambda s: api.office.close(s, otto, number, NOW + 4))
    with database.read() as session:
        entries = [one for one in audit.newest(session, 20) if one.action.startswith("inbox.")]
    done = ["closed", "answered", "file-opened", "opened", "written"]
    assert [one.action for one in entries] == [f"inbox.{action}" for action in done]
    assert {(one.actor, one.subject) for one in entries} == {(f"person:{otto}", f"thread:{number}")}
    assert not [one for one in entries if "Geheim" in str(one) or "@" in str(one)]


@pytest.mark.parametrize("mail", ["rosa", "rosa@example", "%@example.org", "", "otto@example.org.evil"])
def test_a_clerk_reaches_exact_addresses_only(database: Database, rosa: int, mail: str) -> None:
    with pytest.raises(api.RefusedError, match="mail"):
        database.write(lambda s: api.office.write(s, rosa, mail, HELLO, NOW, answerable=True))


def test_a_letter_of_a_module_with_terms(database: Database, rosa: int, intake: Intake) -> None:
    ear = Ear()
    terms = api.Terms((intake.receive(samples.pdf(), "a.pdf"),), answerable=True)
    number = database.write(lambda s: api.send_message(s, HOUSE, rosa, "kita", "demo-welcome", NOW, {}, terms))
    assert number is not None
    with database.read() as session:
        found = api.town_thread(session, "kita", number)
        assert found is not None
        assert (found.is_open, len(found.messages[0].files)) == (True, 1)
        assert api.town_thread(session, api.OFFICE, number) is None
    assert len(ear.of(api.NewMessage)) == 1
    assert len(mails(database, NOW + 1)) == 1
    assert database.write(lambda s: api.send_message(s, HOUSE, 999, "kita", "notice", NOW, {})) is None


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), max_size=6))
def test_a_thread_is_deleted_two_years_after_the_last_reading_and_never_unread(times: list[tuple[int, int]]) -> None:
    kept = [rules.Kept(created, created + later if later else 0) for created, later in times]
    date = rules.deletion_at(kept)
    if not kept or any(not one.read_at for one in kept):
        assert date is None
    else:
        assert date == max(one.read_at for one in kept) + rules.KEEP_DAYS * DAY


@given(st.booleans(), st.sampled_from([0, NOW]))
def test_a_thread_is_either_answered_or_removed(answerable: bool, closed_at: int) -> None:
    may_answer = rules.may_answer(answerable=answerable, closed_at=closed_at)
    assert may_answer != rules.may_remove(answerable=answerable, closed_at=closed_at)
