"""The job that sends a mail, or in the demonstration puts it on the screen."""

from functools import partial
from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database
from hub.core.mail import Smtp
from hub.inbox import api
from hub.settings import Settings


def mailing(settings: Settings, _database: Database) -> jobs.Handler:
    """The handler of `api.MAIL_JOB`."""
    smtp = Smtp(settings.smtp_url, settings.mail_from) if settings.smtp_url else None

    def send(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect | None:
        recipient, subject, text = arguments["to"], arguments["subject"], arguments["text"]
        if smtp is not None:
            smtp.send(recipient, subject, text, context.idempotency_key.replace(" ", "-"))
            return None
        if not settings.demo:
            raise jobs.JobError("HUB_SMTP_URL is not set, so no mail can leave the house", final=True)
        return partial(api.keep_demo_mail, recipient=recipient, subject=subject, text=text, now=clock.now_ms())

    return send
