"""Hears what the inbox announces, and reads the mails that wait as jobs."""

from hub.core import events, jobs
from hub.core.db import Database
from hub.inbox import api, messages

HOUSE = api.House("Bad Rappenau", "https://pass.example")


class Ear:
    """Every event of the inbox, in order; with the mails that belong to them."""

    def __init__(self) -> None:
        self.heard: list[object] = []
        note = lambda _session, event: self.heard.append(event)  # noqa: E731
        mail = messages.handlers(HOUSE)[api.NewMessage]
        events.wire({api.NewMessage: (note, mail), api.AnswerSent: (note,)})

    def of(self, kind: type) -> list:
        return [one for one in self.heard if isinstance(one, kind)]


def mails(database: Database, now: int) -> list[dict[str, str]]:
    """Every mail that waits, as if it had been sent."""
    claimed = database.write(lambda session: jobs.claim(session, 50, now=now))
    database.write(lambda session: jobs.complete(session, claimed, now=now))
    return [one.arguments for one in claimed if one.kind == api.MAIL_JOB]
