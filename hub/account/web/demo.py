"""In the demonstration one button each lets a visitor be an invented person. Registered only where HUB_DEMO=1."""

import flask
from flask.typing import ResponseReturnValue

from hub.account import rules
from hub.account.api import demo
from hub.account.web import desk
from hub.core import web
from hub.core.clock import now_ms

blueprint = flask.Blueprint("demo_login", __name__)


@blueprint.post("/demo/anmelden")
def log_in() -> ResponseReturnValue:
    """Opens a session as one of them."""
    key, now, device, old = flask.request.form.get("who", ""), now_ms(), desk.device(), desk.token()
    token = web.write(lambda session: demo.open_session(session, key, now, device, old))
    if token is None:
        flask.abort(404)
    return desk.with_session("/admin" if key == "admin" else "/konto", token)


@blueprint.post("/demo/bestaetigen")
def confirm() -> ResponseReturnValue:
    """What a passkey would do, for people who have none."""
    person, now, old = desk.person(), now_ms(), desk.token()
    target = rules.safe_target(flask.request.form.get("next", ""))
    token = web.write(lambda session: demo.confirm(session, person, old, now))
    if token is None:
        flask.abort(404)
    return desk.with_session(target, token)
