"""In the demonstration a cashier gets a till with one click. Registered only where HUB_DEMO=1."""

import secrets
from typing import cast

import flask
from flask.typing import ResponseReturnValue

from hub.account import api as account
from hub.core import web
from hub.core.clock import now_ms
from hub.core.web.access import RoleMissingError
from hub.till import api
from hub.till.web import ground

blueprint = flask.Blueprint("till_demo", __name__)


@blueprint.post("/demo/kasse")
def open_till() -> ResponseReturnValue:
    """A new till, whose key the browser takes out of the address (the part behind # never leaves it)."""
    person, town, now = cast(account.Person, web.visitor()), ground.town(), now_ms()
    actor = web.actor()
    operation = flask.request.form.get("operation", "")
    if (api.tills.CASHIER, "") not in person.grants:
        raise RoleMissingError
    if operation not in town.operations:
        flask.abort(400)
    name = f"{operation}-{secrets.token_hex(2)}"
    key = web.write(lambda session: api.tills.add(session, town, name, operation, actor, now))
    return flask.redirect(flask.url_for("till.app", name=name, _anchor=f"schluessel={key}"), 303)
