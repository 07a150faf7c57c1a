"""What the inbox forgets, and what it hands out to the person it is about."""

from typing import Any

from hub.account import api as account
from hub.core import clock, files
from hub.core.db import Session
from hub.inbox import rules
from hub.inbox.api import notices, reading, threads
from hub.inbox.store import mails, preferences
from hub.inbox.store import threads as store

_DAY_MS = 86_400_000
_BATCH = 200  # threads in one transaction


def tidy(session: Session, now: int) -> int:
    """Deletes threads whose date has come, and files of threads that are gone; returns how many threads."""
    due = store.quiet_since(session, now - rules.KEEP_DAYS * _DAY_MS, _BATCH)
    for thread_id in due:
        threads.delete(session, thread_id, now)
    if not due:
        _forget_stray_files(session, now)
    return len(due)


def export(session: Session, person_id: int) -> dict[str, Any]:
    """Everything about a person as plain data: choices and threads; times in ms; files by id, name, type, size.

    The bytes are in the vault under these ids (`hub.core.files.work.vault_of(settings).get`); `file_ids` lists them.
    """
    found = [reading.thread(session, person_id, thread_id) for thread_id in store.ids_of_person(session, person_id)]
    return {
        "mail_notice": str(notices.choice(session, person_id)),
        "threads": [_plain(one) for one in found if one is not None],
    }


def file_ids(session: Session, person_id: int) -> list[str]:
    """The files that belong to a person's export."""
    threads_of = export(session, person_id)["threads"]
    return [one["id"] for thread in threads_of for message in thread["messages"] for one in message["files"]]


def forget_person(session: Session, person_id: int, now: int | None = None) -> None:
    """Deletes threads, files and choices of a person whose account is about to go, before its row does."""
    now = clock.now_ms() if now is None else now
    for thread_id in store.ids_of_person(session, person_id):
        threads.delete(session, thread_id, now)
    files.delete_drafts(session, now, person_id=person_id)
    preferences.forget(session, person_id)
    person = account.find(session, person_id)
    if person is not None:
        mails.forget_demo_mails(session, person.name)


def _forget_stray_files(session: Session, now: int) -> None:
    """Files of threads that went with their account's row, without `forget_person`."""
    numbers = [int(case.partition(":")[2]) for case in files.cases(session, reading.CASE)]
    for thread_id in store.missing(session, numbers):
        files.delete_case(session, reading.case_of(thread_id), now)


def _plain(thread: reading.Thread) -> dict[str, Any]:
    return {
        "id": thread.id,
        "sender": thread.sender,
        "subject": thread.subject,
        "closed_at": thread.closed_at,
        "deletion_at": thread.deletion_at,
        "messages": [_plain_message(one) for one in thread.messages],
    }


def _plain_message(one: reading.Message) -> dict[str, Any]:
    names = ("id", "name", "mime", "size", "sha256")
    return {
        "from": "person" if one.from_person else "town",
        "text": one.text,
        "created_at": one.created_at,
        "read_at": one.read_at,
        "files": [{name: getattr(file, name) for name in names} for file in one.files],
    }
