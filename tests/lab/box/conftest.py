"""What the boxes share: the bundle, built once."""

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real release bundle's two parts for this machine."""
    spec = importlib.util.spec_from_file_location("bundle_build", ROOT / "ansible/release/build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    home = tmp_path_factory.mktemp("bundle")
    options = ["--out", str(home / "bundle"), "--key", str(home / "key"), "--public", str(home / "release.pub")]
    parts = [f"--part={build.part_name(kind, os.uname().machine, '3.11')}" for kind in ("node", "hub")]
    assert build.main([*options, *parts]) == 0
    return home
