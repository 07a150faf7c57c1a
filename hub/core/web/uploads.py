"""Routes that take files, the sentences for files that are not taken, and the way files leave the house."""

import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import flask
from flask.typing import ResponseReturnValue

from hub.core import files
from hub.core.db import Database
from hub.core.files import Intake, Received, RefusedError, Stored
from hub.core.files.scanner import Clamd
from hub.core.files.work import vault_of
from hub.core.web import access
from hub.core.web.access import Door, Porter
from hub.core.web.language import gettext as _
from hub.settings import Settings

MAX_FILES = 5  # a form
MEGABYTE = 1024 * 1024
FORM_TEXT_BYTES = 64 * 1024
FIELD, KEPT_FIELD = "files", "kept"
ROOM_BYTES = 200 * MEGABYTE  # for all files that one person has handed in
_MARK = "takes_files"

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def takes_files(view: View) -> View:
    """Marks a route whose forms may carry files; every other route stays at 64 KiB."""
    setattr(view, _MARK, True)
    return view


def install(app: flask.Flask, settings: Settings) -> None:
    """Opens the vault; raises the limit for marked routes, and only for people who are logged in."""
    clamd = Clamd(settings.clamd_url) if settings.clamd_url else None
    app.extensions["intake"] = Intake(vault_of(settings), settings.upload_mb * MEGABYTE, clamd)
    app.config["MAX_FORM_MEMORY_SIZE"] = 4 * FORM_TEXT_BYTES
    app.before_request(_make_room)
    app.jinja_env.globals |= {
        "upload_limit": limit_sentence,
        "upload_bytes": lambda: intake().max_bytes,
        "upload_accept": files.ACCEPT,
    }


def intake() -> Intake:
    """The application's own."""
    found: Intake = flask.current_app.extensions["intake"]
    return found


def is_taking() -> bool:
    """Whether the route of this request takes files."""
    view = flask.current_app.view_functions.get(flask.request.endpoint or "")
    return bool(getattr(view, _MARK, False))


def _make_room() -> ResponseReturnValue | None:
    if not is_taking() or flask.request.method != "POST":
        return None
    if access.visitor() is not None:
        # one file more than is allowed, so that most forms that are too large can be answered with what was typed
        flask.request.max_content_length = (MAX_FILES + 1) * intake().max_bytes + FORM_TEXT_BYTES
    elif (flask.request.content_length or 0) > FORM_TEXT_BYTES:
        porter: Porter = flask.current_app.extensions["porter"]
        return porter.send_to_log_in(Door("person"), None)  # before anything of the body is read
    return None


def limit_sentence() -> str:
    """What one form may carry."""
    return _("Bis zu %(n)s Dateien mit je höchstens %(mb)s MB.", n=MAX_FILES, mb=intake().max_bytes // MEGABYTE)


def received(person_id: int, now: int) -> tuple[list[Received], list[str]]:
    """(files of this form, sentences about those that were not taken).

    Files of an earlier try come back by their ids, so that nobody must choose them again after a mistake elsewhere.
    """
    opened = _database()
    with opened.read() as session:
        found = files.drafts(session, person_id, flask.request.form.getlist(KEPT_FIELD)[:MAX_FILES])
    problems = []
    for one in flask.request.files.getlist(FIELD):
        if not one.filename:
            continue
        if len(found) == MAX_FILES:
            problems.append(_("Es gehen höchstens %(n)s Dateien auf einmal.", n=MAX_FILES))
            break
        try:
            taken = _receive(one.read(intake().max_bytes + 1), one.filename, person_id)
        except RefusedError as error:
            problems.append(sentence(error))
        else:
            opened.write(partial(files.draft, received=taken, person_id=person_id, now=now))
            found.append(taken)
    return found, problems


def _receive(content: bytes, name: str, person_id: int) -> Received:
    with _database().read() as session:
        if files.used_bytes(session, person_id) + len(content) > ROOM_BYTES:
            raise RefusedError("room", name)
    return intake().receive(content, name)


def _database() -> Database:
    found: Database = flask.current_app.extensions["database"]
    return found


def sentence(error: RefusedError) -> str:
    """Why a file was not taken and what to do."""
    values: dict[str, Any] = {"name": error.name[:80]}
    texts: Mapping[str, str] = {
        "empty": _("„%(name)s“ ist leer. Bitte wählen Sie die Datei noch einmal.", **values),
        "large": _(
            "„%(name)s“ ist zu groß. Eine Datei darf höchstens %(mb)s MB haben.",
            mb=intake().max_bytes // MEGABYTE,
            **values,
        ),
        "kind": _("„%(name)s“ können wir nicht annehmen. Es gehen PDF, JPEG, PNG und HEIC.", **values),
        "pixels": _("Das Bild „%(name)s“ hat zu viele Bildpunkte. Bitte verkleinern Sie es.", **values),
        "broken": _("„%(name)s“ ist beschädigt oder unvollständig. Bitte wählen Sie die Datei noch einmal.", **values),
        "locked": _("Die PDF „%(name)s“ ist mit einem Passwort geschützt. Bitte speichern Sie sie ohne.", **values),
        "active": _("Die PDF „%(name)s“ enthält Programme. Bitte drucken Sie sie neu als PDF.", **values),
        "room": _("Für „%(name)s“ ist kein Platz mehr. Bitte löschen Sie alte Nachrichten mit Dateien.", **values),
        "virus": _("In „%(name)s“ hat der Virenscanner etwas gefunden. Wir haben die Datei gelöscht.", **values),
        "busy": _("„%(name)s“ können wir gerade nicht prüfen. Bitte später noch einmal versuchen.", **values),
    }
    return texts[error.reason]


def send(stored: Stored) -> flask.Response:
    """The file for saving: never shown as a page of ours, never cached. 404 when its bytes are gone."""
    try:
        content = intake().vault.get(stored.id)
    except FileNotFoundError:
        flask.abort(404)
    body = io.BytesIO(content)
    response = flask.send_file(body, mimetype=stored.mime, as_attachment=True, download_name=stored.name)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
