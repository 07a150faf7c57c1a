"""Jobs: asking providers how attempts stand, sending refunds, writing receipts."""

import json
from functools import partial
from typing import Any

from hub.core import clock, jobs
from hub.core.db import Database, Session
from hub.core.sealing import Sealer
from hub.payments import api
from hub.payments.api.payments import Tried
from hub.payments.gateway import DeclinedError, Found, Order, Provider, Started
from hub.payments.rules.payment import TOP_UP, Report, Status
from hub.settings import Settings

SEAL = "payment agreements"


def order(settings: Settings, one: api.Listed, attempt: Tried, language: str, *, keep: bool = False) -> Order:
    """What the provider is told of a payment."""
    base = settings.public_url.rstrip("/")
    return Order(
        attempt.key,
        one.payment.cents,
        one.title,
        one.payment.items,
        f"{base}/bezahlen/{one.payment.id}/zurueck",
        f"{base}/api/payments/notices/{attempt.method}",
        language,
        keep,
    )


def begin(provider: Provider, wanted: Order, token: str = "") -> Started:
    """Begins (again) at the provider: the order's key makes it one payment."""
    return provider.charge(token, wanted) if token else provider.start(wanted)


def ask(provider: Provider, database: Database, sealer: Sealer, attempt: Tried, now: int) -> None:
    """Asks how an attempt stands and writes it down. AwayError, DeclinedError."""
    found = provider.status(attempt.ref)
    database.write(partial(_note, attempt=attempt, found=found, sealer=sealer, now=now))


def _note(session: Session, attempt: Tried, found: Found, sealer: Sealer, now: int) -> None:
    after = api.payments.take_report(session, attempt.id, found.report, now)
    if after is not None:
        keep_token(session, after, attempt.method, found, sealer, now)


def keep_token(session: Session, one: api.Listed, method: str, found: Found, sealer: Sealer, now: int) -> None:
    """Keeps the provider's token of a payer who agreed to automatic top-ups and paid."""
    wants = one.payment.purpose == TOP_UP and one.payment.owner and found.report.captured
    if found.token and wants and api.wallet.agreement(session, one.payment.owner) is None:
        api.wallet.keep_agreement(session, one.payment.owner, method, sealer.seal(found.token), now)


def polling(settings: Settings, database: Database) -> jobs.Handler:
    """The handler of `payments.POLL_JOB`: asks, and plans the next question while the outcome is open."""
    providers, sealer = api.providers.providers(settings), Sealer(settings.secret(), SEAL)

    def begin_again(one: api.Listed, attempt: Tried, sealed: str) -> str:
        """Our call was cut off before the answer was written down, or it is an automatic one; "" when declined."""
        try:
            started = begin(
                providers[attempt.method], order(settings, one, attempt, "de"), sealer.open(sealed) if sealed else ""
            )
        except DeclinedError:
            return ""
        database.write(lambda session: api.payments.note_start(session, attempt.id, started))
        return started.ref

    def poll(arguments: dict[str, Any], _context: jobs.Context) -> jobs.Effect | None:
        number, now = int(arguments["attempt"]), clock.now_ms()
        with database.read() as session:
            attempt = api.payments.attempt(session, number)
            one = api.payments.find(session, attempt.payment_id) if attempt is not None else None
            sealed = api.wallet.token(session, one.payment.owner) if one is not None and arguments["charge"] else ""
        provider = providers.get(attempt.method) if attempt is not None else None
        if attempt is None or one is None or provider is None:
            return None
        try:
            ref = attempt.ref if attempt.is_known else begin_again(one, attempt, sealed)
            found = provider.status(ref) if ref else Found(Report(Status.FAILED))
        except (OSError, DeclinedError):  # a "no" to a question says nothing about the money
            return partial(api.payments.plan_next_poll, number=number, now=now)

        def write(session: Session) -> None:
            _note(session, attempt, found, sealer, now)
            api.payments.plan_next_poll(session, number, now)

        return write

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
