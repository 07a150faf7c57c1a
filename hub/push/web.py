"""The page where notices are switched on and off."""

from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.push import api
from hub.push.rules import Subscription

blueprint = flask.Blueprint("push", __name__)

_COOKIE, _PATH = "sk_push", "/konto"
_COOKIE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep


def _me() -> account.Person:
    return cast(account.Person, web.visitor())


def _browser() -> str:
    return flask.request.cookies.get(_COOKIE, "")


@blueprint.before_app_request
def follow() -> None:
    """A browser with notices is bound to the log-in that runs in it (the cookie comes below /konto only)."""
    browser, now = _browser(), now_ms()
    if not browser or flask.request.method != "GET" or web.visitor() is None:
        return
    person = _me()
    with web.read() as session:
        stale = api.is_stale(session, person, browser)
    if stale:
        web.write(lambda session: api.follow(session, person, browser, now))
        flask.after_this_request(lambda response: _with_cookie(response, browser))


@blueprint.get("/konto/hinweise")
def overview() -> ResponseReturnValue:
    """Which devices get notices."""
    return _page()


@blueprint.post("/konto/hinweise")
def switch_on() -> ResponseReturnValue:
    """Notices for this device; the browser's answer comes in hidden fields."""
    form, person, now, browser = flask.request.form, _me(), now_ms(), _browser()
    given = Subscription(form.get("endpoint", ""), form.get("p256dh", ""), form.get("auth", ""))
    hosts = web.settings().push_services
    try:
        secret = web.write(lambda session: api.subscribe(session, person, given, hosts, browser, now))
    except api.RefusedError:
        return _page(_("Der Hinweisdienst Ihres Browsers ist uns nicht bekannt. Nehmen Sie bitte E-Mail."), 422)
    return _with_cookie(cast(flask.Response, _back("an")), secret)


@blueprint.post("/konto/hinweise/<int:device_id>/aus")
def remove(device_id: int) -> ResponseReturnValue:
    """No more notices on a device."""
    person = _me()
    if not web.write(lambda session: api.remove(session, person.id, device_id)):
        flask.abort(404)
    return _back("aus")


@blueprint.post("/konto/hinweise/<int:device_id>/probe")
def probe(device_id: int) -> ResponseReturnValue:
    """A notice to try it."""
    person, now = _me(), now_ms()
    if not web.write(lambda session: api.probe(session, person.id, device_id, now)):
        flask.abort(404)
    return _back("probe")


def _with_cookie(response: flask.Response, secret: str) -> flask.Response:
    response.set_cookie(
        _COOKIE, secret, _COOKIE_SECONDS, path=_PATH, httponly=True, samesite="Lax", secure=web.is_secure()
    )
    return response


def _back(said: str) -> ResponseReturnValue:
    return flask.redirect(flask.url_for("push.overview", gesagt=said), 303)


def _page(problem: str = "", status: int = 200) -> ResponseReturnValue:
    with web.read() as session:
        found = api.devices(session, _me().id, _browser())
    key = api.public_key(web.settings().push_key())
    page = flask.render_template("push/overview.html", devices=found, key=key, problem=problem, now=now_ms())
    response = flask.make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
