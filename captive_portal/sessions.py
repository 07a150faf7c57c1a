"""The gate's own store of running sessions, so that they outlive a restart. Root alone can read it.

It is the only file of the node that holds a MAC address; a session's row is overwritten when it ends. Commits are not
waited for (synchronous=NORMAL): a power cut may cost the visitor of the last seconds a second click, never more.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Session:
    """A device that is online: its addresses, the wall-clock end (UTC milliseconds), and the seconds granted."""

    mac: str
    addresses: tuple[str, ...]
    until_ms: int
    granted_s: int


class Sessions:
    """SQLite, one row a device."""

    def __init__(self, path: Path) -> None:
        """Open or create the file with mode 0600; OSError or sqlite3.Error if that is impossible."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS session (mac TEXT PRIMARY KEY, addresses TEXT NOT NULL,"
            " until_ms INTEGER NOT NULL, granted_s INTEGER NOT NULL) WITHOUT ROWID"
        )

    def put(self, session: Session) -> None:
        """Insert or replace the device's row."""
        row = (session.mac, " ".join(session.addresses), session.until_ms, session.granted_s)
        self._db.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)", row)

    def remove(self, mac: str) -> None:
        """Forget a device, in the write-ahead log too."""
        self._db.execute("DELETE FROM session WHERE mac = ?", (mac,))
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def all(self) -> list[Session]:
        """Every stored session, ended or not."""
        rows = self._db.execute("SELECT mac, addresses, until_ms, granted_s FROM session").fetchall()
        return [Session(mac, tuple(addresses.split()), until, granted) for mac, addresses, until, granted in rows]

    def close(self) -> None:
        """Close the file."""
        self._db.close()
