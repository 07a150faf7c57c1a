"""Transfers per second of 16 clients on SQLite (synchronous=FULL) beside a bare group commit, and payments over HTTP:
`make bench-ledger`.

The bare loop is the least that could work: a queue, one thread, for each transfer a row under a unique key, two entries
and two balances with a constraint, one commit for all that wait. It has no module, no savepoint, no days, no limits.
"""

import json
import platform
import queue
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import text

from hub import app, setup
from hub.core import clock
from hub.core.db import Base, Database
from hub.payments.api import ledger, machines
from hub.payments.api.desk import Desk
from hub.payments.rules.ledger import Line, Transfer
from hub.settings import Settings
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

CLIENTS, EACH, RUNS, PEOPLE, HTTP_SECONDS = 16, 2_500, 5, 2_000, 4
Pay = Callable[[int, int], None]


def crowd(pay: Pay) -> tuple[float, float]:
    """(transfers per second, p99 in ms) of all clients, each waiting for its answer before the next."""
    took: list[list[float]] = [[] for _ in range(CLIENTS)]
    gate = threading.Barrier(CLIENTS + 1)

    def client(number: int) -> None:
        gate.wait()
        for count in range(EACH):
            began = time.perf_counter()
            pay(number, count)
            took[number].append(time.perf_counter() - began)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for one in threads:
        one.start()
    gate.wait()
    began = time.perf_counter()
    for one in threads:
        one.join()
    seconds = time.perf_counter() - began
    every = sorted(one for times in took for one in times)
    return CLIENTS * EACH / seconds, every[int(len(every) * 0.99)] * 1000


class Bare:
    """Group commit over sqlite3 and nothing else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._waiting: queue.SimpleQueue = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def pay(self, number: int, count: int) -> None:
        """One transfer from a wallet to the till's revenue."""
        done = threading.Lock()
        done.acquire()
        self._waiting.put((f"{number}-{count}", (number * EACH + count) % PEOPLE + 2, done))
        done.acquire()

    def close(self) -> None:
        """Ends the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        book = sqlite3.connect(self._file, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER CHECK (balance >= 0 OR id = 1))",
            "CREATE TABLE transfer (id INTEGER PRIMARY KEY, key TEXT UNIQUE, at INTEGER)",
            "CREATE TABLE entry (id INTEGER PRIMARY KEY, transfer INTEGER, account INTEGER, cents INTEGER)",
            "CREATE INDEX entry_account ON entry (account, transfer)",
        ):
            book.execute(statement)
        book.executemany("INSERT INTO account VALUES (?, 100000)", [(number,) for number in range(1, PEOPLE + 2)])
        while (first := self._waiting.get()) is not None:
            group = [first]
            while not self._waiting.empty():
                group.append(self._waiting.get())
            book.execute("BEGIN IMMEDIATE")
            for key, account, _ in group:
                number = book.execute("INSERT INTO transfer (key, at) VALUES (?, ?)", (key, 1)).lastrowid
                for who, cents in ((account, -5), (1, 5)):
                    book.execute("INSERT INTO entry (transfer, account, cents) VALUES (?, ?, ?)", (number, who, cents))
                    book.execute("UPDATE account SET balance = balance + ? WHERE id = ?", (cents, who))
            book.execute("COMMIT")
            for _, _, done in group:
                done.release()
        book.close()


def bare(directory: Path) -> tuple[float, float]:
    """The bare loop."""
    writer = Bare(directory / "bare.db")
    found = crowd(writer.pay)
    writer.close()
    return found


def hub(directory: Path) -> tuple[float, float]:
    """The hub's ledger through the desk; the book is checked afterwards."""
    app.load_tables()
    database = Database(f"sqlite:///{directory / 'hub.db'}")
    Base.metadata.create_all(database.engine)
    rich = [Line("bank", f"wallet:person:{number}", 10_000) for number in range(PEOPLE)]
    for start in range(0, PEOPLE, 200):
        some = tuple(rich[start : start + 200])
        database.write(lambda session, some=some: ledger.transfer(session, some[0].target, some, 1, "start"))
    desk = Desk(database, lambda session, orders: ledger.book(session, orders, clock.now_ms()))

    def pay(number: int, count: int) -> None:
        owner = f"wallet:person:{(number * EACH + count) % PEOPLE}"
        desk.put(Transfer(f"{number}-{count}", (Line(owner, "revenue:pool:7", 5),), "pool"))

    found = crowd(pay)
    with database.read() as session:
        checked = ledger.check(session)
    assert checked.is_whole, checked
    assert checked.transfers == CLIENTS * EACH + PEOPLE // 200
    database.close()
    return found


