"""Who may call what: an endpoint that does not stand in the table is closed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import flask


@dataclass(frozen=True)
class Door:
    """Who may call an endpoint: public, machine (public, without cookies and so without a form token), person
    (everybody who is logged in) or a role; at which level of assurance (1 basis, 2 substantiell, 3 hoch); and whether
    the last log-in must be fresh.
    """

    who: str
    level: int = 1
    fresh: bool = False


PUBLIC = Door("public")
MACHINE = Door("machine")
PERSON = Door("person")
_CLOSED = Door("nobody")


class Visitor(Protocol):
    """Somebody who is logged in."""

    @property
    def id(self) -> int:
        """The person's number."""

    @property
    def name(self) -> str:
        """The name people see."""

    @property
    def roles(self) -> frozenset[str]:
        """What this person may do."""

    @property
    def level(self) -> int:
        """How sure the town is of them now."""

    @property
    def fresh(self) -> bool:
        """Whether they logged in a moment ago."""


@dataclass(frozen=True)
class Porter:
    """The account's part: who it is, and where to send somebody who must log in (again) first."""

    find: Callable[[], Visitor | None]
    send_to_log_in: Callable[[Door, Visitor | None], flask.typing.ResponseReturnValue]
    log_out: Callable[[flask.Response], flask.Response]  # ends the session of this request, and its cookie


def visitor() -> Visitor | None:
    """Who sent this request, asked once."""
    if "visitor" not in flask.g:
        flask.g.visitor = flask.current_app.extensions["porter"].find()
    found: Visitor | None = flask.g.visitor
    return found


def install(app: flask.Flask, table: Mapping[str, Door], porter: Porter) -> None:
    """Checks each request against `table` (endpoint -> door)."""
    app.extensions["porter"] = porter
    app.extensions["machine_doors"] = frozenset(endpoint for endpoint, door in table.items() if door == MACHINE)
    app.jinja_env.globals["visitor"] = visitor

    def check() -> flask.typing.ResponseReturnValue | None:
        endpoint = flask.request.endpoint
        door = table.get(endpoint, _CLOSED) if endpoint is not None else PUBLIC  # the 404 page follows
        if door in (PUBLIC, MACHINE):
            return None
        person = visitor()
        if person is None and door != _CLOSED:
            return _ask(porter, door, None)
        if person is None or (door.who != PERSON.who and door.who not in person.roles):
            flask.abort(403)
        if person.level < door.level or (door.fresh and not person.fresh):
            return _ask(porter, door, person)
        return None

    app.before_request(check)


def _ask(porter: Porter, door: Door, person: Visitor | None) -> flask.typing.ResponseReturnValue:
    if flask.request.path.startswith("/api/"):
        flask.abort(401)
    return porter.send_to_log_in(door, person)
