"""The lab as a fixture: one street for a test file, and proof that nothing of it stays."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.lab.lab import Lab, why_impossible


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A street without gate and portal yet."""
    reason = why_impossible()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with TemporaryDirectory(prefix="stadtknoten-lab-") as directory:
        with Lab(Path(directory)) as street:
            yield street
        assert street.left_behind() == []
