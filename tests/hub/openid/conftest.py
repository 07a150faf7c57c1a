"""One running provider for all black-box tests, and one without a process for the others."""

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from hub import setup
from hub.app import create_app
from hub.core import clock
from hub.core.db import Database
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import register
from tests.hub.openid import service as pages
from tests.hub.openid.running import Provider, Service, Visitor, running


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running(tmp_path_factory.mktemp("provider")) as made:
        yield made


@pytest.fixture
def service(provider: Provider) -> Service:
    """A service that nobody connected yet."""
    return provider.add_client()


@pytest.fixture
def rosa(provider: Provider) -> Visitor:
    """Rosa's browser, logged in."""
    return Visitor(provider).log_in()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[flask.Flask]:
    settings = Settings(state_dir=Path(tmp_path_factory.mktemp("hub")), public_url="http://localhost:8080")
    ready.migrate(settings)
    setup.seed(settings)
    made = create_app(settings)
    database = made.extensions["database"]
    for mail in (pages.MAIL, "otto@example.org"):
        register(database, mail, password=None, now=clock.now_ms())
    yield made
    database.close()


@pytest.fixture
def database(app: flask.Flask) -> Database:
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def pool(database: Database, client: FlaskClient) -> pages.Service:
    """A connected service; Rosa is logged in."""
    pages.log_in(database, client, pages.MAIL)
    return pages.connect(database, client)
