"""How long it takes to verify the audit log, beside a bare SHA-256 over the same bytes."""

import hashlib
import platform
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from hub import setup
from hub.core import audit
from hub.core.audit import rules
from hub.core.audit.table import EntryRow
from hub.core.db import Database
from hub.settings import Settings

ENTRIES, ROUNDS = 100_000, 3


def fill(database: Database) -> list[bytes]:
    rows, hashed, before = [], [], rules.START
    for number in range(1, ENTRIES + 1):
        fields = (number, 1_800_000_000_000 + number, f"person:{number % 999}", "account.login", "person:1", "{}")
        before_text, before = before, rules.entry_hash(before, *fields)
        hashed.append(f"{before_text}{fields}".encode())
        rows.append(
            dict(zip(("number", "at", "actor", "action", "subject", "details"), fields, strict=True), hash=before)
        )
    database.write(lambda session: session.execute(EntryRow.__table__.insert(), rows) and None)
    return hashed


def seconds(work) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(state_dir=Path(directory))
        setup.migrate(settings)
        database = Database(settings.database)
        hashed = fill(database)

        def verify() -> None:
            with database.read() as session:
                found = audit.verify(session)
            assert (found.entries, found.first_bad) == (ENTRIES, None)

        ours, bare = seconds(verify), seconds(lambda: [hashlib.sha256(one).digest() for one in hashed])
        print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
        print(f"audit verify of {ENTRIES:,} entries {ours:.2f} s; bare SHA-256 over them {bare:.2f} s")
        database.close()


if __name__ == "__main__":
    main()
