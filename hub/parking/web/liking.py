"""Favourites, and being told when a car park fills up: buttons on a car park's page."""

from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.parking import api
from hub.parking.api import wishes
from hub.parking.api.wishes import WishError

blueprint = flask.Blueprint("wishes", __name__)


@blueprint.post("/parken/<site_id>/merken")
def like(site_id: str) -> ResponseReturnValue:
    """Keeps a favourite, or forgets it."""
    found, person_id, now = _site(site_id), _me(), now_ms()
    if flask.request.form.get("do") == "weg":
        web.write(lambda session: wishes.unlike(session, person_id, found.id))
        return _back(site_id, "vergessen")
    web.write(lambda session: wishes.like(session, person_id, found.id, now))
    return _back(site_id, "gemerkt")


@blueprint.post("/parken/<site_id>/hinweis")
def watch(site_id: str) -> ResponseReturnValue:
    """Wishes to be told once."""
    found, person_id, now = _site(site_id), _me(), now_ms()
    threshold, hours = web.number("threshold", -1), web.number("hours")
    try:
        web.write(lambda session: wishes.watch(session, person_id, found, threshold, hours, now))
    except WishError as error:
        return _back(site_id, "schon-voll" if error.reason == "full" else "zahl")
    return _back(site_id, "hinweis")


@blueprint.post("/parken/<site_id>/hinweis/aus")
def unwatch(site_id: str) -> ResponseReturnValue:
    """Takes the wish back."""
    person_id = _me()
    web.write(lambda session: wishes.unwatch(session, person_id, site_id))
    return _back(site_id, "hinweis-aus")


def said(word: str) -> str:
    """What happened, in a sentence; empty for an unknown word."""
    known = {
        "gemerkt": _("Gemerkt. Sie finden den Parkplatz in der Liste unter „Gemerkt“."),
        "vergessen": _("Nicht mehr gemerkt."),
        "hinweis": _("Wir sagen Ihnen einmal Bescheid."),
        "hinweis-aus": _("Der Hinweis ist abbestellt."),
        "schon-voll": _("So voll ist es dort schon jetzt. Wählen Sie eine kleinere Zahl."),
        "zahl": _("Bitte wählen Sie eine der angebotenen Zahlen."),
    }
    return known.get(word, "")


def _me() -> int:
    return cast(account.Person, web.visitor()).id


def _site(site_id: str) -> api.SiteNow:
    with web.read() as session:
        found = next((one for one in api.sites(session, now_ms()) if one.id == site_id), None)
    if found is None:
        flask.abort(404)
    return found


def _back(site_id: str, word: str) -> ResponseReturnValue:
    return flask.redirect(flask.url_for("parking.site", site_id=site_id, gesagt=word), 303)
