"""The web application on the town's own data, without a server."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from edge import wire
from hub import app as wiring
from hub import intake, setup
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.ingest import api as ingest
from hub.settings import Settings
from tests import ready

PUBLIC_PAGES = (
    "/",
    "/parken",
    "/parken/thermarium",
    "/parken?filter=laden",
    "/wlan",
    "/impressum",
    "/datenschutz",
    "/barrierefreiheit",
    "/demo",
    "/daten",
    "/anmelden",
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(state_dir=tmp_path_factory.mktemp("hub"), live_port=8093)
    ready.migrate(made)
    setup.seed(made)
    return made


@pytest.fixture(scope="module")
def web_app(settings: Settings) -> Iterator[Flask]:
    made = wiring.create_app(settings)
    yield made
    events.wire({})
    made.extensions["database"].close()


@pytest.fixture
def client(web_app: Flask) -> FlaskClient:
    return web_app.test_client()


@pytest.fixture(scope="module")
def report(web_app: Flask):
    """report(bay, state): a board of the town sends one reading, through ingest."""
    database: Database = web_app.extensions["database"]
    boards = {bay: node for node, bays in intake.known_senders(database).items() for bay in bays}
    numbers = iter(range(1, 10_000))

    def send(bay: str, state: str) -> None:
        now, number = now_ms(), next(numbers)
        body = {"v": 1, "outbox": f"test{number:04d}", "seq": 1, "ts": wire.format_ms(now), "bay": bay, "state": state}
        message = ingest.Incoming(f"node/v1/{boards[bay]}/bay", json.dumps(body).encode(), now)
        database.write(ingest.Batch([message], intake.known_senders(database), now).store)

    return send


def form_token(client: FlaskClient, path: str) -> str:
    """The hidden field of the page's form, with the cookie kept by the client."""
    return client.get(path).text.split('name="csrf" value="')[1].split('"')[0]


TEMPLATES = Path(wiring.__file__).parent / "templates"
