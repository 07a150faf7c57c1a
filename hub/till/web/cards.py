"""My tickets: what I have, what I may buy, what I still owe, which parking fees came back."""

import secrets
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.till import api
from hub.till.web import ground

blueprint = flask.Blueprint("tickets", __name__)

_KEY = 40


def _owner() -> tuple[account.Person, str]:
    """(who is logged in, for whom they buy)."""
    person = cast(account.Person, web.visitor())
    with web.read() as session:
        acting = account.acting.principal(session, person, now_ms())
    return person, acting.key if acting is not None else f"person:{person.id}"


@blueprint.get("/konto/karten")
def overview() -> ResponseReturnValue:
    """Season tickets and cards with entries."""
    return _page()


@blueprint.post("/konto/karten")
def buy() -> ResponseReturnValue:
    """Buys one out of the wallet; the form's own key makes it one purchase."""
    (person, owner), form, town, now = _owner(), flask.request.form, ground.town(), now_ms()
    key = form.get("ticket", "")[:_KEY]
    if len(key) < 16:
        return _page(ground.sentence(""))
    facts = {"operation": form.get("operation", ""), "article": form.get("article", ""), "owner": owner}
    name = f"{person.id}:{key}"
    try:
        web.write(lambda session: api.tickets.buy(session, town, **facts, person_id=person.id, key=name, now=now))
    except api.RefusedError as error:
        return _page(_wallet_sentence(error.reason))
    return flask.redirect(flask.url_for("tickets.overview", gesagt="gekauft"), 303)


def _wallet_sentence(reason: str) -> str:
    known = {
        "funds": _("Das Guthaben reicht nicht. Laden Sie zuerst die Geldbörse auf."),
        "day_limit": _("Heute ist die Grenze für Zahlungen erreicht. Morgen geht es wieder."),
    }
    return known.get(reason) or ground.sentence(reason)


def _page(problem: str = "") -> flask.Response:
    (_person, owner), now, town = _owner(), now_ms(), ground.town()
    with web.read() as session:
        mine = api.tickets.of_owner(session, town, owner, now)
        owed = api.sales.claims_of(session, town, owner)
        refunds = api.parking.of_owner(session, owner)
    return ground.page(
        "till/cards.html",
        422 if problem else 200,
        tickets=mine,
        owed=owed,
        refunds=refunds,
        offered=api.tickets.offered(town),
        sites={one["id"]: one["name"] for one in flask.current_app.extensions["site_names"]},
        sentence=ground.sentence,
        problem=problem,
        ticket=secrets.token_urlsafe(16),
        now=now,
    )
