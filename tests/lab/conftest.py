"""The lab as a fixture: one street for a test file, and proof that nothing of it stays."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.lab.lab import Lab, why_impossible


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A street without gate and portal yet; a module's LAB gives options to it."""
    reason = why_impossible()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with TemporaryDirectory(prefix="stadtknoten-lab-") as directory:
        with Lab(Path(directory), **getattr(request.module, "LAB", {})) as street:
            yield street
        assert street.left_behind() == []


@pytest.fixture(scope="module")
def street(lab: Lab) -> Lab:
    """The lab with gate and portal running."""
    lab.start_gate()
    lab.start_portal()
    return lab
