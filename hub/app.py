"""The ONLY wiring: which module listens to which event, which pages exist and who may see them.

Each process calls its own function here, which imports what only that process needs: Flask, the opening hours, amqtt.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub import intake
from hub.account import api as account
from hub.account.api import SecurityChanged, SessionsEnded
from hub.account.api import retention as account_over
from hub.core import clock, events, jobs, retention
from hub.core.db import Base, Database, Session
from hub.core.files import REMOVE_JOB
from hub.core.files import work as files_work
from hub.core.jobs.housekeeping import tidying
from hub.fleet import api as fleet
from hub.inbox import api as inbox
from hub.inbox import messages as inbox_messages
from hub.inbox import work as inbox_work
from hub.ingest import api as ingest
from hub.openid import api as openid
from hub.operations import messages as operations_messages
from hub.parking.api import checks, prepaid, pushes, stays, wishes
from hub.parking.api import personal as parking_personal
from hub.parking.api.purse import WalletPurse
from hub.parking.messages import letters as parking_letters
from hub.payments import api as payments
from hub.privacy import api as privacy
from hub.push import api as push
from hub.settings import Settings
from hub.till import api as till
from hub.till import messages as till_messages

if TYPE_CHECKING:
    import flask


def _on_new_message(session: Session, event: inbox.NewMessage) -> None:
    push.notify(session, event.person_id, event.now)


# event class declared in a module's api -> handlers of the modules above it, run in the announcer's transaction
EVENTS: Mapping[type, Sequence[Callable[[Session, Any], None]]] = {
    **intake.EVENTS,
    SessionsEnded: (openid.on_sessions_ended, push.on_sessions_ended),
    SecurityChanged: (openid.on_security_changed,),
    inbox.NewMessage: (_on_new_message,),
    payments.PaymentFailed: (parking_letters.on_card_failed,),
    jobs.JobDied: (operations_messages.on_job_died,),
    jobs.JobsDone: (operations_messages.on_jobs_done,),
}

log = logging.getLogger(__name__)
_LAW = "10 years after the end of the year"


def _logging_out(settings: Settings, database: Database) -> jobs.Handler:
    from hub.openid.work import logging_out

    return logging_out(settings, database)


def _telling_aggregator(settings: Settings, database: Database) -> jobs.Handler:
    from hub.parking.work import pushing

    return pushing(settings, database)


def _payment_job(name: str) -> Callable[[Settings, Database], jobs.Handler]:
    def make(settings: Settings, database: Database) -> jobs.Handler:
        from hub.payments import work

        made: jobs.Handler = getattr(work, name)(settings, database)
        return made

    return make


def _paying_parking_back(settings: Settings, database: Database) -> jobs.Handler:
    from hub.till.work import paying

    return paying(settings, database)


def _retention(settings: Settings, database: Database) -> jobs.Handler:
    def run(_arguments: dict[str, Any], _context: jobs.Context) -> None:
        for rule, count in retention.run(database, retention_rules(settings), clock.now_ms()):
            log.info("retention: %d deleted, %s (%s)", count, rule.what, rule.keeps)

    return run


def _pushing(settings: Settings, database: Database) -> jobs.Handler:
    from hub.push.work import pushing

    return pushing(settings, database)


# kind of job -> what makes its handler, called once in the worker
JOBS: Mapping[str, Callable[[Settings, Database], jobs.Handler]] = {
    "tidy jobs": tidying,
    "retention": _retention,
    REMOVE_JOB: files_work.removing,
    files_work.SWEEP_JOB: files_work.sweeping,
    inbox.MAIL_JOB: inbox_work.mailing,
    inbox.notices.DIGEST_JOB: inbox_work.digesting,
    inbox_work.TIDY_JOB: inbox_work.tidying,
    openid.LOGOUT_JOB: _logging_out,
    push.PUSH_JOB: _pushing,
    pushes.PUSH_JOB: _telling_aggregator,
    payments.payments.POLL_JOB: _payment_job("polling"),
    payments.refunds.REFUND_JOB: _payment_job("refunding"),
    payments.receipts.RECEIPT_JOB: _payment_job("receipting"),
    till.parking.PAY_JOB: _paying_parking_back,
}
SCHEDULES: Sequence[jobs.Schedule] = (
    jobs.Schedule("retention", "retention", daily_at="03:20"),
    jobs.Schedule("tidy jobs", "tidy jobs", daily_at="03:40"),
    jobs.Schedule(inbox_work.TIDY_JOB, inbox_work.TIDY_JOB, daily_at="03:10"),
    jobs.Schedule(files_work.SWEEP_JOB, files_work.SWEEP_JOB, daily_at="04:10"),
    jobs.Schedule(inbox.notices.DIGEST_JOB, inbox.notices.DIGEST_JOB, daily_at=inbox.notices.DIGEST_AT),
)


def _kept_payments(session: Session, person_id: int, now: int) -> Sequence[privacy.Kept]:
    until = payments.personal.kept_until(session, person_id, now)
    return (privacy.Kept("payments", "payments", until),) if until else ()


def person_data(settings: Settings) -> list[privacy.Holder]:
    """Who holds data about persons: what each exports, deletes and must keep. The account is first and goes last."""
    return [
        privacy.Holder("account", account.personal.export, account.personal.erase),
        privacy.Holder("inbox", inbox_work.exporting(settings), inbox.forget_person),
        privacy.Holder("openid", openid.export, openid.forget),
        privacy.Holder("payments", payments.personal.export, payments.personal.forget, _kept_payments),
        privacy.Holder("parking", parking_personal.export, parking_personal.forgetting(purse_of(settings))),
        privacy.Holder("till", till.personal.export, till.personal.forget),
        privacy.Holder("push", push.export, push.forget_person),
        privacy.Holder("audit", privacy.audit_export, privacy.audit_forget, privacy.audit_kept),
    ]


def purse_of(settings: Settings) -> WalletPurse:
    """Wallets pay for stays; the town's data say at which tax rate."""
    sites = json.loads((settings.town_dir / "sites.json").read_text())["sites"]
    taxes = {site["id"]: str((site.get("tariff") or {}).get("vat_included_pct", 0)) for site in sites}
    names = {site["id"]: site.get("short", site["name"]) for site in sites}
    return WalletPurse(taxes, *({key: name[language] for key, name in names.items()} for language in ("de", "en")))


