"""Who hears of a new message by mail, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class MailNotice(StrEnum):
    """A person's choice."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


@dataclass(frozen=True)
class Waiting:
    """A message of the town; times in ms, 0 = not read, nobody told by mail."""

    id: int
    created_at: int
    read_at: int
    noticed_at: int


def is_at_once(choice: MailNotice, *, urgent: bool) -> bool:
    """What concerns an account's security never waits and cannot be switched off."""
    return urgent or choice is MailNotice.AT_ONCE


def digest(choice: MailNotice, messages: Iterable[Waiting], slot: int) -> list[int]:
    """The messages that the mail at `slot` (ms) is about: unread, from before, and not told of yet."""
    if choice is not MailNotice.DAILY:
        return []
    return [one.id for one in messages if not one.read_at and not one.noticed_at and one.created_at <= slot]
