"""A hub without a server, and browsers of people who have just logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask
from flask.testing import FlaskClient

from hub import app as wiring
from hub.account import api
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import register


@contextmanager
def house(directory: Path) -> Iterator[flask.Flask]:
    """The whole application on a database of its own."""
    settings = Settings(state_dir=directory)
    ready.migrate(settings)
    made = wiring.create_app(settings)
    yield made
    events.wire({})
    made.extensions["database"].close()


def citizen(app: flask.Flask, mail: str, *, methods: tuple[str, ...] = ("pwd",), ago: int = 0) -> FlaskClient:
    """A browser of somebody with this new account who logged in `ago` ms before now."""
    register(app.extensions["database"], mail, now=now_ms() - ago)
    return browser_of(app, mail, methods=methods, ago=ago)


def browser_of(app: flask.Flask, mail: str, *, methods: tuple[str, ...] = ("pwd",), ago: int = 0) -> FlaskClient:
    """One more browser of somebody who has an account."""
    database: Database = app.extensions["database"]
    person, now = person_of(app, mail), now_ms() - ago
    proof = api.Proof(person.id, frozenset(methods))
    token = database.write(lambda session: api.sessions.open_session(session, proof, now, "Firefox, Android"))
    client = app.test_client()
    client.set_cookie("sk_session", token)
    return client


def person_of(app: flask.Flask, mail: str) -> api.Person:
    """The person with this mail address."""
    database: Database = app.extensions["database"]
    with database.read() as session:
        found = api.find_by_name(session, mail)
    assert found is not None
    return found
