"""What the pages of payments share: whose wallet it is, the way to providers, sentences for refusals."""

from functools import cache
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.payments import api
from hub.payments.rules import money
from hub.payments.rules import wallet as limits
from hub.settings import Settings


def me() -> account.Person:
    """Who is logged in; only behind a door that asks for somebody."""
    return cast(account.Person, web.visitor())


def now() -> int:
    """This moment, ms."""
    return now_ms()


def cashier() -> api.Cashier:
    """The process's way to providers."""
    return _cashier(web.settings(), web.database())


@cache
def _cashier(settings: Settings, database: Database) -> api.Cashier:
    return api.Cashier(settings, database)


def owner() -> str:
    """Whose wallet the request is about: as it says, else for whom the visitor acts; 403 unless they may use it."""
    person = me()
    asked = flask.request.values.get("fuer", "")[:60] or person.acting_for or f"person:{person.id}"
    with web.read() as session:
        allowed = api.wallet.may_use(session, person, asked, now())
    if not allowed:
        flask.abort(403)
    return asked


def may_see(one: api.Listed) -> bool:
    """Whether the visitor may look at a payment: whoever knows the address when nobody in particular shall pay."""
    payer = one.payment.owner
    if not payer:
        return True
    person = web.visitor()
    if not isinstance(person, account.Person):
        return False
    with web.read() as session:
        return api.wallet.may_use(session, person, payer, now())


def to_log_in() -> ResponseReturnValue:
    """To the log-in and back, for somebody who is not logged in; else 404, so that nobody learns what exists."""
    if web.visitor() is not None:
        flask.abort(404)
    porter: web.Porter = flask.current_app.extensions["porter"]
    return porter.send_to_log_in(web.PERSON, None)


def euro(cents: int) -> str:
    """An amount in the request's language."""
    return money.euro(cents, language())


def page(template: str, status: int = 200, **values: object) -> flask.Response:
    """A page that no cache keeps."""
    response = flask.make_response(flask.render_template(template, **values), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def refusal(reason: str) -> str:
    """Why it did not work, and what to do."""
    known = {
        "funds": _("Das Guthaben reicht nicht. Laden Sie es auf oder wählen Sie einen anderen Weg."),
        "day_limit": _("Heute ist die Grenze für Zahlungen erreicht. Morgen geht es wieder."),
        "amount": _("Bitte prüfen Sie den Betrag. Aufladen geht ab %(min)s.", min=euro(limits.MIN_TOP_UP)),
        "number": _("Bitte prüfen Sie den Betrag, zum Beispiel 5 oder 12,50."),
        "too_much": _("So viel passt nicht. In der Geldbörse liegen höchstens %(max)s.", max=euro(limits.MAX_BALANCE)),
        "threshold": _("Bitte wählen Sie eine Grenze bis %(max)s.", max=euro(limits.MAX_BALANCE // 2)),
        "no_agreement": _("Laden Sie zuerst einmal auf und stimmen Sie dabei dem automatischen Aufladen zu."),
        "not_allowed": _("Das geht nur zwischen Eltern und Kind."),
        "nothing": _("Dieses Guthaben kam nicht über einen Anbieter, der zurückzahlt. Schreiben Sie der Stadtkasse."),
        "paid": _("Das ist schon bezahlt."),
        "tries": _("Das wurde heute schon sehr oft versucht. Morgen geht es wieder."),
        "partial": _("Ein Teil ist schon da. Bezahlen Sie den Rest auf dem gleichen Weg."),
        "away": _("Der Bezahldienst antwortet gerade nicht. Es wurde nichts abgebucht."),
        "declined": _("Der Bezahldienst hat das abgelehnt. Bitte wählen Sie einen anderen Weg."),
    }
    return known.get(reason, _("Das hat nicht geklappt. Bitte versuchen Sie es noch einmal."))
