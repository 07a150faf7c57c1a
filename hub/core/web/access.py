"""Who may call what: an endpoint that does not stand in the table is closed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import flask
from werkzeug.exceptions import Forbidden
from werkzeug.routing import Rule


@dataclass(frozen=True)
class Door:
    """Who may call an endpoint: public, machine (public, without cookies and so without a form token), person
    (everybody who is logged in) or a role; at which level of assurance (1 basis, 2 substantiell, 3 hoch); and whether
    the last log-in must be fresh. With `scope`, the name of an argument of the route, a role for that one place is
    enough: Door("kita_head", scope="kita") lets in who heads the Kita of the address. `also` names roles that pass as
    well where they hold everywhere.
    """

    who: str
    level: int = 1
    fresh: bool = False
    scope: str = ""
    also: tuple[str, ...] = ()


PUBLIC = Door("public")
MACHINE = Door("machine")
PERSON = Door("person")
_CLOSED = Door("nobody")


class RoleMissingError(Forbidden):
    """Somebody is logged in and lacks the role of a door."""


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
        """What this person may do everywhere."""

    @property
    def grants(self) -> frozenset[tuple[str, str]]:
        """(role, scope) of everything that they may do; an empty scope = everywhere."""

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


def is_visitor_lost() -> bool:
    """Whether somebody sent this request whose session ended, or whose account was deleted, while it ran."""
    return flask.g.get("visitor") is not None and flask.current_app.extensions["porter"].find() is None


def log_in_again() -> flask.typing.ResponseReturnValue:
    """To the log-in without a session; 401 below /api/."""
    porter: Porter = flask.current_app.extensions["porter"]
    return porter.log_out(flask.make_response(_ask(porter, PERSON, None)))


def actor() -> str:
    """Who sent this request, as the audit log names them; only behind a door that asks for somebody."""
    person = visitor()
    if person is None:
        raise RuntimeError("nobody is logged in")
    return f"person:{person.id}"


def admits(door: Door, grants: Collection[tuple[str, str]], arguments: Mapping[str, object]) -> bool:
    """Whether somebody with these (role, scope) pairs may pass; `arguments` are those of the route."""
    if door.who == PERSON.who or any((role, "") in grants for role in (door.who, *door.also)):
        return True
    return bool(door.scope) and (door.who, str(arguments[door.scope])) in grants


def check_scopes(rules: Iterable[Rule], table: Mapping[str, Door]) -> None:
    """ValueError for a door whose scope is no argument of its route: it would never open, or for the wrong people."""
    for rule in rules:
        door = table.get(rule.endpoint, _CLOSED)
        if door.scope and door.scope not in rule.arguments:
            raise ValueError(f"{rule.rule} has no <{door.scope}>, which its door names")


def install(app: flask.Flask, table: Mapping[str, Door], porter: Porter) -> None:
    """Checks each request against `table` (endpoint -> door)."""
    check_scopes(app.url_map.iter_rules(), table)
    app.extensions["porter"] = porter
    app.extensions["machine_doors"] = frozenset(endpoint for endpoint, door in table.items() if door == MACHINE)
    app.jinja_env.globals["visitor"] = visitor

    def check() -> flask.typing.ResponseReturnValue | None:
        endpoint = flask.request.endpoint
        door = table.get(endpoint, _CLOSED) if endpoint is not None else PUBLIC  # the 404 page follows
        if door in (PUBLIC, MACHINE) or _is_answered_by_flask():
            return None
        person = visitor()
        if person is None and door != _CLOSED:
            return _ask(porter, door, None)
        if person is None or door == _CLOSED:
            flask.abort(403)
        if not admits(door, person.grants, flask.request.view_args or {}):
            raise RoleMissingError
        if person.level < door.level or (door.fresh and not person.fresh):
            return _ask(porter, door, person)
        return None

    app.before_request(check)


def _is_answered_by_flask() -> bool:
    """OPTIONS of a page, which tells its methods and runs nothing of ours."""
    rule = flask.request.url_rule
    return (
        flask.request.method == "OPTIONS"
        and rule is not None
        and bool(getattr(rule, "provide_automatic_options", False))
    )


def _ask(porter: Porter, door: Door, person: Visitor | None) -> flask.typing.ResponseReturnValue:
    if flask.request.path.startswith("/api/"):
        flask.abort(401)
    return porter.send_to_log_in(door, person)
