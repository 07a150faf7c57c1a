"""An environment of its own for parkapi-sources: its libraries are other versions than the hub's.

Built once into build/, from a lock with hashes; the newest package needs Python 3.12, an older one takes 3.11.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")
BUILD = Path(__file__).parents[4] / "build"
_NEWER = ("python3.14", "python3.13", "python3.12")


def interpreter() -> Path:
    """A Python that can import parkapi_sources; CalledProcessError when it could not be installed."""
    base = _newest()
    name = hashlib.sha256(LOCK.read_bytes() + base.encode()).hexdigest()[:12]
    place = BUILD / f"parkapi-{name}"
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "parkapi.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            shutil.rmtree(place, ignore_errors=True)
            _run(base, "-m", "venv", str(place))
            pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps")
            _run(str(place / "bin" / "python"), *pip, "-r", str(LOCK))
            (place / "ready").touch()
    return place / "bin" / "python"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _newest() -> str:
    for name in _NEWER:
        found = shutil.which(name)
        if (
            found
            and subprocess.run([found, "-c", "import ensurepip"], capture_output=True, check=False).returncode == 0
        ):
            return found
    return sys.executable
