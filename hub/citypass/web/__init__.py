"""The page with the pass."""

from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.citypass import api
from hub.core import web
from hub.core.clock import now_ms

blueprint = flask.Blueprint("citypass", __name__)


@blueprint.get("/pass")
def page() -> ResponseReturnValue:
    """The card; the phone's own service worker may keep it, no other cache."""
    person, now = cast(account.Person, web.visitor()), now_ms()
    with web.read() as session:
        card = api.pass_of(session, person, web.settings().secret(), now)
    response = flask.make_response(flask.render_template("citypass/pass.html", card=card, now=now))
    response.headers["Cache-Control"] = "no-store"
    return response
