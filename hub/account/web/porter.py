"""Sends people to the log-in and back to where they were, with the form that they had filled in."""

from urllib.parse import urlencode

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.account.api import held
from hub.account.web import desk
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

blueprint = flask.Blueprint("porter", __name__)

LOGIN_PATH = "/anmelden"
CONFIRM_PATH = "/anmelden/bestaetigen"
RESUME_PATH = "/anmelden/weiter/"


def send_to_log_in(door: web.Door, person: web.Visitor | None) -> ResponseReturnValue:
    """To the log-in, or for somebody who is logged in to the page that asks once more."""
    target = _hold(person) if flask.request.method == "POST" else flask.request.full_path.rstrip("?")
    if person is None:
        return flask.redirect(f"{LOGIN_PATH}?{urlencode({'next': target})}", 303)
    return flask.redirect(f"{CONFIRM_PATH}?{urlencode({'next': target, 'level': door.level})}", 303)


def _hold(person: web.Visitor | None) -> str:
    """Keeps the form that was sent; returns the page where it goes on."""
    # a file is not kept; the page that held the form is the best place to go back to
    is_large = (flask.request.content_length or 0) > web.MAX_BODY_BYTES
    if is_large or any(one.filename for one in flask.request.files.values()):
        return rules.safe_target(flask.request.path)
    now, person_id = now_ms(), person.id if person is not None else None
    try:
        held.allow(person_id, desk.address(), now)
    except api.ThrottledError:
        flask.abort(429)
    fields = [(name, value) for name, value in flask.request.form.items(multi=True) if name != web.forms.FIELD]
    path, browser = flask.request.full_path.rstrip("?"), web.forms.seed_digest()
    ring = desk.ring()
    return RESUME_PATH + web.write(lambda session: held.hold(session, ring, path, fields, browser, person_id, now))


@blueprint.get(f"{RESUME_PATH}<held_id>")
def resume(held_id: str) -> ResponseReturnValue:
    """Shows that the form is still there; one press sends it."""
    with web.read() as session:
        found = held.find(session, desk.ring(), held_id, web.forms.seed_digest(), desk.person().id, now_ms())
    if found is None:
        return desk.page(
            "error.html",
            404,
            code=404,
            title=_("Diese Angaben sind nicht mehr da"),
            advice=_("Wir bewahren sie eine Stunde auf. Bitte geben Sie sie noch einmal ein."),
            error_id="",
        )
    return desk.page("account/resume.html", held=found)


def log_out(response: flask.Response) -> flask.Response:
    """Ends the session of this request and takes its cookie away."""
    token, now = desk.token(), now_ms()
    web.write(lambda session: api.sessions.end_session(session, token, now))
    return desk.without_session(response)


PORTER = web.Porter(desk.find_visitor, send_to_log_in, log_out)
