"""The inbox of a person; in the demonstration also a look into the mails that were not sent."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.inbox import api

blueprint = flask.Blueprint("inbox", __name__)
demo = flask.Blueprint("post_office", __name__)  # registered in the demonstration only


def _me() -> int:
    person = web.visitor()
    if person is None:
        flask.abort(401)
    return person.id


def unread() -> int:
    """How many messages the visitor has not read, asked once a request."""
    if web.visitor() is None:
        return 0
    if "unread" not in flask.g:
        with web.read() as session:
            flask.g.unread = api.unread(session, _me())
    return int(flask.g.unread)


@blueprint.get("/konto/postfach")
def overview() -> ResponseReturnValue:
    """All messages."""
    before = flask.request.args.get("vor", type=int)
    with web.read() as session:
        found = api.messages(session, _me(), before)
    return flask.render_template("inbox/overview.html", messages=found, now=now_ms(), more=len(found) == api.PAGE)


@blueprint.get("/konto/postfach/<int:message_id>")
def message(message_id: int) -> ResponseReturnValue:
    """One message; opening it is reading it."""
    person, now = _me(), now_ms()
    with web.read() as session:
        found = api.message(session, person, message_id)
    if found is None:
        flask.abort(404)
    if not found.read_at:
        web.write(lambda session: api.mark_read(session, person, message_id, now))
    return flask.render_template("inbox/message.html", message=found, now=now)


@blueprint.post("/konto/postfach/<int:message_id>/loeschen")
def remove(message_id: int) -> ResponseReturnValue:
    """Deletes a message."""
    person = _me()
    web.write(lambda session: api.remove(session, person, message_id))
    return flask.redirect(flask.url_for("inbox.overview"), 303)


@demo.get("/demo/postamt")
def post_office() -> ResponseReturnValue:
    """Mails that the demonstration kept instead of sending them."""
    with web.read() as session:
        found = api.demo_mails(session)
    return flask.render_template("inbox/postoffice.html", mails=found, now=now_ms())
