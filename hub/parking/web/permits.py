"""Permits of residents and disabled people, for the control room."""

from collections.abc import Mapping

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.parking import api
from hub.parking.api import permits

blueprint = flask.Blueprint("permits", __name__)


@blueprint.get("/admin/parkausweise")
def overview() -> ResponseReturnValue:
    """Permits that hold, and a form for one more."""
    return _page({})


@blueprint.post("/admin/parkausweise/suchen")
def search() -> ResponseReturnValue:
    """Permits of a plate; sent as a form, for a plate in the page's address would stand in logs."""
    return _page({}, wanted=flask.request.form.get("gesucht", "")[:14])


@blueprint.post("/admin/parkausweise")
def add() -> ResponseReturnValue:
    """One permit, or another end for a known one."""
    form, now, actor = flask.request.form, now_ms(), web.actor()
    try:
        new = permits.permit(form, _names(), now)
    except ValueError as error:
        return _page(form, _refusal(str(error)), wrong=str(error))
    web.write(lambda session: permits.add(session, new, actor, now))
    return flask.redirect(flask.url_for("permits.overview", gesagt="gespeichert"), 303)


@blueprint.post("/admin/parkausweise/<int:permit_id>/beenden")
def end(permit_id: int) -> ResponseReturnValue:
    """It holds no more."""
    now, actor = now_ms(), web.actor()
    if not web.write(lambda session: permits.end(session, permit_id, actor, now)):
        flask.abort(404)
    return flask.redirect(flask.url_for("permits.overview", gesagt="beendet"), 303)


def _refusal(reason: str) -> str:
    return {
        "plate": _("Bitte geben Sie das Kennzeichen mit Ort ein, zum Beispiel HN-AB 123."),
        "kind": _("Bitte wählen Sie, wem der Ausweis gehört."),
        "site": _("Diesen Parkplatz gibt es nicht."),
        "until": _("Bitte geben Sie einen letzten Tag an, der nicht vorbei ist."),
    }[reason]


def _names() -> dict[str, dict[str, str]]:
    with web.read() as session:
        return {one.id: one.facts.get("short") or one.facts["name"] for one in api.sites(session, now_ms())}


def _page(typed: Mapping[str, str], problem: str = "", wanted: str = "", wrong: str = "") -> ResponseReturnValue:
    now = now_ms()
    with web.read() as session:
        found = permits.holding(session, now, wanted)
    facts = {"permits": found, "names": _names(), "kinds": permits.KINDS, "most": permits.SHOWN, "now": now}
    facts |= {"typed": typed, "problem": problem, "wanted": wanted, "wrong": wrong}
    page = flask.render_template("parking/permits.html", **facts)
    response = flask.make_response(page, 422 if problem else 200)
    response.headers["Cache-Control"] = "no-store"
    return response
