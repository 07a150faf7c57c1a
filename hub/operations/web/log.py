"""The audit log's page: who did what, when and for whom; its check; exports. Nothing here changes an entry."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta

import flask
from flask.typing import ResponseReturnValue

from hub.core import i18n, web
from hub.core.audit import Entry, Wanted
from hub.core.clock import now_ms
from hub.core.web import gettext as _
from hub.core.web.language import language
from hub.operations import api, rules
from hub.operations.web import words

blueprint = flask.Blueprint("audit", __name__)
PATH = "/admin/protokoll"
FILTERS = ("vorgang", "konto", "betrifft", "von", "bis")
COLUMNS = ("number", "time", "actor", "action", "subject", "details", "hash")


@blueprint.get(PATH)
def overview() -> ResponseReturnValue:
    """The entries that were asked for, the newest first."""
    now, lang = now_ms(), language()
    wanted, problem, wrong = _wanted()
    before, after = web.number("vor") or None, (web.number("nach") if "nach" in flask.request.args else None)
    with web.read() as session:
        view = api.log_page(session, wanted, before, after)
    page = flask.render_template(
        "operations/log.html",
        view=view,
        problem=problem,
        wrong=wrong,
        typed={name: flask.request.args.get(name, "")[:80] for name in FILTERS},
        actions=words.actions(),
        areas=words.areas(),
        things=words.things(),
        keys=words.details(),
        number=lambda value: i18n.number(value, lang),
        moment=lambda at: i18n.moment(at, lang, now),
        exact=_exact,
        today=i18n.local(now).date().isoformat(),
    )
    response = flask.make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post(PATH + "/pruefung")
def check() -> ResponseReturnValue:
    """Follows the whole chain; the page shows what the newest check found."""
    api.check(web.database(), web.actor(), now_ms())
    return flask.redirect(flask.url_for("audit.overview") + "#kette", 303)


@blueprint.post(PATH + "/export")
def export() -> ResponseReturnValue:
    """The entries that were asked for as a file, sent while they are read; the export is an entry itself."""
    form = "csv" if flask.request.form.get("format") == "csv" else "jsonl"
    (wanted, problem, _wrong), actor, now = _wanted(), web.actor(), now_ms()
    if problem:
        flask.abort(400)
    last = web.write(lambda session: api.note_export(session, form, wanted, actor, now))
    batches = api.batches(web.database(), wanted, last)
    name = f"protokoll-{i18n.local(now):%Y-%m-%d-%H%M}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "csv":
        return flask.Response(as_csv(batches), mimetype="text/csv", headers=headers)
    return flask.Response(as_json_lines(batches), mimetype="application/x-ndjson", headers=headers)


def as_json_lines(batches: Iterator[Sequence[Entry]]) -> Iterator[str]:
    """One entry a line, as the command line exports them."""
    for found in batches:
        yield "".join(json.dumps(asdict(entry), ensure_ascii=False) + "\n" for entry in found)


def as_csv(batches: Iterator[Sequence[Entry]]) -> Iterator[str]:
    """For a spreadsheet: byte order mark and semicolons, which German Excel expects, and no cell that calculates."""
    yield "\ufeff" + _rows([COLUMNS])
    for found in batches:
        yield _rows([_cells(entry) for entry in found])


def _cells(entry: Entry) -> tuple[object, ...]:
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds")
    return entry.number, at, entry.actor, entry.action, entry.subject, entry.details, entry.hash


def _rows(rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL).writerows([map(rules.cell, row) for row in rows])
    return text.getvalue()


def _wanted() -> tuple[Wanted, str, str]:
    """The filter of the address or the form; a sentence about what could not be read in it, and that field's name."""
    values = {name: flask.request.values.get(name, "").strip()[:80] for name in FILTERS}
    problem, wrong, moments = "", "", {}
    for name, days in (("von", 0), ("bis", 1)):
        try:
            moments[name] = _midnight(values[name], days) if values[name] else None
        except (ValueError, OverflowError):
            moments[name], wrong = None, wrong or name
            problem = _("Das ist kein Tag. Bitte wählen Sie ihn im Kalender.")
    actor = values["konto"]
    if actor and not (actor.isascii() and actor.isdecimal()):
        actor, wrong, problem = "", "konto", _("Ein Konto hat eine Nummer, zum Beispiel 17.")
    wanted = Wanted(
        action=values["vorgang"] if values["vorgang"] in words.actions() else "",
        actor=f"person:{actor}" if actor else "",
        subjects=rules.subjects(values["betrifft"]),
        since=moments["von"],
        until=moments["bis"],
    )
    return wanted, problem, wrong


def _midnight(day: str, days_later: int) -> int:
    found = date.fromisoformat(day) + timedelta(days=days_later)
    return int(datetime.combine(found, time.min, i18n.TIMEZONE).timestamp() * 1000)


def _exact(at: int) -> str:
    """For machines: 2027-01-31T14:05:00.000+01:00."""
    return i18n.local(at).isoformat(timespec="milliseconds")
