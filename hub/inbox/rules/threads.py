"""Threads: who may write, what a message must have, until when it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

KEEP_DAYS = 730  # after everything was read; the pages say so
MAX_SUBJECT, MAX_TEXT = 200, 10_000  # characters
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Draft:
    """What somebody typed."""

    subject: str
    text: str
    files: int = 0


@dataclass(frozen=True)
class Kept:
    """A message of a thread; times in ms, read_at 0 = not read by the other side."""

    created_at: int
    read_at: int


def problem(draft: Draft, *, needs_subject: bool) -> str | None:
    """The field that is missing or too long: subject, subject-long, text, text-long; None when all is well."""
    if needs_subject and not draft.subject.strip():
        return "subject"
    if len(draft.subject.strip()) > MAX_SUBJECT:
        return "subject-long"
    if not draft.text.strip() and not draft.files:
        return "text"
    return "text-long" if len(draft.text) > MAX_TEXT else None


def may_answer(*, answerable: bool, closed_at: int) -> bool:
    """Nobody writes into a closed thread, and a person only where an answer is read."""
    return answerable and not closed_at


def may_remove(*, answerable: bool, closed_at: int) -> bool:
    """A person deletes whatever is not being worked on."""
    return not may_answer(answerable=answerable, closed_at=closed_at)


def deletion_at(messages: Iterable[Kept]) -> int | None:
    """When a thread is deleted, ms; None while something in it is unread."""
    known = list(messages)
    if not known or not all(one.read_at for one in known):
        return None
    return max(max(one.created_at, one.read_at) for one in known) + KEEP_DAYS * _DAY_MS
