"""Builds the signed release bundle: `make bundle`. Needs the network; an installation from the bundle does not.

build/bundle/
  manifest.json          version, SHA-256 and contents of every part
  manifest.sig           Ed25519 signature of manifest.json
  node-aarch64-cp311.tar wheels of the node's lock for one machine and one Python, our own wheel, the lock itself
  ...
  stadtknoten-*.tar.gz   our own source
  firmware.bundle, .json byte code for wireless sensors; they know another key (RSA-3072: MicroPython has no Ed25519)
"""

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = {"node": ROOT / "edge/requirements.lock", "hub": ROOT / "hub/requirements.lock"}
FIRMWARE = "firmware"
MACHINES = ("aarch64", "x86_64")
PYTHONS = ("3.11", "3.13")  # Debian 12 and 13, Raspberry Pi OS of the same names
_GLIBC = range(36, 16, -1)  # Debian 12's, and what older wheels ask for


def part_name(kind: str, machine: str, python: str) -> str:
    """Such as node-aarch64-cp311."""
    return f"{kind}-{machine}-cp{python.replace('.', '')}"


def main(arguments: list[str] | None = None) -> int:
    """Builds everything, or the parts that are named; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        key = read_or_make_key(options.key)
        check_public(options.public, key)
        build(options.out, options.part, key, options.firmware_key)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    publish(options.public, key)
    print(f"{options.out}: signed with {options.key}; nodes and hub believe it by {options.public}")
    return 0


def _parser() -> argparse.ArgumentParser:
    every = [part_name(kind, machine, python) for kind in LOCKS for machine in MACHINES for python in PYTHONS]
    home = Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")).expanduser()
    parser = argparse.ArgumentParser(prog="make bundle", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build/bundle", metavar="DIR")
    parser.add_argument("--key", type=Path, default=home / "stadtknoten/release.key", metavar="FILE")
    parser.add_argument("--public", type=Path, default=ROOT / "ansible/release.pub", metavar="FILE")
    parser.add_argument("--firmware-key", type=Path, default=home / "stadtknoten/firmware.key", metavar="FILE")
    parser.add_argument("--part", action="append", choices=[*every, FIRMWARE], help="only these; default: every part")
    return parser


def build(out: Path, parts: list[str] | None, key: Ed25519PrivateKey, firmware_key: Path) -> None:
    """Writes the bundle anew; subprocess.CalledProcessError when a wheel cannot be had."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as scratch:
        made, ready = Path(scratch, "own"), Path(scratch, "bundle")
        made.mkdir()
        ready.mkdir()
        build_own(made)
        wheel = next(made.glob("*.whl"))
        for kind, lock in LOCKS.items():
            for machine in MACHINES:
                for python in PYTHONS:
                    name = part_name(kind, machine, python)
                    if not parts or name in parts:
                        print(f"bundle: {name}", flush=True)
                        wheels = fetch(lock, machine, python, Path(scratch, name))
                        pack(ready / f"{name}.tar", lock, [wheel, *wheels])
        if not parts or FIRMWARE in parts:
            print("bundle: firmware", flush=True)
            add_firmware(ready, firmware_key)
        shutil.copy(next(made.glob("*.tar.gz")), ready)
        sign(ready, wheel.name.split("-")[1], key)
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ready, out)


def add_firmware(out: Path, key: Path) -> None:
    """The sensor's byte code, and beside it what its configuration says: version, digest, signature."""
    if not key.exists():
        command = ["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]
        made = subprocess.run(command, capture_output=True, check=True).stdout
        key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(made)
    command = [sys.executable, "-m", "firmware.bundle", "sign", str(key), str(out / "firmware.bundle")]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (out / "firmware.json").write_text(said[said.index("{") :])


def build_own(out: Path) -> None:
    """Our own wheel and source archive, out of what git knows and the browser assets."""
    with tempfile.TemporaryDirectory(prefix="source-") as scratch:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
        names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
        assets = [str(path.relative_to(ROOT)) for path in (ROOT / "hub/static/vendor").rglob("*") if path.is_file()]
        for name in [*names, *assets]:
            target = Path(scratch, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        code = (
            "import sys; from setuptools import build_meta as make; "
            "out = sys.argv[1]; make.build_wheel(out); make.build_sdist(out)"  # it changes sys.argv
        )
        command = [sys.executable, "-c", code, str(out)]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}  # 1980, where ZIP begins: the same bytes again
        subprocess.run(command, cwd=scratch, env=environment, stdout=subprocess.DEVNULL, check=True)


def fetch(lock: Path, machine: str, python: str, out: Path) -> list[Path]:
    """Every wheel of a lock for one machine and Python, each held against the lock's hashes."""
    out.mkdir()
    wanted = out.with_suffix(".txt")
    wanted.write_text("\n".join(requirements_for(lock, machine, python)) + "\n")
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC] + [
        f"manylinux2014_{machine}",
        f"linux_{machine}",
    ]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "--python-version", python, "--implementation", "cp"]
    command += [word for platform in platforms for word in ("--platform", platform)]
    subprocess.run([*command, "--dest", str(out), "--requirement", str(wanted)], check=True)
    return sorted(out.iterdir())


