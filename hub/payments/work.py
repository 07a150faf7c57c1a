"""Jobs: asking providers how attempts stand, sending refunds, writing receipts."""

import json
from functools import partial
from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database
from hub.payments import api
from hub.payments.gateway import DeclinedError
from hub.settings import Settings


def polling(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `payments.POLL_JOB`: asks, and plans the next question while the outcome is open."""
    cashier = api.Cashier(settings, database)

    def poll(arguments: dict[str, Any], _context: jobs.Context) -> jobs.Effect | None:
        return cashier.poll(int(arguments["attempt"]), clock.now_ms(), charge=bool(arguments["charge"]))

    return poll


def refunding(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `refunds.REFUND_JOB`."""
    providers = api.providers.providers(settings)

    def send(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect | None:
        number, now = int(arguments["refund"]), clock.now_ms()
        with database.read() as session:
            one = api.refunds.find(session, number)
            attempt = api.payments.attempt(session, one.attempt_id) if one is not None and one.attempt_id else None
        if one is None or attempt is None or one.state != "asked":
            return None
        try:
            providers[attempt.method].refund(attempt.ref, one.cents, context.idempotency_key)
        except DeclinedError:
            return partial(api.refunds.settle, refund_id=number, now=now, is_done=False)
        except KeyError:
            raise jobs.JobError(f"this hub has no provider {attempt.method} any more", final=True) from None
        return partial(api.refunds.settle, refund_id=number, now=now, is_done=True)

    return send


def receipting(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `receipts.RECEIPT_JOB`."""
    town = json.loads((settings.town_dir / "town.json").read_text())
    issuer = tuple(line for line in (f"Stadt {town['name']}", town.get("address", "")) if line)

    def write(arguments: dict[str, Any], _context: jobs.Context) -> jobs.Effect | None:
        language, now = str(arguments["language"]), clock.now_ms()
        with database.read() as session:
            one = api.payments.find(session, str(arguments["payment"]))
        if one is None or not api.receipts.has_receipt(one):
            return None
        file = api.receipts.write(one, language, issuer, demo=settings.demo)
        return lambda session: api.receipts.keep(session, one, language, file, now)

    return write
