"""Threads between a module of the town and a person: the town writes, the person answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.account import api as account
from hub.core import events, files, i18n
from hub.core.db import Session
from hub.core.files import Received
from hub.inbox import rules
from hub.inbox.api.events import AnswerSent, NewMessage
from hub.inbox.api.letters import House, letters
from hub.inbox.api.reading import case_of
from hub.inbox.store import threads as store

ACCOUNT, OFFICE = "account", "office"  # senders of the hub itself; a city module writes under its own name
_HOUR_MS = 3_600_000
_MESSAGES_AN_HOUR = 20


class RefusedError(Exception):
    """Not sent; `reason`: unknown (no such thread or person), closed, open, often, files (sent before), or
    what `rules.problem` says.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Letter:
    """What is sent: text, received files, and the key of the form, with which nothing is sent twice."""

    text: str
    files: Sequence[Received] = ()
    form_key: str | None = None
    subject: str = ""


@dataclass(frozen=True)
class Terms:
    """What goes beyond a plain notice: received files, an answer is welcome, the person must hear of it at once."""

    attachments: Sequence[Received] = ()
    answerable: bool = False
    urgent: bool = False


NOTICE = Terms()


def send_message(
    session: Session,
    house: House,
    person_id: int,
    sender: str,
    kind: str,
    now: int,
    values: Mapping[str, str],
    terms: Terms = NOTICE,
) -> int | None:
    """A letter of `letters.json` into a person's inbox in their language; the thread's number, if there is one."""
    person = account.find(session, person_id)
    if person is None:
        return None
    when = i18n.moment_with_date(now, person.language)
    words = rules.write(letters(), kind, person.language, house.values(when=when, **values))
    letter = Letter(words.text, terms.attachments, subject=words.subject)
    return begin(session, person_id, sender, letter, now, answerable=terms.answerable, urgent=terms.urgent)


def begin(
    session: Session,
    person_id: int,
    sender: str,
    letter: Letter,
    now: int,
    *,
    answerable: bool = True,
    urgent: bool = False,
) -> int:
    """The town writes to a person about something new; the thread's number. RefusedError for an unknown person."""
    if account.find(session, person_id) is None:
        raise RefusedError("unknown")
    _check(letter, needs_subject=True)
    thread_id, message_id = _open(session, person_id, sender, letter, answerable, None, now)
    if message_id is not None:
        events.announce(session, NewMessage(person_id, now, urgent, message_id))
    return thread_id


def reply(session: Session, sender: str, thread_id: int, letter: Letter, now: int) -> None:
    """The town goes on in a thread of this module. RefusedError when there is none or it is closed."""
    row = _of_module(session, sender, thread_id)
    if row.closed_at:
        raise RefusedError("closed")
    _check(letter, needs_subject=False)
    message_id = _write(session, row.id, letter, None, now)
    if message_id is not None:
        events.announce(session, NewMessage(row.person_id, now, False, message_id))


def ask(session: Session, person_id: int, sender: str, letter: Letter, now: int) -> int:
    """A person begins a thread with a module; the thread's number. RefusedError when something is missing."""
    _check(letter, needs_subject=True)
    _require_calm(session, person_id, now)
    thread_id, message_id = _open(session, person_id, sender, letter, True, person_id, now)
    if message_id is not None:
        events.announce(session, AnswerSent(thread_id, message_id, person_id, sender, now))
    return thread_id


def answer(session: Session, person_id: int, thread_id: int, letter: Letter, now: int) -> None:
    """A person answers. RefusedError when the thread is not theirs, closed, or not meant to be answered."""
    row = _of_person(session, person_id, thread_id)
    if not rules.may_answer(answerable=row.answerable, closed_at=row.closed_at):
        raise RefusedError("closed")
    _check(letter, needs_subject=False)
    _require_calm(session, person_id, now)
    message_id = _write(session, row.id, letter, person_id, now)
    if message_id is not None:
        events.announce(session, AnswerSent(row.id, message_id, person_id, row.sender, now))


def mark_read(session: Session, person_id: int, thread_id: int, now: int) -> None:
    """The person opened it."""
    store.mark_read(session, _of_person(session, person_id, thread_id).id, now, from_person=False)


def mark_read_by_town(session: Session, sender: str, thread_id: int, now: int) -> None:
    """The module opened it."""
    store.mark_read(session, _of_module(session, sender, thread_id).id, now, from_person=True)


def close(session: Session, sender: str, thread_id: int, now: int) -> bool:
    """Nobody writes here any more; what the person wrote counts as read. False when it was closed before."""
    row = _of_module(session, sender, thread_id)
    store.mark_read(session, row.id, now, from_person=True)
    return store.close(session, row.id, now)


def remove(session: Session, person_id: int, thread_id: int, now: int) -> None:
    """A person deletes a thread with everything in it. RefusedError while it is being worked on."""
    row = _of_person(session, person_id, thread_id)
    if not rules.may_remove(answerable=row.answerable, closed_at=row.closed_at):
        raise RefusedError("open")
    delete(session, row.id, now)


def delete(session: Session, thread_id: int, now: int) -> None:
    """Forgets a thread and its files."""
    files.delete_case(session, case_of(thread_id), now)
    store.remove(session, thread_id)


def _open(
    session: Session,
    person_id: int,
    sender: str,
    letter: Letter,
    answerable: bool,
    author: int | None,
    now: int,
) -> tuple[int, int | None]:
    """(thread, message); no message when the form was sent before."""
    known = store.thread_of_form(session, letter.form_key) if letter.form_key else None
    if known is not None:
        return known, None
    thread_id = store.add_thread(session, person_id, sender, letter.subject.strip(), answerable, now)
    message_id = _write(session, thread_id, letter, author, now)
    if message_id is None:  # the same form came through another process in this very moment
        store.remove(session, thread_id)
        thread_id = store.thread_of_form(session, letter.form_key or "") or thread_id
    return thread_id, message_id


def _write(session: Session, thread_id: int, letter: Letter, author: int | None, now: int) -> int | None:
    facts = {"from_person": author is not None, "text": letter.text.strip(), "created_at": now}
    message_id = store.add_message(session, thread_id, letter.form_key, **facts)
    if message_id is not None:
        for one in letter.files:
            _attach(session, thread_id, message_id, one, author, now)
    return message_id


def _attach(session: Session, thread_id: int, message_id: int, one: Received, author: int | None, now: int) -> None:
    try:
        files.attach(session, one, case_of(thread_id), author, now)
    except files.TakenError as error:
        raise RefusedError("files") from error
    store.add_attachment(session, message_id, one.id)


def _check(letter: Letter, *, needs_subject: bool) -> None:
    draft = rules.Draft(letter.subject, letter.text, len(letter.files))
    problem = rules.problem(draft, needs_subject=needs_subject)
    if problem:
        raise RefusedError(problem)


def _require_calm(session: Session, person_id: int, now: int) -> None:
    if store.written_since(session, person_id, now - _HOUR_MS) >= _MESSAGES_AN_HOUR:
        raise RefusedError("often")


def _of_person(session: Session, person_id: int, thread_id: int) -> store.ThreadRow:
    row = store.thread(session, thread_id)
    if row is None or row.person_id != person_id:
        raise RefusedError("unknown")
    return row


def _of_module(session: Session, sender: str, thread_id: int) -> store.ThreadRow:
    row = store.thread(session, thread_id)
    if row is None or row.sender != sender:
        raise RefusedError("unknown")
    return row
