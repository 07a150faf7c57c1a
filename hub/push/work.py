"""The job that sends one notice to one device."""

from functools import partial
from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database
from hub.push import api, rules
from hub.push.gateway.service import Answer, PushService, ServiceAwayError
from hub.push.rules import Verdict
from hub.settings import Settings


def pushing(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `api.PUSH_JOB`."""
    service = PushService(settings.push_key(), settings.push_mail)

    def send(arguments: dict[str, Any], _context: jobs.Context) -> jobs.Effect | None:
        device, person, now = arguments["subscription"], arguments["person"], clock.now_ms()
        if now - arguments["at"] > rules.LIFE_MS:
            return None
        with database.read() as session:
            notice = api.notice(session, person, device, arguments["path"])
        if notice is None:
            return None
        if not rules.is_push_service(notice.to.endpoint, settings.push_services):  # the list became shorter
            return partial(api.forget, person_id=person, subscription_id=device)
        try:
            answer = service.send(notice.to, notice.body, notice.topic)
        except ServiceAwayError as error:
            database.write(partial(api.failed, subscription_id=device))
            raise jobs.JobError(f"{rules.host_of(notice.to.endpoint)}: {error}") from None
        return _settle(answer, arguments, rules.host_of(notice.to.endpoint))

    def _settle(answer: Answer, arguments: dict[str, Any], host: str) -> jobs.Effect:
        device, person, now = arguments["subscription"], arguments["person"], clock.now_ms()
        verdict = rules.judge(answer.status)
        if verdict is Verdict.DELIVERED:
            return partial(api.succeeded, subscription_id=device, now=now)
        if verdict is Verdict.GONE:
            return partial(api.forget, person_id=person, subscription_id=device)
        database.write(partial(api.failed, subscription_id=device))
        wait = rules.retry_after_ms(answer.retry_after, now) if verdict is Verdict.LATER else None
        if wait is not None and arguments.get("postponed", 0) < rules.MAX_POSTPONED:
            return partial(api.postpone, arguments=arguments, wait_ms=wait, now=now)
        final = verdict is Verdict.REFUSED or wait is not None
        raise jobs.JobError(f"{host} answered {answer.status}", final=final)

    return send
