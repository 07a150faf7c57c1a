"""Bytes at rest: AES-256-GCM with a nonce of their own, one file each under its random id, seen by the hub alone."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC, _NONCE_BYTES = b"SKF1", 12  # the format and the id are sealed as well
_ID_BYTES = 16


@dataclass(frozen=True)
class Vault:
    """`directory` lies outside of everything that is served; `key` has 32 bytes."""

    directory: Path
    key: bytes = field(repr=False)  # never in a log

    def put(self, content: bytes) -> str:
        """Stores the bytes durably; returns their id, 32 hexadecimal digits. OSError when the disk refuses."""
        file_id = secrets.token_hex(_ID_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = _MAGIC + nonce + AESGCM(self.key).encrypt(nonce, content, _MAGIC + file_id.encode())
        path = self._path(file_id)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_suffix(".part")
        try:
            _write_durably(part, sealed)
            part.rename(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)
        return file_id

    def get(self, file_id: str) -> bytes:
        """The bytes; FileNotFoundError when they are gone, ValueError when they were changed or the key is another."""
        sealed = self._path(file_id).read_bytes()
        magic, nonce, body = sealed[:4], sealed[4 : 4 + _NONCE_BYTES], sealed[4 + _NONCE_BYTES :]
        try:
            return AESGCM(self.key).decrypt(nonce, body, magic + file_id.encode())
        except (InvalidTag, ValueError):
            raise ValueError(f"the file {file_id} was changed, or HUB_FILES_KEY_FILE is another one") from None

    def has(self, file_id: str) -> bool:
        """Whether bytes with this id lie here."""
        return self._path(file_id).is_file()

    def remove(self, file_id: str) -> None:
        """Deletes the bytes; no error when they are gone already."""
        self._path(file_id).unlink(missing_ok=True)

    def older_than(self, moment_s: float) -> Iterator[str]:
        """Ids of bytes that were written before a moment (seconds); unfinished ones of that age are removed."""
        for path in self.directory.glob("??/*"):
            try:
                is_old = path.stat().st_mtime < moment_s
            except FileNotFoundError:
                continue
            if is_old and path.suffix == ".part":
                path.unlink(missing_ok=True)
            elif is_old:
                yield path.name

    def _path(self, file_id: str) -> Path:
        if len(file_id) != 2 * _ID_BYTES or not set(file_id) <= set("0123456789abcdef"):
            raise ValueError("this is no id of a file")
        return self.directory / file_id[:2] / file_id


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    """Makes the new names durable, that of the folder as well."""
    for one in (directory, directory.parent):
        descriptor = os.open(one, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
