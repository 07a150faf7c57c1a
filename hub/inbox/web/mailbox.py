"""A person's inbox."""

import flask
from flask.typing import ResponseReturnValue

from hub.core import web
from hub.core.clock import now_ms
from hub.core.web.uploads import takes_files
from hub.inbox import api
from hub.inbox.web import sheets

blueprint = flask.Blueprint("inbox", __name__)


def unread() -> int:
    """How many messages the visitor has not read, asked once a request."""
    person = web.visitor()
    if person is None:
        return 0
    if "unread" not in flask.g:
        with web.read() as session:
            flask.g.unread = api.unread(session, person.id)
    return int(flask.g.unread)


@blueprint.get("/konto/postfach")
def overview() -> ResponseReturnValue:
    """All threads."""
    page = max(1, web.number("seite", 1))
    with web.read() as session:
        found = api.listed(session, sheets.person_id(), page)
    more = page + 1 if len(found) == api.PAGE else None
    return flask.render_template("inbox/overview.html", threads=found, now=now_ms(), page=page, more=more)


@blueprint.get("/konto/postfach/<int:thread_id>")
def thread(thread_id: int) -> ResponseReturnValue:
    """One thread; opening it is reading it."""
    person, now = sheets.person_id(), now_ms()
    with web.read() as session:
        found = api.thread(session, person, thread_id)
    if found is None:
        flask.abort(404)
    if any(not one.read_at and not one.from_person for one in found.messages):
        web.write(lambda session: api.mark_read(session, person, thread_id, now))
    return _thread(thread_id, sheets.empty())


@blueprint.post("/konto/postfach/<int:thread_id>")
@takes_files
def answer(thread_id: int) -> ResponseReturnValue:
    """Answers, perhaps with files."""
    person, now = sheets.person_id(), now_ms()
    letter, problems = sheets.read()
    if problems:
        return _thread(thread_id, sheets.again(letter, problems))
    try:
        web.write(lambda session: api.answer(session, person, thread_id, letter, now))
    except api.RefusedError as error:
        return _thread(thread_id, sheets.again(letter, (), error.reason))
    return flask.redirect(flask.url_for("inbox.thread", thread_id=thread_id, gesagt="gesendet"), 303)


@blueprint.get("/konto/postfach/<int:thread_id>/loeschen")
def remove_page(thread_id: int) -> ResponseReturnValue:
    """Asks whether a thread shall be gone."""
    with web.read() as session:
        found = api.thread(session, sheets.person_id(), thread_id)
    if found is None or not found.may_remove:
        flask.abort(404)
    return flask.render_template("inbox/remove.html", thread=found)


@blueprint.post("/konto/postfach/<int:thread_id>/loeschen")
def remove(thread_id: int) -> ResponseReturnValue:
    """Deletes a thread."""
    person, now = sheets.person_id(), now_ms()
    try:
        web.write(lambda session: api.remove(session, person, thread_id, now))
    except api.RefusedError as error:
        flask.abort(404 if error.reason == "unknown" else 409)
    return flask.redirect(flask.url_for("inbox.overview", gesagt="geloescht"), 303)


@blueprint.get("/konto/postfach/<int:thread_id>/datei/<file_id>")
def download(thread_id: int, file_id: str) -> ResponseReturnValue:
    """A file of one of the person's threads."""
    with web.read() as session:
        found = api.thread(session, sheets.person_id(), thread_id)
        stored = api.stored_file(session, thread_id, file_id) if found is not None else None
    if stored is None:
        flask.abort(404)
    return web.uploads.send(stored)


@blueprint.get("/konto/postfach/neu")
def ask_page() -> ResponseReturnValue:
    """A form for a letter to the citizens' office."""
    return _ask(sheets.empty())


@blueprint.post("/konto/postfach/neu")
@takes_files
def ask() -> ResponseReturnValue:
    """Begins a thread with the citizens' office."""
    person, now = sheets.person_id(), now_ms()
    letter, problems = sheets.read()
    if problems:
        return _ask(sheets.again(letter, problems))
    try:
        made = web.write(lambda session: api.ask(session, person, api.OFFICE, letter, now))
    except api.RefusedError as error:
        return _ask(sheets.again(letter, (), error.reason))
    return flask.redirect(flask.url_for("inbox.thread", thread_id=made, gesagt="gesendet"), 303)


@blueprint.get("/konto/postfach/einstellungen")
def preferences() -> ResponseReturnValue:
    """How the person hears of messages."""
    with web.read() as session:
        chosen = api.notices.choice(session, sheets.person_id())
    return flask.render_template("inbox/preferences.html", chosen=chosen, choices=api.MailNotice)


@blueprint.post("/konto/postfach/einstellungen")
def set_preferences() -> ResponseReturnValue:
    """Keeps the choice."""
    person, wanted = sheets.person_id(), flask.request.form.get("mail", "")
    try:
        web.write(lambda session: api.notices.choose(session, person, wanted))
    except ValueError:
        flask.abort(400)
    return flask.redirect(flask.url_for("inbox.preferences", gesagt="gespeichert"), 303)


def _thread(thread_id: int, sheet: sheets.Sheet) -> ResponseReturnValue:
    with web.read() as session:
        found = api.thread(session, sheets.person_id(), thread_id)
    if found is None:
        flask.abort(404)
    return flask.render_template("inbox/thread.html", thread=found, sheet=sheet, now=now_ms()), sheet.status


def _ask(sheet: sheets.Sheet) -> ResponseReturnValue:
    return flask.render_template("inbox/ask.html", sheet=sheet), sheet.status
