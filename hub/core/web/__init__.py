"""What every page stands on: language, forms, access, errors, headers, the database of the request."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

import flask
from werkzeug.middleware.proxy_fix import ProxyFix

from hub.core.db import Database, Session
from hub.core.web import access, errors, forms, headers, inputs, language, uploads
from hub.core.web.access import MACHINE, PERSON, PUBLIC, Door, Porter, Visitor, actor, visitor
from hub.core.web.headers import allow_form_target, answer_json, is_secure, live_url
from hub.core.web.inputs import judges_nul, number
from hub.core.web.language import gettext
from hub.settings import Settings

__all__ = [
    "MACHINE",
    "PERSON",
    "PUBLIC",
    "Door",
    "Porter",
    "Session",
    "Visitor",
    "Work",
    "access",
    "actor",
    "allow_form_target",
    "answer_json",
    "database",
    "forms",
    "gettext",
    "install",
    "is_secure",
    "judges_nul",
    "language",
    "live_url",
    "number",
    "read",
    "settings",
    "uploads",
    "visitor",
    "write",
]

T = TypeVar("T")
Work = Callable[[Session], T]  # what `write` runs
MAX_BODY_BYTES = 64 * 1024


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = flask.current_app.extensions["settings"]
    return found


def database() -> Database:
    """The process's database."""
    found: Database = flask.current_app.extensions["database"]
    return found


def read() -> AbstractContextManager[Session]:
    """A reading session."""
    return database().read()


def write(function: Callable[[Session], T]) -> T:
    """Runs `function(session)` in one transaction."""
    return database().write(function)


def install(app: flask.Flask, chosen: Settings, opened: Database) -> None:
    """Prepares a Flask application; `access.install` closes what is not in its table."""
    app.extensions |= {"settings": chosen, "database": opened}
    app.secret_key = chosen.secret()
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_PARTS=50, SEND_FILE_MAX_AGE_DEFAULT=3600)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    errors.install(app)
    uploads.install(app, chosen)  # before the checks that read the body
    inputs.install(app)
    forms.install(app)
    language.install(app)
    app.config["HUB_DEMO"] = chosen.demo
    app.after_request(headers.secure)
    if chosen.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
