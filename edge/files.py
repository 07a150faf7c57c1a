"""Files that other programs of the node read: replaced in one step, on disk before the old one is gone."""

import os
from pathlib import Path


def replace(file: Path, content: bytes, mode: int = 0o640) -> None:
    """Writes `content` so that a reader sees the old or the new file, never half of one.

    What root writes belongs to the owner of the old file, else of the directory: a technician's `sudo` must not take
    the agent's files away from it. Nor may the agent lead root to another file: what lies there already, a link say,
    is removed, and FileExistsError tells that it came back at once.
    """
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        if os.geteuid() == 0:
            owner = (file if file.exists() and not file.is_symlink() else file.parent).stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