def requirements_for(lock: Path, machine: str, python: str) -> list[str]:
    """The lock's lines whose markers hold there, without markers: pip would judge them by its own Python."""
    there = {
        **default_environment(),
        "platform_machine": machine,
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": python,
        "python_full_version": python + ".0",
    }
    lines = []
    for entry in lock.read_text().replace("\\\n", " ").splitlines():
        words = entry.split(" --hash=")
        if not words[0].strip() or words[0].startswith("#"):
            continue
        requirement = Requirement(words[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(there):
            pinned = f"{requirement.name}{requirement.specifier}"
            lines.append(" ".join([pinned, *(f"--hash={word.strip()}" for word in words[1:])]))
    return lines


def pack(tar: Path, lock: Path, wheels: Iterable[Path]) -> None:
    """One archive, the same bytes for the same contents."""
    with tarfile.open(tar, "w") as archive:
        _add(archive, "requirements.lock", lock.read_bytes())
        for wheel in sorted(wheels, key=lambda path: path.name):
            _add(archive, f"wheels/{wheel.name}", wheel.read_bytes())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o644
    archive.addfile(entry, io.BytesIO(content))


def sign(bundle: Path, version: str, key: Ed25519PrivateKey) -> None:
    """Writes manifest and signature over everything that lies in the bundle."""
    files = {path.name: _described(path) for path in sorted(bundle.iterdir()) if path.suffix != ".sig"}
    facts = {"name": "stadtknoten", "version": version, "made": int(time.time()), "keys": setting_names()}
    text = json.dumps({**facts, "files": files}, indent=1) + "\n"
    (bundle / "manifest.json").write_text(text)
    (bundle / "manifest.sig").write_bytes(key.sign(text.encode()))


def setting_names() -> list[str]:
    """Every key of node.toml that the node's programs read: an update says which are new."""
    asks = re.compile(
        r"""\.(?:text|number|whole|flag|path|hosts?|url|interface|address[46]|ports|listen_port|vector)\(\s*"(\w+)"""
    )
    sources = [ROOT / "edge/config.py", *(ROOT / "captive_portal").glob("*.py")]
    return sorted({name for source in sources for name in asks.findall(source.read_text())})


def _described(path: Path) -> dict[str, object]:
    found: dict[str, object] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
    if path.suffix == ".tar":
        with tarfile.open(path) as archive:
            found["contains"] = [entry.name for entry in archive]
    return found


def read_or_make_key(file: Path) -> Ed25519PrivateKey:
    """The private key, made with rights 0600 when it is not there yet; ValueError for a file of something else."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(Ed25519PrivateKey.generate().private_bytes(*form))
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{file} holds no Ed25519 key")  # noqa: TRY004 (the file is wrong, not the caller)
    return key


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public half as OpenSSL reads it."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def check_public(file: Path, key: Ed25519PrivateKey) -> None:
    """ValueError when nodes would refuse what this key signs."""
    if file.exists() and file.read_bytes() != public_pem(key):
        raise ValueError(
            f"{file} belongs to another key: nodes would refuse this bundle. Use that key, or delete the file"
        )


def publish(file: Path, key: Ed25519PrivateKey) -> None:
    """The public half to where the playbook takes it from."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(public_pem(key))


if __name__ == "__main__":
    sys.exit(main())
