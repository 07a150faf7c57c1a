"""The citizens' office's mailbox: write to a person, read answers, close. For clerks."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web.uploads import takes_files
from hub.inbox import api
from hub.inbox.web import sheets

blueprint = flask.Blueprint("office", __name__)


def unread() -> int:
    """How many threads wait for the office; for the tile on a clerk's account page."""
    with web.read() as session:
        return api.office.unread(session)


@blueprint.get("/buergerbuero/postfach")
def overview() -> ResponseReturnValue:
    """All threads of the office, unread answers first."""
    page = max(1, web.number("seite", 1))
    with web.read() as session:
        found = api.office.rows(session, page)
    more = page + 1 if len(found) == api.PAGE else None
    return flask.render_template("inbox/office.html", rows=found, now=now_ms(), page=page, more=more)


@blueprint.get("/buergerbuero/postfach/neu")
def write_page() -> ResponseReturnValue:
    """A form for a letter to somebody whose mail address is known."""
    return _write(sheets.empty(""), answerable=True)


@blueprint.post("/buergerbuero/postfach/an")
def write_to() -> ResponseReturnValue:
    """The same form for the person whose account is open at the counter; no address stands in the page's own."""
    return _write(sheets.empty(flask.request.form.get("mail", "")[:254]), answerable=True)


@blueprint.post("/buergerbuero/postfach/neu")
@takes_files
def write() -> ResponseReturnValue:
    """Sends it."""
    clerk, now, form = sheets.person_id(), now_ms(), flask.request.form
    letter, problems = sheets.read()
    mail, answerable = form.get("mail", "")[:254], form.get("answerable") == "1"
    if problems:
        return _write(sheets.again(letter, problems), answerable=answerable)
    try:
        made = web.write(lambda session: api.office.write(session, clerk, mail, letter, now, answerable=answerable))
    except api.RefusedError as error:
        return _write(sheets.again(letter, (), error.reason), answerable=answerable)
    return flask.redirect(flask.url_for("office.thread", thread_id=made, gesagt="gesendet"), 303)


@blueprint.get("/buergerbuero/postfach/<int:thread_id>")
def thread(thread_id: int) -> ResponseReturnValue:
    """One thread; opening it is reading it, and is noted."""
    clerk, now = sheets.person_id(), now_ms()
    try:
        web.write(lambda session: api.office.open_thread(session, clerk, thread_id, now))
    except api.RefusedError:
        flask.abort(404)
    return _thread(thread_id, sheets.empty())


@blueprint.post("/buergerbuero/postfach/<int:thread_id>")
@takes_files
def reply(thread_id: int) -> ResponseReturnValue:
    """Goes on in a thread."""
    clerk, now = sheets.person_id(), now_ms()
    letter, problems = sheets.read()
    if problems:
        return _thread(thread_id, sheets.again(letter, problems))
    try:
        web.write(lambda session: api.office.reply(session, clerk, thread_id, letter, now))
    except api.RefusedError as error:
        return _thread(thread_id, sheets.again(letter, (), error.reason))
    return flask.redirect(flask.url_for("office.thread", thread_id=thread_id, gesagt="gesendet"), 303)


@blueprint.post("/buergerbuero/postfach/<int:thread_id>/abschliessen")
def close(thread_id: int) -> ResponseReturnValue:
    """Nobody writes here any more."""
    clerk, now = sheets.person_id(), now_ms()
    try:
        web.write(lambda session: api.office.close(session, clerk, thread_id, now))
    except api.RefusedError:
        flask.abort(404)
    return flask.redirect(flask.url_for("office.overview", gesagt="abgeschlossen"), 303)


@blueprint.get("/buergerbuero/postfach/<int:thread_id>/datei/<file_id>")
def download(thread_id: int, file_id: str) -> ResponseReturnValue:
    """A file of a thread; noted."""
    clerk, now = sheets.person_id(), now_ms()
    with web.read() as session:
        found = api.town_thread(session, api.OFFICE, thread_id)
        stored = api.stored_file(session, thread_id, file_id) if found is not None else None
    if stored is None:
        flask.abort(404)
    web.write(lambda session: api.office.open_file(session, clerk, thread_id, now))
    return web.uploads.send(stored)


def _thread(thread_id: int, sheet: sheets.Sheet) -> ResponseReturnValue:
    with web.read() as session:
        found = api.town_thread(session, api.OFFICE, thread_id)
        name = api.office.name_of(session, found.person_id) if found is not None else ""
    if found is None:
        flask.abort(404)
    page = flask.render_template("inbox/office_thread.html", thread=found, name=name, sheet=sheet, now=now_ms())
    return page, sheet.status


def _write(sheet: sheets.Sheet, *, answerable: bool) -> ResponseReturnValue:
    return flask.render_template("inbox/office_write.html", sheet=sheet, answerable=answerable), sheet.status
