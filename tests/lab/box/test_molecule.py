"""Each role's molecule scenario, whole: on a bare box it sets up, changes nothing the second time, and holds."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.lab.box.town import why_impossible

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[3]
ROLES = sorted(path.name for path in (ROOT / "ansible/roles").iterdir())


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_scenario_passes_from_create_to_destroy(role: str, bundle: Path) -> None:
    if reason := why_impossible():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    program = shutil.which("molecule", path=path)
    assert program is not None, "molecule is missing: it stands in tests/requirements.lock"
    with tempfile.TemporaryDirectory(prefix="molecule-") as scratch:  # short: sockets of ssh lie in it
        environment = {
            **os.environ,
            "PATH": path,
            "NO_COLOR": "1",
            "MOLECULE_EPHEMERAL_DIRECTORY": scratch,
            "MOLECULE_BUNDLE": str(bundle / "bundle"),
            "MOLECULE_RELEASE_KEY": str(bundle / "release.pub"),
        }
        began = time.monotonic()
        command, home = [program, "test"], ROOT / "ansible/roles" / role
        try:
            done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
        finally:
            if Path(scratch, "box.pid").exists():
                subprocess.run([sys.executable, "-m", "tests.lab.box", "stop", scratch], cwd=ROOT, check=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    print(f"\n  molecule: {role} in {time.monotonic() - began:.0f} s", flush=True)
