"""What the provider knows: payments, tokens, keys that were used; kept in an SQLite file of its own."""

import json
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

Payment = dict[str, Any]


class Book:
    """Payments as JSON objects by id."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("CREATE TABLE IF NOT EXISTS payment (id TEXT PRIMARY KEY, body TEXT)")
        self._connection.execute("CREATE TABLE IF NOT EXISTS used (key TEXT PRIMARY KEY, id TEXT)")
        self._connection.execute("CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, works INTEGER)")

    def make(self, key: str, facts: Payment) -> tuple[Payment, bool]:
        """(payment, whether it is new): the same key finds the same payment."""
        with self._lock:
            known = self._connection.execute("SELECT id FROM used WHERE key = ?", (key,)).fetchone()
            if known is not None:
                return self.get(known[0]) or {}, False
            made = {
                **facts,
                "id": f"pay_{secrets.token_hex(12)}",
                "status": "pending",
                "captured": 0,
                "returned": 0,
                "refunds": {},
                "token": "",
                "made_at": time.time(),
            }
            self._connection.execute("INSERT INTO used VALUES (?, ?)", (key, made["id"]))
            self.put(made)
            return made, True

    def get(self, ref: str) -> Payment | None:
        """A payment, None for an unknown one."""
        with self._lock:
            row = self._connection.execute("SELECT body FROM payment WHERE id = ?", (ref,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, payment: Payment) -> None:
        """Writes a payment."""
        with self._lock:
            self._connection.execute(
                "INSERT OR REPLACE INTO payment VALUES (?, ?)", (payment["id"], json.dumps(payment))
            )

    def change(self, ref: str, **facts: Any) -> Payment | None:
        """New facts of a payment that is not over; None when it is or when it is unknown. Late money still comes."""
        with self._lock:
            found = self.get(ref)
            if found is None or found["status"] == "captured":
                return None
            if found["status"] == "failed" and not found.get("is_late"):
                return None
            found |= facts
            if found.get("keep") and found["status"] == "captured" and not found["token"]:
                found["token"] = f"tok_{secrets.token_hex(12)}"
                self._connection.execute("INSERT INTO token VALUES (?, 1)", (found["token"],))
            self.put(found)
            return found

    def refund(self, ref: str, key: str, cents: int) -> bool:
        """Sends money back, once for a key; False when that is more than is there."""
        with self._lock:
            found = self.get(ref)
            if found is None:
                return False
            if key not in found["refunds"]:
                if cents < 1 or sum(found["refunds"].values()) + cents > found["captured"]:
                    return False
                found["refunds"][key] = cents
                self.put(found)
            return True

    def token_works(self, token: str) -> bool:
        """Whether a token may be charged."""
        with self._lock:
            row = self._connection.execute("SELECT works FROM token WHERE token = ?", (token,)).fetchone()
        return row is not None and bool(row[0])

    def end_token(self, token: str) -> None:
        """The payer's card ran out."""
        with self._lock:
            self._connection.execute("UPDATE token SET works = 0 WHERE token = ?", (token,))
