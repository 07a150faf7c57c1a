"""The jobs: send a mail, or in the demonstration put it on the screen; the digests of the evening; tidying."""

from collections.abc import Callable
from functools import partial
from typing import Any

from hub.core import clock, files, jobs
from hub.core.db import Database, Session
from hub.core.files.work import vault_of
from hub.core.mail import Smtp
from hub.inbox import api
from hub.settings import Settings

TIDY_JOB = "tidy inbox"
_ROUNDS = 500  # of 200 threads each; the rest goes the next night


def digesting(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `api.notices.DIGEST_JOB`: one mail for each person who wants one a day."""
    house = api.house_of(settings)

    def send(arguments: dict[str, Any], _context: jobs.Context) -> None:
        api.notices.send_digests(database, house, int(arguments["slot"]), clock.now_ms())

    return send


def tidying(_settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `TIDY_JOB`: threads whose date has come, some at a time, for the writer serves others, too."""

    def tidy(_arguments: dict[str, Any], _context: jobs.Context) -> None:
        for _round in range(_ROUNDS):
            if not database.write(partial(api.tidy, now=clock.now_ms())):
                return

    return tidy


def exporting(settings: Settings) -> Callable[[Session, int, int], dict[str, Any]]:
    """What exports a person's threads, with the files' bytes by name under "attachments"."""
    vault = vault_of(settings)

    def export(session: Session, person_id: int, _now: int) -> dict[str, Any]:
        found = {**api.export(session, person_id), "uploads": files.exported(session, person_id)}
        sent = [one for thread in found["threads"] for message in thread["messages"] for one in message["files"]]
        attachments = {
            f"{one['id'][:8]}-{one['name']}": vault.get(one["id"])
            for one in [*sent, *found["uploads"]]
            if vault.has(one["id"])
        }
        return {**found, "attachments": attachments}

    return export


def mailing(settings: Settings, _database: Database) -> jobs.Handler:
    """The handler of `api.MAIL_JOB`."""
    smtp = Smtp(settings.smtp_url, settings.mail_from) if settings.smtp_url else None
    key = settings.secret()

    def send(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect | None:
        try:
            mail = api.opened(key, arguments)
        except ValueError as error:
            raise jobs.JobError(str(error), final=True) from error
        recipient, subject, text = mail["to"], mail["subject"], mail["text"]
        if smtp is not None:
            smtp.send(recipient, subject, text, context.idempotency_key.replace(" ", "-"))
            return None
        if not settings.demo:
            raise jobs.JobError("HUB_SMTP_URL is not set, so no mail can leave the house", final=True)
        return partial(api.keep_demo_mail, recipient=recipient, subject=subject, text=text, now=clock.now_ms())

    return send