def retention_rules(settings: Settings) -> list[retention.Rule]:
    """What is deleted by itself, every night; `python -m hub retention --dry-run` shows what it would be."""
    from hub.bulletin import api as bulletin

    days, keep = settings.keep_messages_days, checks.terms(settings.town_dir)
    return [
        retention.Rule("sessions, codes, forms, invitations, history", "180 days", account_over.tidy),
        *privacy.unused_accounts(person_data(settings)),
        retention.Rule("threads of the inbox", f"{inbox.KEEP_DAYS} days after the last word", inbox.tidy),
        retention.Rule("address and text of mails that could not be sent", "1 day", inbox.forget_dead_mails),
        retention.Rule("codes and tokens of connected services", "30 days after their end", openid.tidy),
        retention.Rule("payments, transfers, entries of the bank account", _LAW, payments.archive.forget_old),
        retention.Rule("sales and books of tills, tickets that are over", _LAW, till.personal.forget_old),
        retention.Rule("stays", _LAW, parking_personal.forget_old),
        retention.Rule("payment providers' notices", "30 days", payments.payments.give_up_old),
        retention.Rule("direct debit mandates that ended", "14 months", payments.debits.tidy),
        retention.Rule("accounts to which unclear money went back", "14 months", payments.repayments.tidy),
        retention.Rule("money in wallets of nobody is put aside", "1 day", payments.personal.collect),
        retention.Rule("files of receipts (they can be made again)", "30 days", payments.receipts.forget_old),
        retention.Rule("stays that nobody paid for", "9 days", prepaid.tidy),
        retention.Rule("wishes to hear that a car park fills up", "when they are over", wishes.tidy),
        retention.Rule(
            "number plates of stays",
            f"{keep.plate_days} days",
            partial(parking_personal.tidy, plate_days=keep.plate_days),
        ),
        retention.Rule(
            "number plates of wardens' checks and cameras",
            f"{keep.check_days} days, {keep.camera_days} days",
            partial(checks.tidy, keep=keep),
        ),
        retention.Rule("codes of passes that were used, phones that were taken off", "30 days", till.passes.tidy),
        retention.Rule("days on which somebody entered with a ticket", "400 days", till.personal.tidy),
        retention.Rule("feedback about barriers", "180 days", bulletin.forget_old),
        retention.Rule("messages of nodes", f"{days} days", partial(ingest.forget_old, keep_days=days)),
    ]


