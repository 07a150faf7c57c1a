"""A release is installed only as it was signed."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).parents[2]
VERIFY = ROOT / "ansible/roles/release/files/verify-release"
PART = "node-x86_64-cp311"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bundle_build", ROOT / "ansible/release/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load()


class Signed:
    """A tiny bundle and the key that signed it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.bundle = directory, directory / "bundle"
        self.bundle.mkdir()
        wheel = directory / "thing-1-py3-none-any.whl"
        wheel.write_bytes(b"a wheel")
        build.pack(self.bundle / f"{PART}.tar", ROOT / "edge/requirements.lock", [wheel])
        self.key = Ed25519PrivateKey.generate()
        build.sign(self.bundle, "1.0", self.key)
        build.publish(directory / "release.pub", self.key)

    def verify(self, part: str = PART) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(VERIFY), "--key", str(self.directory / "release.pub")]
        command += ["--bundle", str(self.bundle), "--part", part, "--into", str(self.directory / "into")]
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    return Signed(tmp_path)


def test_what_was_signed_is_unpacked_as_it_was(signed: Signed) -> None:
    ended = signed.verify()
    assert ended.returncode == 0, ended.stderr
    assert (signed.directory / "into/wheels/thing-1-py3-none-any.whl").read_bytes() == b"a wheel"
    assert (signed.directory / "into/requirements.lock").read_bytes() == (ROOT / "edge/requirements.lock").read_bytes()


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig", f"{PART}.tar"])
def test_one_changed_byte_is_refused_and_nothing_is_unpacked(signed: Signed, name: str) -> None:
    file = signed.bundle / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    ended = signed.verify()
    assert ended.returncode == 1
    assert "nothing is installed" in ended.stderr
    assert not (signed.directory / "into").exists()


def test_another_key_or_a_missing_part_is_refused_with_a_sentence(signed: Signed) -> None:
    assert "holds no hub-x86_64-cp311" in signed.verify("hub-x86_64-cp311").stderr
    build.publish(signed.directory / "release.pub", Ed25519PrivateKey.generate())
    assert "signature is not the town's" in signed.verify().stderr


def test_the_signers_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "keys/release.key"
    first = build.read_or_make_key(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert build.public_pem(build.read_or_make_key(file)) == build.public_pem(first)
    build.publish(tmp_path / "release.pub", Ed25519PrivateKey.generate())
    with pytest.raises(ValueError, match="another key"):
        build.check_public(tmp_path / "release.pub", first)


def test_a_lock_is_read_for_the_machine_and_python_of_the_node() -> None:
    lock = ROOT / "edge/requirements.lock"
    old, new = (build.requirements_for(lock, "aarch64", python) for python in ("3.11", "3.13"))
    assert any(line.startswith("lgpio==") for line in old)
    assert not any(line.startswith("lgpio==") for line in new), "there is no wheel, Raspberry Pi OS brings its own"
    assert all("--hash=sha256:" in line and ";" not in line for line in old)


def test_the_same_contents_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.whl").write_bytes(b"1")
        build.pack(tmp_path / f"{name}.tar", ROOT / "edge/requirements.lock", [tmp_path / name / "x.whl"])
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_everything_that_the_programs_read_is_in_our_own_wheel() -> None:
    """What lies beside the code must match a pattern of package-data, or a node installs without it."""
    import tomllib
    from fnmatch import fnmatch

    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    listed = subprocess.run(
        ["git", "ls-files", "hub", "edge", "captive_portal"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [Path(name).name for name in listed.stdout.splitlines() if not name.endswith((".py", ".npmrc"))]
    assert [name for name in files if not any(fnmatch(name, pattern) for pattern in patterns)] == []
