"""Fixtures that every part's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto on a free loopback port; `restart()` and `kill()` as the test needs."""
    with Mosquitto(tmp_path / "mosquitto") as broker:
        yield broker
