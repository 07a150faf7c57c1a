"""Jobs claimed and completed by four worker processes, beside a bare loop over sqlite3: `make bench-jobs`.

The bare loop is the least that could work: one process, one transaction claims up to 50 rows and one marks them as
done, equally durable. It has no lease, no token, no tries, no effects and nobody beside it.
"""

import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from hub import app
from hub.core import clock, events, jobs
from hub.core.db import Base, Database, Session
from tests.hub.conftest import postgres_server

JOBS, WORKERS, RUNS, WANTED = 20_000, 4, 3, 2_000


def nothing(arguments: dict[str, Any], context: jobs.Context) -> None:
    """A handler without an effect."""


def row(arguments: dict[str, Any], context: jobs.Context) -> jobs.Effect:
    """A handler whose effect is one row."""
    values = {"id": context.job_id}
    return lambda session: session.execute(text("INSERT INTO effect VALUES (:id)"), values) and None


HANDLERS: dict[str, jobs.Handler] = {"nothing": nothing, "row": row}


def worker(url: str) -> None:
    """One worker process; runs until it is killed."""
    events.wire(app.EVENTS)  # as in the hub: tasks of jobs that went well are closed
    database = Database(url)
    runner = jobs.Runner(database, HANDLERS, clock.now_ms, idle_s=0.02)
    print("ready", flush=True)
    runner.run(threading.Event())


def fill(url: str) -> Database:
    """An empty database with every table."""
    app.load_tables()
    database = Database(url)
    if not database.is_sqlite:  # with everything: drop_all leaves functions
        anew = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        database.write(lambda session: session.execute(text(anew)) and None)
    Base.metadata.create_all(database.engine)
    database.write(lambda session: session.execute(text("CREATE TABLE effect (job BIGINT NOT NULL)")) and None)
    return database


def hub(url: str, kind: str) -> float:
    """Jobs per second from the commit that adds them all to the last completion."""
    database = fill(url)
    command = [sys.executable, "-m", "tests.bench.jobs", url]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) for _ in range(WORKERS)]
    try:
        for one in workers:
            assert one.stdout is not None
            assert one.stdout.readline() == b"ready\n"
        add(database, kind)
        began = time.monotonic()
        while done(database) < JOBS:
            time.sleep(0.02)
        rate = JOBS / (time.monotonic() - began)
        check(database, kind)
        return rate
    finally:
        for one in workers:
            one.kill()
            one.wait()
        database.close()


def hub_in_file(file: Path, kind: str) -> float:
    """The same on SQLite."""
    return hub(f"sqlite:///{file}", kind)


def add(database: Database, kind: str) -> None:
    """All jobs in one transaction."""

    def work(session: Session) -> None:
        now = clock.now_ms()
        session.connection().exec_driver_sql(
            "INSERT INTO core_job (kind, arguments, state, created_at, due_at, tries, max_tries, lost, last_error) "
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {JOBS}) "
            f"SELECT '{kind}', '{{\"number\":1}}', 'waiting', {now}, {now}, 0, 8, 0, '' FROM n"
        )

    database.write(work)


def done(database: Database) -> int:
    """How many are completed."""
    with database.read() as session:
        return session.execute(text("SELECT count(*) FROM core_job WHERE state = 'done'")).scalar_one()


def check(database: Database, kind: str) -> None:
    """Each effect happened exactly once."""
    with database.read() as session:
        counted = session.execute(text("SELECT count(*), count(DISTINCT job) FROM effect")).one()
    assert tuple(counted) == ((JOBS, JOBS) if kind == "row" else (0, 0))


def bare(file: Path) -> float:
    """Jobs per second of the bare loop."""
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, arguments TEXT, state TEXT)")
    database.execute("CREATE INDEX due ON job (id) WHERE state = 'waiting'")
    rows = [('{"number":1}', "waiting")] * JOBS
    database.execute("BEGIN")
    database.executemany("INSERT INTO job (arguments, state) VALUES (?, ?)", rows)
    database.execute("COMMIT")
    began = time.monotonic()
    while True:
        claimed = database.execute(
            "UPDATE job SET state = 'running' WHERE id IN "
            "(SELECT id FROM job WHERE state = 'waiting' ORDER BY id LIMIT 50) RETURNING id"
        ).fetchall()
        if not claimed:
            break
        database.execute("BEGIN IMMEDIATE")
        database.executemany("UPDATE job SET state = 'done' WHERE id = ?", claimed)
        database.execute("COMMIT")
    rate = JOBS / (time.monotonic() - began)
    database.close()
    return rate


def in_files(measure: Callable[[Path], float]) -> float:
    """A measurement with a new file."""
    with tempfile.TemporaryDirectory() as name:
        return measure(Path(name) / "jobs.db")


def main() -> None:
    """Prints every figure, the median of three rounds in which all take their turn."""
    print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    rates: dict[str, list[float]] = defaultdict(list)
    with postgres_server() as address:
        for _ in range(RUNS):
            rates["bare"].append(in_files(bare))
            for kind in HANDLERS:
                rates[f"sqlite {kind}"].append(in_files(partial(hub_in_file, kind=kind)))
                rates[f"postgres {kind}"].append(hub(address, kind))
    middle = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{JOBS:,} jobs, at most {jobs.MAX_CLAIM} a claim, {WORKERS} worker processes, median of {RUNS}:")
    print(f"  bare sqlite3 loop, one process: {middle['bare']:,.0f} jobs/s")
    for store in ("sqlite", "postgres"):
        plain, effect = middle[f"{store} nothing"], middle[f"{store} row"]
        print(f"  {store}: {plain:,.0f} jobs/s, with one row as effect {effect:,.0f}")
    share = middle["sqlite nothing"] / middle["bare"]
    print(f"  SQLite: at least {WANTED:,} wanted; {share:.2f} of the bare loop")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        worker(sys.argv[1])
    else:
        main()