def events_of(settings: Settings) -> dict[type, list[Callable[[Session, Any], None]]]:
    """`EVENTS` and what needs settings: letters of the inbox, alarms about jobs."""
    table = {event: list(handlers) for event, handlers in EVENTS.items()}
    for event, handler in inbox_messages.handlers(inbox.house_of(settings)).items():
        table.setdefault(event, []).append(handler)
    telling = parking_letters.telling(inbox.house_of(settings), purse_of(settings).titles)
    table.setdefault(stays.StayChanged, []).append(telling)
    warning = parking_letters.warning(inbox.house_of(settings), purse_of(settings).titles)
    table.setdefault(wishes.SiteFills, []).append(warning)
    beginning = parking_letters.beginning(purse_of(settings))
    table.setdefault(payments.PaymentCompleted, []).append(beginning)
    house, titles = inbox.house_of(settings), purse_of(settings).titles
    for event, handler in till_messages.handlers(till.town_of(settings.town_dir), house, titles).items():
        table.setdefault(event, []).append(handler)
    table[jobs.JobDied].append(operations_messages.alarming(alert_channels(settings), settings.public_url))
    return table


def create_app(settings: Settings) -> "flask.Flask":
    """The web application. OSError when the town's files or the state directory cannot be read."""
    import flask

    from hub import rooms
    from hub.account import web as account_web
    from hub.core import web
    from hub.inbox import web as inbox_web
    from hub.openid import web as openid_web
    from hub.operations import web as operations_web
    from hub.payments import web as payments_web

    app = flask.Flask("hub", root_path=str(Path(__file__).parent))
    database = Database(settings.database)
    web.install(app, settings, database)
    events.wire(events_of(settings))
    app.jinja_env.globals |= {
        "town": json.loads((settings.town_dir / "town.json").read_text()),
        "acting": account_web.acting,
        "unread": inbox_web.unread,
        "office_unread": inbox_web.office_unread,
        "upstream": settings.bundid_name if settings.bundid_issuer else "",
    }
    app.jinja_env.filters |= payments_web.FILTERS
    app.extensions["person_data"] = person_data(settings)
    app.extensions["log_words"] = (operations_web.actions, operations_web.things)
    app.extensions["purse"] = purse_of(settings)
    app.extensions["site_names"] = json.loads((settings.town_dir / "sites.json").read_text())["sites"]
    app.extensions["form_target"] = openid_web.form_target
    app.extensions["machine_errors"] = openid_web.machine_errors
    rooms.register(app, settings)
    return app


def create_web() -> "flask.Flask":
    """The same with the settings of the environment, for the web server."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s: %(message)s")
    return create_app(settings)


def schedules(settings: Settings) -> Sequence[jobs.Schedule]:
    """`SCHEDULES` and those that a setting asks for."""
    telling = jobs.Schedule("parkapi push", pushes.PUSH_JOB, every_s=pushes.PUSH_EVERY_S)
    return (*SCHEDULES, *((telling,) if settings.parkapi_push_url else ()))


def runner(settings: Settings, database: Database) -> jobs.Runner:
    """The worker's loop over the jobs; wires what listens to their events."""
    events.wire(events_of(settings))
    handlers = {kind: make(settings, database) for kind, make in JOBS.items()}
    return jobs.Runner(database, handlers, clock.now_ms, schedules=schedules(settings))


def alert_channels(settings: Settings) -> list[str]:
    """Over which channels alerts go out."""
    return list(alert_senders(settings))


def alert_senders(settings: Settings) -> dict[str, fleet.Send]:
    """channel -> how alerts go there; only what is set."""
    senders: dict[str, fleet.Send] = {}
    if settings.smtp_url and settings.alert_mail:
        mail = fleet.Mail(settings.smtp_url, settings.mail_from, settings.alert_mail, settings.public_url)
        senders["mail"] = mail.send
    if settings.alert_webhook:
        senders["webhook"] = fleet.Webhook(settings.alert_webhook).send
    return senders


def load_tables() -> Any:
    """The metadata of all tables, for migrations."""
    from hub.account import store as _account  # noqa: F401 (registers its tables)
    from hub.bulletin import store as _bulletin  # noqa: F401 (registers its tables)
    from hub.core.audit import table as _audit  # noqa: F401 (registers its tables)
    from hub.core.files import table as _files  # noqa: F401 (registers its tables)
    from hub.core.jobs import table as _jobs  # noqa: F401 (registers its tables)
    from hub.inbox import store as _inbox  # noqa: F401 (registers its tables)
    from hub.openid import store as _openid  # noqa: F401 (registers its tables)
    from hub.operations import store as _operations  # noqa: F401 (registers its tables)
    from hub.parking.store import forecasts as _forecasts  # noqa: F401 (registers its tables)
    from hub.payments import store as _payments  # noqa: F401 (registers its tables)
    from hub.push import store as _push  # noqa: F401 (registers its tables)
    from hub.till import store as _till  # noqa: F401 (registers its tables)

    return Base.metadata