@contextmanager
def server(directory: Path) -> Iterator[tuple[int, str, list[str], Path]]:
    """(port, a machine's key, cards of filled wallets, database) of a running web server."""
    port = free_port()
    settings = Settings(state_dir=directory, port=port, live_port=free_port())
    setup.migrate(settings)
    setup.seed(settings)
    database = Database(settings.database)

    def fill(session) -> tuple[str, list[str]]:
        lines = [Line("bank", f"wallet:person:{number}", 100_000_00) for number in range(200)]
        ledger.transfer(session, "start", lines, 1, "start")
        session.execute(text("UPDATE payments_account SET day_limit = NULL"))
        cards = [machines.add_card(session, f"person:{number}", "x", 1) for number in range(200)]
        return machines.add(session, "bench", "charging", 5000, 1), cards

    key, cards = database.write(fill)
    database.close()
    environment = {"HUB_STATE_DIR": str(directory), "HUB_PORT": str(port)}
    process = Process(["-m", "hub", "serve", "--only", "web"], environment)
    try:
        assert wait_for_port(port)
        yield port, key, cards, directory / "hub.db"
    finally:
        process.stop()


def flood(seconds: float, **facts: object) -> float:
    """Answers per second of two processes with 32 connections each."""
    command = [sys.executable, "-m", "tests.bench.flood"]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for number, one in enumerate(running):
        told = {"seconds": seconds, **facts, "name": f"{facts['name']}-{number}"}
        assert one.stdin is not None
        one.stdin.write(json.dumps(told).encode())
        one.stdin.close()
    found = [json.loads(one.stdout.read()) for one in running if one.stdout is not None]
    assert not any(one["bad"] for one in found), found
    return sum(one["good"] for one in found) / seconds


def over_http() -> list[tuple[float, float]]:
    """(empty endpoint, payments) per second, several times in turn on one server."""
    rates = []
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as (port, key, cards, file):
        flood(1, port=port, name="warm", key=key, cards=cards)
        for run in range(RUNS):
            empty = flood(HTTP_SECONDS, port=port, name="empty")
            paid = flood(HTTP_SECONDS, port=port, name=f"run{run}", key=key, cards=cards)
            rates.append((empty, paid))
            print(f"  run: empty {empty:,.0f}/s, payments {paid:,.0f}/s")
        database = Database(f"sqlite:///{file}")
        with database.read() as session:
            assert ledger.check(session).is_whole
        database.close()
    return rates


def in_directory(measure: Callable[[Path], tuple[float, float]]) -> tuple[float, float]:
    """A measurement with files of its own."""
    with tempfile.TemporaryDirectory() as name:
        return measure(Path(name))


def main() -> None:
    """Prints every figure, the medians of runs in which both take their turn."""
    print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    rates: list[tuple[float, float, float, float]] = []
    for _ in range(RUNS):
        rates.append((*in_directory(hub), *in_directory(bare)))
        print("  run: {:,.0f}/s p99 {:.1f} ms; bare {:,.0f}/s p99 {:.1f} ms".format(*rates[-1]))
    mine, mine_p99, least, least_p99 = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(one[0] / one[2] for one in rates)
    print(f"{CLIENTS} clients, synchronous=FULL, median of {RUNS}:")
    print(f"  ledger: {mine:,.0f} transfers/s, p99 {mine_p99:.1f} ms (wanted 8,000/s, 6 ms)")
    print(f"  bare sqlite3 group commit: {least:,.0f}/s, p99 {least_p99:.1f} ms")
    print(f"  ledger : bare = {ratio:.2f} (wanted 0.8)")
    print("over HTTP (granian WSGI, Flask), 64 connections, each payment with key, card and constraint:")
    found = over_http()
    empty, paid = (statistics.median(column) for column in zip(*found, strict=True))
    share = statistics.median(two / one for one, two in found)
    print(f"  empty endpoint {empty:,.0f}/s, payments {paid:,.0f}/s: {share:.2f} (wanted 0.35)")


if __name__ == "__main__":
    main()
