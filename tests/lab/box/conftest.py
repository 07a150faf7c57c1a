"""What the boxes share: the bundle, built once."""

import importlib.util
import os
from pathlib import Path

import pytest

from tests.lab.box.root import PYTHONS, wanted_release

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real release bundle's two parts for this machine's processor and the boxes' Python."""
    spec = importlib.util.spec_from_file_location("bundle_build", ROOT / "ansible/release/build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    home = tmp_path_factory.mktemp("bundle")
    options = ["--out", str(home / "bundle"), "--key", str(home / "key"), "--public", str(home / "release.pub")]
    machine, python = os.uname().machine, PYTHONS[wanted_release()]
    parts = [f"--part={build.part_name(kind, machine, python)}" for kind in ("node", "hub")]
    assert build.main([*options, *parts]) == 0
    return home
