"""A database with a table for effects, on SQLite and on PostgreSQL."""

import pytest

from hub.core.db import Database
from tests.hub.core.jobs import work


@pytest.fixture(autouse=True)
def _effects(request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        work.make_effects(request.getfixturevalue("database"))


@pytest.fixture
def another(database: Database, database_url: str):
    """The same database, opened by somebody else."""
    opened = Database(database_url)
    yield opened
    opened.close()
