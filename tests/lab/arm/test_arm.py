"""The bundle's parts for the Raspberry Pi: every wheel can be had, is installed as by the role, is imported."""

import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import ModuleType

import pytest

from tests.lab.arm.root import fresh_root, why_impossible
from tests.lab.box.root import PYTHONS, wanted_release

ROOT = Path(__file__).parents[3]
PACKAGES = {"node": "edge captive_portal", "hub": "hub edge.wire"}
# Every module but those that start something, and the migrations, which alembic reads by itself.
IMPORT_ALL = """
import importlib, pkgutil, platform, sys, time
began, count, loud = time.monotonic(), 0, []
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, name + "."):
        if not found.name.endswith("__main__") and ".migrations" not in found.name:
            importlib.import_module(found.name)
            count += 1
print(platform.machine(), count, f"{time.monotonic() - began:.1f}")
"""
# What the system has too (gpiozero and others are seen by a node of Debian 13) comes out of the release all the same.
ALL_OWN = """
import colorzero, gpiozero, sys
assert all(module.__file__.startswith(sys.prefix) for module in (colorzero, gpiozero)), colorzero
"""


def load_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bundle_build", ROOT / "ansible/release/build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build


build = load_build()


@pytest.mark.machine
@pytest.mark.parametrize("python", build.PYTHONS)
@pytest.mark.parametrize("kind", build.LOCKS)
def test_every_locked_dependency_has_a_wheel_for_the_pi(kind: str, python: str, tmp_path: Path) -> None:
    """Downloaded and held against the lock's hashes; without a network this is red, not skipped."""
    wanted = build.requirements_for(build.LOCKS[kind], "aarch64", python)
    wheels = build.fetch(build.LOCKS[kind], "aarch64", python, tmp_path / "wheels")
    assert len(wheels) == len(wanted) > 10
    kinds = {wheel.stem.rpartition("-")[2] for wheel in wheels}
    assert all(name == "any" or "aarch64" in name for name in kinds), kinds


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("kind", build.LOCKS)
def test_on_arm64_everything_is_installed_by_the_roles_script_and_imported(kind: str, tmp_path: Path) -> None:
    if reason := why_impossible():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    began = time.monotonic()
    root, python = fresh_root(), PYTHONS[wanted_release()]
    print(f"\n  arm64: Debian root in {time.monotonic() - began:.1f} s (0 when kept from before)", flush=True)
    part = build.part_name(kind, "aarch64", python)
    keys = ["--key", str(tmp_path / "key"), "--public", str(tmp_path / "release.pub")]
    assert build.main(["--out", str(tmp_path / "bundle"), *keys, f"--part={part}"]) == 0
    home = root / "opt/trial"
    shutil.rmtree(home, ignore_errors=True)
    try:
        began = time.monotonic()
        install(root, home, tmp_path, part)
        print(f"  arm64: {part} installed in {time.monotonic() - began:.1f} s", flush=True)
        if kind == "node":
            inside(root, ["/opt/trial/bin/python", "-c", ALL_OWN])
        program = ["/opt/trial/bin/python", "-c", IMPORT_ALL, *PACKAGES[kind].split()]
        said = inside(root, program).split()
        print(f"  arm64: {said[1]} modules of {PACKAGES[kind]} imported in {said[2]} s", flush=True)
        assert said[0] == "aarch64"
        assert int(said[1]) > 40
    finally:
        shutil.rmtree(home, ignore_errors=True)


def install(root: Path, home: Path, bundle: Path, part: str) -> None:
    """As the role `release` does it: the same files, the same script."""
    home.mkdir()
    shutil.copytree(bundle / "bundle", home / "bundle")
    shutil.copy(bundle / "release.pub", home)
    shutil.copy(ROOT / "ansible/roles/release/files/verify-release", home)
    script = (ROOT / "ansible/roles/release/files/install-release").read_text()
    version = build.json.loads((home / "bundle/manifest.json").read_text())["version"]
    flags = ["--system-site-packages"] if part == "node-aarch64-cp313" else []
    inside(root, ["/bin/sh", "-s", "--", "/opt/trial", part, version, *flags], script)
    assert (home / "complete").exists()


def inside(root: Path, command: list[str], text: str = "") -> str:
    """What a program prints that runs in the root, with /proc and /dev of its own and no network."""
    mounts = f'mount -t proc proc {root}/proc; mount --bind /dev {root}/dev; exec chroot {root} "$@"'
    outer = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", mounts, "sh"]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
    done = subprocess.run(
        [*outer, *command], input=text, capture_output=True, text=True, env=environment, cwd="/", check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout
