"""A hub that trusts a broker."""

from collections.abc import Iterator
from pathlib import Path

import flask
import pytest

from hub.app import create_app
from hub.core.clock import now_ms
from hub.core.db import Base, Database
from hub.settings import Settings
from tests.hub.account import brokers
from tests.hub.account.brokers import Traveller
from tests.hub.account.desk import register


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """A real OpenID provider in its own process."""
    with brokers.mock() as address:
        yield address


@pytest.fixture
def bundid_app(tmp_path: Path, issuer: str) -> Iterator[flask.Flask]:
    """A hub that trusts it."""
    with brokers.hub(tmp_path, issuer) as made:
        yield made


@pytest.fixture
def traveller(bundid_app: flask.Flask, issuer: str) -> Traveller:
    """A browser at that hub."""
    return Traveller(bundid_app.test_client(), issuer, bundid_app.extensions["database"])


@pytest.fixture
def rosa(traveller: Traveller) -> int:
    """Somebody with an account."""
    return register(traveller.database, "rosa@example.org", now=now_ms())


@pytest.fixture
def otto(traveller: Traveller) -> int:
    """Somebody else."""
    return register(traveller.database, "otto@example.org", now=now_ms())


@pytest.fixture
def house(tmp_path: Path, database_url: str) -> Iterator[flask.Flask]:
    """A hub on either kind of database."""
    settings = Settings(state_dir=tmp_path, database_url=database_url)
    with_tables = Database(settings.database)
    Base.metadata.create_all(with_tables.engine)
    with_tables.close()
    made = create_app(settings)
    yield made
    made.extensions["database"].close()
