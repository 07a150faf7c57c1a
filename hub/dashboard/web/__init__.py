"""The control room's page."""

import flask
from flask.typing import ResponseReturnValue

from hub.bulletin import api as bulletin
from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.dashboard import api, rules
from hub.dashboard.web import words
from hub.dashboard.web.fleet import alarm_names

blueprint = flask.Blueprint("dashboard", __name__)


@blueprint.get("/admin")
def overview() -> ResponseReturnValue:
    """What needs a person today; htmx asks for it again every 5 s and takes the part `#stand`."""
    now, lang = now_ms(), language()
    with web.read() as session:
        feedback = bulletin.feedback(session)
        lately = sum(now - row.created_at < 7 * rules.DAY for row in feedback)
        view = api.overview(session, now, lang, web.settings().town_dir, lately)
    page = flask.render_template(
        "dashboard/overview.html",
        view=view,
        feedback=feedback,
        person=web.visitor(),
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        since=lambda at: rules.ago(at, now),
        alarm_names=alarm_names(),
        own_names=words.own_certificates(),
        reason_text=_reason,
    )
    response = flask.make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _reason(reason: str) -> str:
    """An ingest reason ("missing field: bay") in the reader's words; an unknown one as it is."""
    words = {
        "cannot be stored": _("lässt sich nicht speichern"),
        "missing field": _("Feld fehlt"),
        "not JSON": _("kein JSON"),
        "not a JSON object": _("kein JSON-Objekt"),
        "not a name": _("kein gültiger Name"),
        "not a timestamp": _("keine gültige Zeit"),
        "out of range": _("Wert außerhalb des Bereichs"),
        "payload over 64 KiB": _("größer als 64 KiB"),
        "time in the future": _("Uhr geht vor"),
        "time too old": _("Uhr geht nach"),
        "too long": _("Text zu lang"),
        "unknown bay": _("unbekannter Stellplatz"),
        "unknown kind": _("unbekannte Art"),
        "unknown node": _("unbekannter Knoten"),
        "unknown value": _("unbekannter Wert"),
        "unknown version": _("unbekannte Version"),
        "wrong type": _("falscher Typ"),
    }
    head, colon, field = reason.partition(": ")
    return words.get(head, head) + (f": {field}" if colon else "")
