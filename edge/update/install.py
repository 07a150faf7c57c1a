"""A release in a directory of its own beside the one in use, and the links that say which one that is."""

import fcntl
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.rules.release import Part, ReleaseError

COMPLETE = "complete"  # written last: a directory without it is half made
CURRENT, GOOD = "current", "good"  # in use; the last one that was found well
_LOCK = ".lock"
_TURN_S = 0.2
_ROOM = 4  # an unpacked and installed release takes so many times its archive
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-cache-dir")
_OWN = "--ignore-installed"  # what the system has is installed all the same: its updates would change a release
_SYSTEM_PACKAGES = tuple(f"node-aarch64-cp3{minor}" for minor in range(13, 20))  # Raspberry Pi OS's own lgpio


def linked(home: Path, link: str) -> str:
    """The release that `current` or `good` leads to; "" when there is none."""
    try:
        return (home / link).readlink().name
    except OSError:
        return ""


def switch(home: Path, link: str, release: str) -> None:
    """The link leads to the release, in one step and on disk before this returns."""
    fresh = home / f".{link}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(home / release)
    fresh.replace(home / link)
    _sync(home)


@contextmanager
def alone(home: Path, patience_s: float) -> Iterator[None]:
    """Hub and playbook never change the links at once; ReleaseError when the other is still at it then."""
    # A file that nobody else may open: whoever can read a directory can hold its lock, too.
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience_s
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ReleaseError("another update is under way here: try again in a few minutes") from None
                time.sleep(_TURN_S)
        yield
    finally:
        os.close(descriptor)


def is_complete(home: Path, release: str) -> bool:
    """Whether that release was installed to its end."""
    return (home / release / COMPLETE).is_file()


def check_room(home: Path, part: Part) -> None:
    """ReleaseError when the disk would be full."""
    if shutil.disk_usage(home).free < part.size * _ROOM:
        raise ReleaseError(f"not enough room: {part.size * _ROOM >> 20} MB must be free for an update")


def install(home: Path, part: Part, archive: Path, python: str) -> None:
    """Unpacks and installs; ReleaseError in a sentence when that is not possible, and then nothing is left of it."""
    target = home / part.release
    remove(target)
    try:
        unpacked = target / "unpacked"
        unpack(archive, unpacked)
        _make(target, unpacked, part, python)
        shutil.rmtree(unpacked)
        (target / COMPLETE).write_text(f"{part.name} {part.version}\n")
        os.sync()
    except (ReleaseError, OSError, tarfile.TarError) as error:
        remove(target)
        raise ReleaseError(f"{part.release} cannot be installed: {error}") from None


def _make(target: Path, unpacked: Path, part: Part, python: str) -> None:
    flags = ["--system-site-packages"] if part.name in _SYSTEM_PACKAGES else []
    _run([python, "-m", "venv", *flags, str(target)])
    own, wheels = str(target / "bin/python"), f"--find-links={unpacked / 'wheels'}"
    lock = str(unpacked / "requirements.lock")
    _run([own, *_PIP, _OWN, wheels, "--require-hashes", "--requirement", lock])
    _run([own, *_PIP, _OWN, wheels, "--no-deps", f"stadtknoten=={part.version}"])


def unpack(archive: Path, into: Path) -> None:
    """Plain files only; the names are the signer's, and still none may leave the directory."""
    with tarfile.open(archive) as opened:
        for entry in opened:
            if not entry.isfile() or entry.name.startswith("/") or ".." in Path(entry.name).parts:
                raise ReleaseError(f"the archive holds something else than plain files: {entry.name[:80]}")
            content = opened.extractfile(entry)
            target = into / entry.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)  # type: ignore[arg-type]  # a plain file has content


def check_configuration(home: Path, release: str, config: Path) -> None:
    """ReleaseError when the new programs refuse this node's file."""
    if config.exists():
        code = "import sys; from pathlib import Path; from edge.config import load; load(Path(sys.argv[1]))"
        _run([str(home / release / "bin/python"), "-I", "-c", code, str(config)])


def prune(home: Path) -> None:
    """Keeps the release in use, the good one, and the newest other one."""
    kept = {linked(home, CURRENT), linked(home, GOOD)}
    others = [path for path in home.iterdir() if path.is_dir() and not path.is_symlink() and path.name not in kept]
    for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[1:]:
        remove(path)


def remove(path: Path) -> None:
    """A directory that may be there."""
    shutil.rmtree(path, ignore_errors=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise ReleaseError(lines[-1][:160] if lines else f"{command[0]} ended with {done.returncode}")


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
