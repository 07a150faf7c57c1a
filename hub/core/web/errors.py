"""Errors in plain words, with an id that stands in the log as well."""

import logging
import secrets

import flask
from werkzeug.exceptions import HTTPException

from hub.core.db import UnavailableErrors
from hub.core.web import access, uploads
from hub.core.web.access import RoleMissingError
from hub.core.web.language import gettext as _

log = logging.getLogger(__name__)


def _words(code: int) -> tuple[str, str]:
    """(title, what to do) for a status code."""
    known = {
        400: (_("Das konnten wir nicht lesen"), _("Bitte gehen Sie zurück und versuchen Sie es noch einmal.")),
        401: (_("Bitte melden Sie sich an"), _("Diese Seite ist nur mit einem Konto zu sehen.")),
        403: (
            _("Das ist hier nicht erlaubt"),
            _("Bitte gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal."),
        ),
        404: (
            _("Diese Seite gibt es nicht"),
            _("Vielleicht wurde sie verschoben. Auf der Startseite finden Sie alles."),
        ),
        405: (
            _("So lässt sich das nicht öffnen"),
            _("Bitte gehen Sie zurück und nutzen Sie die Knöpfe auf der Seite."),
        ),
        413: (_("Das ist zu groß"), _too_large()),
        429: (_("Das war zu oft"), _("Bitte warten Sie einen Moment und versuchen Sie es noch einmal.")),
        503: (
            _("Gerade nicht erreichbar"),
            _("Wir speichern gerade nichts. Bitte versuchen Sie es in einer Minute wieder."),
        ),
    }
    default = (_("Das hat nicht geklappt"), _("Der Fehler liegt bei uns. Bitte versuchen Sie es später noch einmal."))
    return known.get(code, default)


def _too_large() -> str:
    if not uploads.is_taking():
        return _("Bitte gehen Sie zurück und senden Sie weniger Text.")
    return _("Gehen Sie zurück und senden Sie weniger oder kleinere Dateien.") + " " + uploads.limit_sentence()


def _staff_only() -> tuple[str, str]:
    return (
        _("Diese Seite ist für Mitarbeitende"),
        _("Ihr Konto hat die Rolle dafür nicht. Sie arbeiten hier? Dann gibt Ihnen die Leitstelle die Rolle."),
    )


def respond(code: int, error_id: str = "", *, staff_only: bool = False) -> tuple[flask.Response, int]:
    """The error as a page, as JSON below /api/, or as a path of `machine_errors` wants it (path -> code -> answer)."""
    speak = flask.current_app.extensions.get("machine_errors", {}).get(flask.request.path)
    if speak is not None:
        return speak(code), code
    title, advice = _staff_only() if staff_only else _words(code)
    if flask.request.path.startswith("/api/"):
        body = {"error": f"{title}. {advice}"} | ({"id": error_id} if error_id else {})
        return flask.jsonify(body), code
    facts = {"code": code, "title": title, "advice": advice, "error_id": error_id}
    page = flask.render_template("error.html", **facts, to_account=staff_only)
    return flask.make_response(page), code


def install(app: flask.Flask) -> None:
    """Catches everything; a stack trace goes to the log only."""

    @app.errorhandler(HTTPException)
    def expected(error: HTTPException) -> flask.typing.ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response(flask.request.environ)
        response, code = respond(error.code, staff_only=isinstance(error, RoleMissingError))
        for name, value in error.get_headers(flask.request.environ):
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        return response, code

    def _log_in_again() -> flask.typing.ResponseReturnValue:
        try:
            return access.log_in_again()
        except HTTPException as refused:
            return expected(refused)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> flask.typing.ResponseReturnValue:
        if not isinstance(error, UnavailableErrors) and access.is_visitor_lost():
            log.info("somebody's session ended during %s %s", flask.request.method, flask.request.path, exc_info=error)
            return _log_in_again()
        error_id = secrets.token_hex(4)
        code = 503 if isinstance(error, UnavailableErrors) else 500
        log.error("error %s at %s %.200r", error_id, flask.request.method, flask.request.path, exc_info=error)
        return respond(code, error_id)
