"""The control room's page of tills: new ones, blocked ones, what is open."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.till import api
from hub.till.web import ground, words

blueprint = flask.Blueprint("till_admin", __name__)


@blueprint.get("/admin/kassen")
def overview() -> ResponseReturnValue:
    """Every till, and sales that wait for their money."""
    return _page()


@blueprint.post("/admin/kassen")
def add() -> ResponseReturnValue:
    """A new till; its key is shown once."""
    form, actor, town, now = flask.request.form, web.actor(), ground.town(), now_ms()
    name, operation = form.get("name", "").strip().lower(), form.get("operation", "")
    try:
        key = web.write(lambda session: api.tills.add(session, town, name, operation, actor, now))
    except ValueError:
        return _page(_("Diesen Namen gibt es schon, oder er passt nicht (a–z, 0–9 und -)."), status=422)
    return _page(made=(name, key))


@blueprint.post("/admin/kassen/<name>/sperren")
def end(name: str) -> ResponseReturnValue:
    """A till that is lost opens nothing any more."""
    actor, now = web.actor(), now_ms()
    try:
        web.write(lambda session: api.tills.end(session, name, actor, now))
    except ValueError:
        return _page(_("Diese Kasse gibt es nicht, oder sie ist schon gesperrt."), status=422)
    return flask.redirect(flask.url_for("till_admin.overview"), 303)


@blueprint.post("/admin/kassen/offen/<receipt>/abschreiben")
def waive(receipt: str) -> ResponseReturnValue:
    """Nobody will pay for this sale."""
    actor, town, now = web.actor(), ground.town(), now_ms()
    try:
        web.write(lambda session: api.returns.waive(session, town, receipt[:24], actor, now))
    except api.RefusedError:
        return _page(_("Dieser Verkauf lässt sich so nicht mehr ändern."), status=422)
    return flask.redirect(flask.url_for("till_admin.overview") + "#offen", 303)


def _page(problem: str = "", made: tuple[str, str] | None = None, status: int = 200) -> flask.Response:
    with web.read() as session:
        found = api.tills.listed(session)
        owed = api.sales.claims(session, ground.town())
    return ground.page(
        "till/admin.html",
        status,
        tills=found,
        owed=owed,
        problem=problem,
        made=made,
        operations=ground.town().operations,
        typed=flask.request.form if problem else {},
        words=words,
        why=ground.why_open,
        now=now_ms(),
    )
