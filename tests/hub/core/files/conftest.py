"""A vault in an empty directory."""

from pathlib import Path

import pytest

from hub.core.files import Intake, Vault

MEGABYTE = 1024 * 1024


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "files", bytes(range(32)))


@pytest.fixture
def intake(vault: Vault) -> Intake:
    return Intake(vault, 10 * MEGABYTE)
