"""Plants a violation of each import rule into a copy of the tree and sees it caught."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[1]
PACKAGES = ("edge", "hub", "captive_portal")

# contract -> (file, line that breaks it)
VIOLATIONS = {
    "Upper modules call lower ones": ("hub/ingest/api.py", "import hub.parking.api"),
    "modules on one line do not know each other": ("hub/account/api.py", "import hub.fleet.api"),
    "Inside a module": ("hub/parking/store.py", "import hub.parking.api"),
    "Rules are pure": ("hub/parking/rules.py", "import sqlalchemy"),
    "Rules are pure, in a node as well": ("edge/rules/bay.py", "import paho"),
    "Only api is visible": ("hub/dashboard/web.py", "import hub.parking.store"),
    "The demo is imported by the command line alone": ("hub/app.py", "import hub.demo.ports"),
    "edge.wire is the only door into edge": ("hub/ingest/store.py", "import edge.outbox"),
    "edge.wire is the only door into edge, for the portal too": ("captive_portal/web.py", "import edge.outbox"),
    "A node knows nothing of the hub": ("captive_portal/web.py", "import hub.core.clock"),
    "edge knows nothing of the portal": ("edge/agent.py", "import captive_portal"),
    "Flask is seen in web rooms alone": ("hub/parking/api.py", "import flask"),
    "SQLAlchemy is seen in stores alone": ("hub/parking/web.py", "import sqlalchemy"),
}


@pytest.fixture
def copy_of_the_tree(tmp_path: Path) -> Path:
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "static", "data", "templates")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "import_rules.py", tmp_path / "tests")
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tree_keeps_every_rule(copy_of_the_tree: Path) -> None:
    result = lint(copy_of_the_tree)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("rule", VIOLATIONS)
def test_a_planted_violation_is_caught(rule: str, copy_of_the_tree: Path) -> None:
    file, line = VIOLATIONS[rule]
    with (copy_of_the_tree / file).open("a") as stream:
        stream.write(f"\n{line}\n")
    result = lint(copy_of_the_tree)
    assert result.returncode != 0
    broken = [text for text in result.stdout.splitlines() if "BROKEN" in text]
    assert any(rule.split(",", maxsplit=1)[0] in text for text in broken), result.stdout


def test_a_new_module_without_a_layer_is_caught(copy_of_the_tree: Path) -> None:
    (copy_of_the_tree / "hub" / "newcomer").mkdir()
    (copy_of_the_tree / "hub" / "newcomer" / "__init__.py").touch()
    assert lint(copy_of_the_tree).returncode != 0
