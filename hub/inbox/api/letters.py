"""The words of letters, and mails to an address, with or without an account behind it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from hub.core import jobs
from hub.core.db import Session
from hub.core.sealing import Sealer
from hub.inbox import rules
from hub.inbox.store import mails
from hub.settings import Settings

MAIL_JOB = "mail"
DEAD_MAIL_MS = 86_400_000  # as long as somebody may try a mail again that could not be sent


@dataclass(frozen=True)
class DemoMail:
    """A mail that the demonstration kept."""

    recipient: str
    subject: str
    text: str
    at: int


@dataclass(frozen=True)
class House:
    """What every letter names: the town and the hub's public address; with a key, mails wait sealed."""

    town: str
    url: str
    key: bytes = field(default=b"", repr=False)

    def values(self, **more: str) -> dict[str, str]:
        """For filling in."""
        return {"town": self.town, "url": self.url.rstrip("/"), **more}


def house_of(settings: Settings) -> House:
    """The house of these settings. OSError when the town's files cannot be read."""
    town = json.loads((settings.town_dir / "town.json").read_text())
    return House(town["name"], settings.public_url, settings.secret())


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
    facts = _sealed(house.key, {"to": recipient, "subject": letter.subject, "text": letter.text})
    return jobs.add(session, MAIL_JOB, facts, now=now, unique_key=unique_key) is not None


def _sealed(key: bytes, facts: dict[str, str]) -> dict[str, str]:
    """A code must not be read in the table of jobs; `for` finds the mails of one address again."""
    if not key:
        return facts
    return {"sealed": Sealer(key, "inbox mail").seal(json.dumps(facts)), "for": _mark(key, facts["to"])}


def opened(key: bytes, arguments: Mapping[str, str]) -> Mapping[str, str]:
    """to, subject and text of a job's mail; ValueError when it was forgotten or sealed with another key."""
    if not arguments:
        raise ValueError("the text was forgotten a day after this mail could not be sent")
    if "sealed" not in arguments:
        return arguments
    found: dict[str, str] = json.loads(Sealer(key, "inbox mail").open(arguments["sealed"]))
    return found


def _mark(key: bytes, recipient: str) -> str:
    return hashlib.blake2b(recipient.encode(), key=key, digest_size=16, person=b"mail for").hexdigest()


def drop_mails(session: Session, house: House, recipient: str) -> None:
    """Deletes what still waits, or could not be sent, to an address."""
    if house.key:
        jobs.drop(session, MAIL_JOB, _mark(house.key, recipient))


def forget_dead_mails(session: Session, now: int) -> int:
    """Forgets address and text of mails that could not be sent; how many."""
    return jobs.forget_arguments(session, MAIL_JOB, dead_before=now - DEAD_MAIL_MS)


def demo_mails(session: Session) -> list[DemoMail]:
    """What the demonstration kept, the newest first."""
    return [DemoMail(row.recipient, row.subject, row.text, row.at) for row in mails.demo_mails(session)]


def keep_demo_mail(session: Session, recipient: str, subject: str, text: str, now: int) -> None:
    """Keeps a mail on the screen instead of sending it."""
    mails.keep_demo_mail(session, recipient, subject, text, now, rules.KEEP_DEMO_MAILS)
