"""A look into the mails that the demonstration did not send."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.inbox import api

blueprint = flask.Blueprint("post_office", __name__)  # registered in the demonstration only


@blueprint.get("/demo/postamt")
def post_office() -> ResponseReturnValue:
    """Mails that the demonstration kept instead of sending them."""
    with web.read() as session:
        found = api.demo_mails(session)
    return flask.render_template("inbox/postoffice.html", mails=found, now=now_ms())
