"""The control room's page of tills: new ones, blocked ones, what is open."""

import csv
import io
from datetime import date

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.till import api
from hub.till.web import ground, words

_LATE_MS = 30 * 86_400_000  # so long sales of tills that had been alone for too long are shown

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


@blueprint.get("/admin/kassen/tag")
def day() -> ResponseReturnValue:
    """What all tills closed on a day, for the finance office."""
    chosen = _day()
    with web.read() as session:
        found = api.closings.of_day(session, chosen)
    operations = ground.town().operations
    return ground.page("till/day.html", day=chosen.isoformat(), found=found, operations=operations, words=words)


@blueprint.get("/admin/kassen/tag.csv")
def day_csv() -> ResponseReturnValue:
    """The same as a table: a line for each operation, tax rate and way of payment."""
    chosen, lang = _day(), language()
    with web.read() as session:
        found = api.closings.of_day(session, chosen)
    out, operations = io.StringIO(), ground.town().operations
    table = csv.writer(out, delimiter=";")
    table.writerow(words.day_head())
    for row in found.rows:
        title = operations[row.operation].title if row.operation in operations else {"de": row.operation}
        name = title.get(lang) or title["de"]
        amounts = [words.amount(cents) for cents in (row.gross, row.net, row.share)]
        table.writerow([chosen.isoformat(), name, row.tax, words.way(row.way), *amounts])
    response = flask.Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="kassen-{chosen}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _day() -> date:
    """The day that was asked for, today without one; 400 for what is none."""
    asked = flask.request.args.get("tag", "")
    try:
        found = date.fromisoformat(asked) if asked else i18n.local(now_ms()).date()
    except ValueError:
        flask.abort(400)
    if not 2000 <= found.year <= 2999:
        flask.abort(400)
    return found


def _page(problem: str = "", made: tuple[str, str] | None = None, status: int = 200) -> flask.Response:
    with web.read() as session:
        found = api.tills.listed(session)
        owed = api.sales.claims(session, ground.town())
        late = api.sales.too_late(session, ground.town(), now_ms() - _LATE_MS)
    return ground.page(
        "till/admin.html",
        status,
        tills=found,
        owed=owed,
        late=late,
        problem=problem,
        made=made,
        operations=ground.town().operations,
        typed=flask.request.form if problem else {},
        words=words,
        why=ground.why_open,
        now=now_ms(),
    )
