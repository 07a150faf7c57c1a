"""Messages to a person with a notice by mail, and mails to an address that has no account yet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.account import api as account
from hub.core import events, i18n, jobs
from hub.core.db import Session
from hub.inbox import rules, store

MAIL_JOB = "mail"
PAGE = 50


@dataclass(frozen=True)
class Message:
    """A message; times in ms, read_at 0 = unread."""

    id: int
    sender: str
    subject: str
    text: str
    created_at: int
    read_at: int


@dataclass(frozen=True)
class NewMessage:
    """Announced in the transaction in which a message came into a person's inbox."""

    person_id: int
    now: int


@dataclass(frozen=True)
class DemoMail:
    """A mail that the demonstration kept."""

    recipient: str
    subject: str
    text: str
    at: int


@dataclass(frozen=True)
class House:
    """What every letter names: the town and the hub's public address."""

    town: str
    url: str

    def values(self, **more: str) -> dict[str, str]:
        """For filling in."""
        return {"town": self.town, "url": self.url.rstrip("/"), **more}


@cache
def letters() -> rules.Letters:
    """The words of every letter."""
    found: rules.Letters = json.loads((Path(__file__).parent / "letters.json").read_text())
    return found


def send_mail(
    session: Session, house: House, recipient: str, kind: str, language: str, now: int, **values: str
) -> None:
    """A mail to an address, as a job of the caller's transaction."""
    letter = rules.write(letters(), kind, language, house.values(**values))
    facts = {"to": recipient, "subject": letter.subject, "text": letter.text}
    jobs.add(session, MAIL_JOB, facts, now=now)


def send_message(
    session: Session, house: House, person_id: int, sender: str, kind: str, now: int, values: Mapping[str, str]
) -> None:
    """A message into a person's inbox in their language, and a mail that says no more than that it is there."""
    person = account.find(session, person_id)
    if person is None:
        return
    when = i18n.moment_with_date(now, person.language)
    letter = rules.write(letters(), kind, person.language, house.values(when=when, **values))
    store.add(session, person_id, sender, letter.subject, letter.text, now)
    events.announce(session, NewMessage(person_id, now))
    if "@" in person.name:
        send_mail(session, house, person.name, "notice", person.language, now)


def messages(session: Session, person_id: int, before: int | None = None) -> list[Message]:
    """A page of a person's messages, the newest first."""
    return [_message(row) for row in store.of_person(session, person_id, PAGE, before)]


def message(session: Session, person_id: int, message_id: int) -> Message | None:
    """One of a person's messages."""
    row = store.one(session, person_id, message_id)
    return None if row is None else _message(row)


mark_read = store.mark_read
remove = store.remove
unread = store.unread


def demo_mails(session: Session) -> list[DemoMail]:
    """What the demonstration kept, the newest first."""
    return [DemoMail(row.recipient, row.subject, row.text, row.at) for row in store.demo_mails(session)]


def keep_demo_mail(session: Session, recipient: str, subject: str, text: str, now: int) -> None:
    """Keeps a mail on the screen instead of sending it."""
    store.keep_demo_mail(session, recipient, subject, text, now, rules.KEEP_DEMO_MAILS)


def _message(row: store.MessageRow) -> Message:
    return Message(row.id, row.sender, row.subject, row.text, row.created_at, row.read_at)
