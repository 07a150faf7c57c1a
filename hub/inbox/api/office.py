"""The citizens' office and its threads. Every step of a clerk stands in the audit log, without a word of content."""

from dataclasses import dataclass

from hub.account import api as account
from hub.core import audit
from hub.core.db import Session
from hub.inbox.api import reading, threads
from hub.inbox.api.threads import OFFICE, Letter, RefusedError


@dataclass(frozen=True)
class Row:
    """A thread in the office's list, with the name of its person."""

    thread: reading.Listed
    name: str


def rows(session: Session, page: int = 1) -> list[Row]:
    """A page of the office's threads, unread answers first."""
    found = reading.listed_of_town(session, OFFICE, page)
    names = {person_id: name_of(session, person_id) for person_id in {one.person_id for one in found}}
    return [Row(one, names[one.person_id]) for one in found]


def name_of(session: Session, person_id: int) -> str:
    """What clerks call a person; empty for a closed account."""
    person = account.find(session, person_id)
    return person.shown if person is not None else ""


def write(session: Session, clerk_id: int, mail: str, letter: Letter, now: int, *, answerable: bool) -> int:
    """A new thread with the person of exactly this mail address; its number. RefusedError, `mail` for no such one."""
    card = account.staff.card(session, mail)
    if card is None:
        raise RefusedError("mail")
    thread_id = threads.begin(session, card.id, OFFICE, letter, now, answerable=answerable)
    _note(session, "written", clerk_id, thread_id, now, len(letter.files))
    return thread_id


def reply(session: Session, clerk_id: int, thread_id: int, letter: Letter, now: int) -> None:
    """Goes on in a thread."""
    threads.reply(session, OFFICE, thread_id, letter, now)
    _note(session, "answered", clerk_id, thread_id, now, len(letter.files))


def open_thread(session: Session, clerk_id: int, thread_id: int, now: int) -> None:
    """A clerk looks at a thread; what the person wrote is read from now on."""
    threads.mark_read_by_town(session, OFFICE, thread_id, now)
    _note(session, "opened", clerk_id, thread_id, now)


def open_file(session: Session, clerk_id: int, thread_id: int, now: int) -> None:
    """A clerk looks at a file of a thread."""
    _note(session, "file-opened", clerk_id, thread_id, now)


def close(session: Session, clerk_id: int, thread_id: int, now: int) -> None:
    """Nobody writes here any more."""
    if threads.close(session, OFFICE, thread_id, now):
        _note(session, "closed", clerk_id, thread_id, now)


def unread(session: Session) -> int:
    """How many threads wait for the office."""
    return reading.unread_of_town(session, OFFICE)


def _note(session: Session, action: str, clerk_id: int, thread_id: int, now: int, files: int = 0) -> None:
    details = {"files": files} if files else {}
    subject = f"thread:{thread_id}"
    audit.note(session, f"inbox.{action}", actor=f"person:{clerk_id}", subject=subject, now=now, details=details)
