"""Who may call what: an endpoint that does not stand in the table is closed."""

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import urlencode

import flask

PUBLIC = "public"
MACHINE = "machine"  # public, without cookies and so without a form token


class Visitor(Protocol):
    """Somebody who is logged in."""

    @property
    def name(self) -> str:
        """The name people see."""

    @property
    def roles(self) -> frozenset[str]:
        """What this person may do."""


def visitor() -> Visitor | None:
    """Who sent this request, asked once."""
    if "visitor" not in flask.g:
        flask.g.visitor = flask.current_app.extensions["visitor"]()
    found: Visitor | None = flask.g.visitor
    return found


def install(
    app: flask.Flask, table: Mapping[str, str], find_visitor: Callable[[], Visitor | None], login_path: str
) -> None:
    """Checks each request against `table` (endpoint -> "public", "machine" or a role)."""
    app.extensions["visitor"] = find_visitor
    app.extensions["machine_doors"] = frozenset(endpoint for endpoint, who in table.items() if who == MACHINE)
    app.jinja_env.globals["visitor"] = visitor

    def check() -> flask.typing.ResponseReturnValue | None:
        endpoint = flask.request.endpoint
        if endpoint is None or table.get(endpoint) in (PUBLIC, MACHINE):
            return None  # no endpoint: the 404 page follows
        person = visitor()
        role = table.get(endpoint)
        if role is not None and person is not None and role in person.roles:
            return None
        if role is None or person is not None:
            flask.abort(403)
        if flask.request.path.startswith("/api/") or flask.request.method != "GET":
            flask.abort(401)
        return flask.redirect(f"{login_path}?{urlencode({'next': flask.request.full_path.rstrip('?')})}", 303)

    app.before_request(check)
