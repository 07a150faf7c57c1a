"""The gate's own store of running sessions, so that they outlive a restart. Root alone can read it.

It is the only file of the node that holds MAC addresses, and it holds them encrypted (AES-256-GCM) with a key that lies
in another file of mode 0600; a session's row is deleted when it ends. Commits are not waited for (synchronous=NORMAL):
a power cut may cost the visitor of the last seconds a second click, never more.
"""

import contextlib
import hashlib
import hmac
import json
import logging
import os
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_log = logging.getLogger(__name__)
_KEY_BYTES, _NONCE_BYTES = 64, 12


@dataclass(frozen=True)
class Session:
    """A device that is online: its addresses, the wall-clock end (UTC ms), the seconds granted, the bytes used."""

    mac: str
    addresses: tuple[str, ...]
    until_ms: int
    granted_s: int
    used_bytes: int = 0


class Sessions:
    """SQLite, one encrypted row a device, found again by a keyed hash."""

    def __init__(self, path: Path, key_file: Path) -> None:
        """Open or create both files with mode 0600; OSError or sqlite3.Error if that is impossible."""
        key = read_or_make(key_file, os.urandom(_KEY_BYTES))
        if len(key) != _KEY_BYTES:
            raise OSError(f"{key_file} must hold {_KEY_BYTES} bytes; remove it to begin with a new one")
        self._cipher, self._name_key = AESGCM(key[:32]), key[32:]
        _prepare(path)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS online (name BLOB PRIMARY KEY, sealed BLOB) WITHOUT ROWID")

    def put(self, session: Session) -> None:
        """Insert or replace the device's row."""
        name = self._name(session.mac)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(asdict(session)).encode(), name)
        self._db.execute("INSERT OR REPLACE INTO online VALUES (?, ?)", (name, sealed))

    def remove(self, macs: Iterable[str]) -> None:
        """Forget devices, in the write-ahead log too."""
        self._db.executemany("DELETE FROM online WHERE name = ?", [(self._name(mac),) for mac in macs])
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def all(self) -> list[Session]:
        """Every stored session, ended or not; rows of another key are deleted."""
        found = []
        for name, sealed in self._db.execute("SELECT name, sealed FROM online").fetchall():
            try:
                plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name)
            except (InvalidTag, ValueError):
                _log.warning("a stored session cannot be read with this key and is forgotten")
                self._db.execute("DELETE FROM online WHERE name = ?", (name,))
                continue
            fields = json.loads(plain)
            found.append(Session(**{**fields, "addresses": tuple(fields["addresses"])}))
        return found

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _name(self, mac: str) -> bytes:
        return hmac.digest(self._name_key, mac.encode(), hashlib.sha256)[:16]


def read_or_make(path: Path, fresh: bytes) -> bytes:
    """The content of a secret file; a missing one is made of `fresh` with mode 0600."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()


def _prepare(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
