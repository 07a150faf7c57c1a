"""Files over descriptors, for root in directories that belong to somebody else.

Whoever owns a directory can put a link there, so that root would change what the link leads to. No link is followed but
root's own in root's own directories; what is changed is what was opened.
"""

import contextlib
import errno
import grp
import os
import pwd
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def folder_of(path: Path) -> Iterator[int]:
    """The directory that holds it, opened step by step; SystemExit when somebody else's link is on the way."""
    here = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in path.parts[1:-1]:
            there = _open(path, name, os.O_DIRECTORY, here)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


def _open(path: Path, name: str, flags: int, folder: int) -> int:
    owners = {os.fstat(folder).st_uid, os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid}
    follow = 0 if owners == {os.geteuid()} else os.O_NOFOLLOW
    try:
        return os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | follow | flags, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
        raise SystemExit(f"{path}: {name} is a link that somebody put there. Look who did it, then remove it") from None


@contextlib.contextmanager
def opened(path: Path, folder: int) -> Iterator[int]:
    """The thing itself, never what somebody else's link leads to, nor a file that has a second name."""
    descriptor = _open(path, path.name, 0, folder)
    try:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
            raise SystemExit(f"{path} has a second name somewhere. Look who gave it, then remove it")
        yield descriptor
    finally:
        os.close(descriptor)


def content_of(path: Path, owner: bool = False) -> bytes:
    """Of a plain file; with `owner` only when it belongs to whom its directory belongs, or to us."""
    with folder_of(path) as folder, opened(path, folder) as descriptor:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or (owner and found.st_uid not in (os.fstat(folder).st_uid, os.geteuid())):
            raise SystemExit(f"{path} is no plain file of its directory's owner. Look who put it there")
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            return stream.read()


def own(descriptor: int, entry: dict[str, Any], check: bool) -> bool:
    """Owner, group and rights; whether they differed."""
    found, mode = os.fstat(descriptor), int(entry["mode"], 8)
    try:
        owner, group = pwd.getpwnam(entry["owner"]).pw_uid, grp.getgrnam(entry["group"]).gr_gid
    except KeyError:
        if check:  # a task before this one would have made it
            return True
        raise
    if (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (owner, group, mode):
        return False
    if not check:
        os.fchown(descriptor, owner, group)
        os.fchmod(descriptor, mode)
    return True


def fresh_name(path: Path) -> str:
    """Beside it, hidden, with its own ending: that is how programs know what kind of file they are to test."""
    return f".{secrets.token_hex(8)}.{path.name}"


def link(path: Path, target: str) -> None:
    """A link of that name, in one step."""
    name = fresh_name(path)
    with folder_of(path) as folder:
        os.symlink(target, name, dir_fd=folder)
        os.replace(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)


def make_directory(path: Path) -> None:
    """Its own, with what leads to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with folder_of(path) as folder:
        os.mkdir(path.name, 0o700, dir_fd=folder)


def remove(path: Path) -> None:
    """A file or a link."""
    with folder_of(path) as folder:
        os.unlink(path.name, dir_fd=folder)


def owned(path: Path, entry: dict[str, Any], check: bool) -> bool:
    """Gives it the owner, group and mode of the entry; whether they differed."""
    with folder_of(path) as folder, opened(path, folder) as descriptor:
        return own(descriptor, entry, check)


def write(path: Path, content: bytes, entry: dict[str, Any], trial: Callable[[str], None]) -> None:
    """In one step, and only after `trial` was content with the file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = fresh_name(path)
    with folder_of(path) as folder:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                own(descriptor, entry, check=False)
            trial(str(path.with_name(name)))
            os.replace(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise
