"""Log-in and log-out."""

import flask
from flask.typing import ResponseReturnValue

from hub.account import api, rules
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _

blueprint = flask.Blueprint("account", __name__)

LOGIN_PATH = "/anmelden"
COOKIE = "sk_session"


def find_visitor() -> api.Person | None:
    """Who sent this request; given to `hub.core.web.access.install`."""
    return api.session_person(web.database(), flask.request.cookies.get(COOKIE, ""), now_ms())


@blueprint.get(LOGIN_PATH)
def log_in_page() -> ResponseReturnValue:
    """The form; who is logged in already goes on at once."""
    target = rules.safe_target(flask.request.args.get("next", ""))
    if web.visitor() is not None:
        return flask.redirect(target, 303)
    return _page(target)


@blueprint.post(LOGIN_PATH)
def log_in() -> ResponseReturnValue:
    """Opens a session; the answer to an unknown name and to a wrong password is the same."""
    form, now = flask.request.form, now_ms()
    name, target = form.get("name", ""), rules.safe_target(form.get("next", ""))
    try:
        person = api.authenticate(web.database(), name, form.get("password", ""), flask.request.remote_addr or "", now)
    except api.BusyError:
        return _page(target, name, _("Bitte in einem Moment noch einmal versuchen."), 503, 5)
    except api.ThrottledError as error:
        minutes = -(-error.seconds // 60)
        text = _("Das war zu oft falsch. Bitte in %(n)s Min. noch einmal versuchen.", n=minutes)
        return _page(target, name, text, 429, error.seconds)
    if person is None:
        return _page(target, name, _("Name oder Passwort stimmt nicht. Bitte prüfen Sie beides."), 401)
    token = api.open_session(web.database(), person, now, flask.request.cookies.get(COOKIE, ""))
    response = flask.redirect(target if target != "/" or api.ADMIN not in person.roles else "/admin", 303)
    secure = flask.request.is_secure or web.settings().public_url.startswith("https://")
    response.set_cookie(COOKIE, token, max_age=rules.SESSION_MS // 1000, httponly=True, samesite="Lax", secure=secure)
    return response


@blueprint.post("/abmelden")
def log_out() -> ResponseReturnValue:
    """Ends the session, in the database too."""
    api.logout(web.database(), flask.request.cookies.get(COOKIE, ""))
    response = flask.redirect("/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def _page(target: str, name: str = "", problem: str = "", status: int = 200, retry_after: int = 0) -> flask.Response:
    page = flask.render_template(
        "account/login.html", target=target, name=name[:100], problem=problem, serious=status == 401
    )
    response = flask.make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response
