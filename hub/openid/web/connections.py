"""The page with every connected service."""

from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.openid import api
from hub.openid.web import ground

blueprint = flask.Blueprint("connections", __name__)


@blueprint.get("/konto/dienste")
def overview() -> ResponseReturnValue:
    """Every service, what it sees, when it was used last."""
    person = cast(account.Person, web.visitor())
    with web.read() as session:
        found = api.connections(session, person.id)
    return flask.render_template("openid/connections.html", connections=found, now=ground.now())


@blueprint.post("/konto/dienste/<client_id>/trennen")
def disconnect(client_id: str) -> ResponseReturnValue:
    """Takes the consent back."""
    person, now = cast(account.Person, web.visitor()), ground.now()
    web.write(lambda session: api.disconnect(session, person.id, client_id, now))
    return flask.redirect(flask.url_for("connections.overview", gesagt="getrennt"), 303)
