"""People with accounts, and received files."""

from pathlib import Path

import pytest

from hub.core.db import Database
from hub.core.files import Intake, Vault
from tests.hub.account.desk import register


@pytest.fixture
def rosa(database: Database) -> int:
    return register(database, "rosa@example.org", password=None)


@pytest.fixture
def otto(database: Database) -> int:
    return register(database, "otto@example.org", password=None)


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    return Intake(Vault(tmp_path / "files", bytes(range(32))), 1 << 20)
