"""The words of letters, and mails to an address, with or without an account behind it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub.core import jobs
from hub.core.db import Session
from hub.inbox import rules
from hub.inbox.store import mails
from hub.settings import Settings

MAIL_JOB = "mail"


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


def house_of(settings: Settings) -> House:
    """The house of these settings. OSError when the town's files cannot be read."""
    town = json.loads((settings.town_dir / "town.json").read_text())
    return House(town["name"], settings.public_url)


@cache
def letters() -> rules.Letters:
    """The words of every letter."""
    found: rules.Letters = json.loads((Path(__file__).parents[1] / "letters.json").read_text())
    return found


def send_mail(
    session: Session,
    house: House,
    recipient: str,
    kind: str,
    language: str,
    now: int,
    *,
    unique_key: str | None = None,
    **values: str,
) -> bool:
    """A mail to an address, as a job of the caller's transaction; False when `unique_key` was used before."""
    letter = rules.write(letters(), kind, language, house.values(**values))
    facts = {"to": recipient, "subject": letter.subject, "text": letter.text}
    return jobs.add(session, MAIL_JOB, facts, now=now, unique_key=unique_key) is not None


def demo_mails(session: Session) -> list[DemoMail]:
    """What the demonstration kept, the newest first."""
    return [DemoMail(row.recipient, row.subject, row.text, row.at) for row in mails.demo_mails(session)]


def keep_demo_mail(session: Session, recipient: str, subject: str, text: str, now: int) -> None:
    """Keeps a mail on the screen instead of sending it."""
    mails.keep_demo_mail(session, recipient, subject, text, now, rules.KEEP_DEMO_MAILS)
