"""What is in the inbox, for the person and for the module: lists, threads, who has read what."""

from dataclasses import dataclass

from hub.core import files as core_files
from hub.core.db import Session
from hub.core.files import Stored
from hub.inbox import rules
from hub.inbox.store import threads as store

PAGE = 50
CASE = "inbox"


@dataclass(frozen=True)
class Message:
    """A message; times in ms, read_at 0 = not read by the other side."""

    id: int
    from_person: bool
    text: str
    created_at: int
    read_at: int
    files: tuple[Stored, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A thread in a list: how many messages its reader has not seen, and whether the other side has read everything."""

    id: int
    person_id: int
    sender: str
    subject: str
    changed_at: int
    closed_at: int
    unread: int
    seen: bool


@dataclass(frozen=True)
class Thread:
    """A whole thread, the oldest message first; `deletion_at` in ms, None while something is unread."""

    id: int
    person_id: int
    sender: str
    subject: str
    messages: tuple[Message, ...]
    is_open: bool
    may_remove: bool
    closed_at: int
    deletion_at: int | None


def listed(session: Session, person_id: int, page: int = 1) -> list[Listed]:
    """A page of a person's threads, the newest change first."""
    return [_listed(line) for line in store.of_person(session, person_id, PAGE, (page - 1) * PAGE)]


def listed_of_town(session: Session, sender: str, page: int = 1) -> list[Listed]:
    """A page of a module's threads, unread answers first."""
    return [_listed(line) for line in store.of_module(session, sender, PAGE, (page - 1) * PAGE)]


def thread(session: Session, person_id: int, thread_id: int) -> Thread | None:
    """One of a person's threads."""
    row = store.thread(session, thread_id)
    return None if row is None or row.person_id != person_id else _thread(session, row)


def town_thread(session: Session, sender: str, thread_id: int) -> Thread | None:
    """One of a module's threads."""
    row = store.thread(session, thread_id)
    return None if row is None or row.sender != sender else _thread(session, row)


def stored_file(session: Session, thread_id: int, file_id: str) -> Stored | None:
    """A file of a thread; whoever asks has checked that the thread may be seen."""
    return core_files.find(session, file_id, case_of(thread_id))


def was_sent(session: Session, form_key: str) -> bool:
    """Whether a message came with this form."""
    return store.thread_of_form(session, form_key) is not None


def case_of(thread_id: int) -> str:
    """To what a thread's files belong."""
    return f"{CASE}:{thread_id}"


unread = store.unread
unread_of_town = store.unread_of_module


def _listed(line: store.Line) -> Listed:
    row = line.thread
    return Listed(row.id, row.person_id, row.sender, row.subject, row.changed_at, row.closed_at, line.unread, line.seen)


def _thread(session: Session, row: store.ThreadRow) -> Thread:
    rows, by_message = store.messages(session, row.id), store.attachments(session, row.id)
    stored = {one.id: one for one in core_files.known(session, [one for ids in by_message.values() for one in ids])}
    found = tuple(
        Message(
            one.id,
            one.from_person,
            one.text,
            one.created_at,
            one.read_at,
            tuple(stored[file_id] for file_id in by_message.get(one.id, ()) if file_id in stored),
        )
        for one in rows
    )
    kept = [rules.Kept(one.created_at, one.read_at) for one in rows]
    return Thread(
        row.id,
        row.person_id,
        row.sender,
        row.subject,
        found,
        rules.may_answer(answerable=row.answerable, closed_at=row.closed_at),
        rules.may_remove(answerable=row.answerable, closed_at=row.closed_at),
        row.closed_at,
        rules.deletion_at(kept),
    )
