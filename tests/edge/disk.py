"""A disk below SQLite that can lose its power: every write and sync is recorded, nothing unsynced is sure.

After a cut each file holds all that was written before its last sync, and of the later writes any choice of sectors:
a drive's cache reaches the medium in any order, or not at all.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

import apsw

SECTOR = 512


@dataclass(frozen=True)
class Write:
    """Bytes at an offset of a file; data None = cut to that length."""

    file: str
    offset: int
    data: bytes | None


@dataclass(frozen=True)
class Sync:
    """The drive says that the file's writes are on the medium."""

    file: str


@dataclass(frozen=True)
class Delete:
    """The file is gone; SQLite syncs the directory when that matters."""

    file: str


@dataclass
class Disk:
    """The log of everything that happened to the files of one directory."""

    log: list[Write | Sync | Delete] = field(default_factory=list)

    def after_cut(self, moment: int, chance: random.Random) -> dict[str, bytes]:
        """The files as a restart finds them when the power went after `moment` entries of the log."""
        past = self.log[:moment]
        last_sync = {entry.file: number for number, entry in enumerate(past) if isinstance(entry, Sync)}
        files: dict[str, bytearray] = {}
        for number, entry in enumerate(past):
            if isinstance(entry, Delete):
                files.pop(entry.file, None)
            elif isinstance(entry, Write):
                content = files.setdefault(entry.file, bytearray())
                if number < last_sync.get(entry.file, -1):
                    _apply(content, entry)
                else:
                    _apply_some(content, entry, chance)
        return {name: bytes(content) for name, content in files.items()}


def _apply(content: bytearray, entry: Write) -> None:
    if entry.data is None:
        del content[entry.offset :]
        return
    content.extend(bytes(max(0, entry.offset + len(entry.data) - len(content))))
    content[entry.offset : entry.offset + len(entry.data)] = entry.data


def _apply_some(content: bytearray, entry: Write, chance: random.Random) -> None:
    if entry.data is None:
        if chance.random() < 0.5:
            _apply(content, entry)
        return
    for start in range(0, len(entry.data), SECTOR):
        if chance.random() < 0.5:
            _apply(content, Write(entry.file, entry.offset + start, entry.data[start : start + SECTOR]))


class RecordingFile(apsw.VFSFile):
    """A file that notes what is done to it."""

    def __init__(self, disk: Disk, name: object, flags: list[int]) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._name = Path(path).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 (SQLite's name)
        self._disk.log.append(Write(self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802 (SQLite's name)
        self._disk.log.append(Write(self._name, size, None))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 (SQLite's name)
        super().xSync(flags)
        self._disk.log.append(Sync(self._name))


class RecordingVfs(apsw.VFS):
    """The system's own file layer with a log."""

    def __init__(self, disk: Disk, name: str) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: object, flags: list[int]) -> RecordingFile:  # noqa: N802 (SQLite's name)
        return RecordingFile(self._disk, name, flags)

    def xDelete(self, name: str, sync_directory: bool) -> None:  # noqa: N802 (SQLite's name)
        super().xDelete(name, sync_directory)
        self._disk.log.append(Delete(Path(name).name))


class Connection:
    """apsw behind the few calls of sqlite3 that the outbox uses."""

    def __init__(self, file: Path, vfs: str) -> None:
        self._db = apsw.Connection(str(file), vfs=vfs)

    def execute(self, sql: str, values: object = ()) -> apsw.Cursor:
        return self._db.execute(sql, values)

    def executemany(self, sql: str, rows: object) -> None:
        self._db.executemany(sql, rows)

    def executescript(self, sql: str) -> None:
        self._db.execute(sql)

    @property
    def in_transaction(self) -> bool:
        return bool(self._db.in_transaction)

    def close(self) -> None:
        self._db.close()
