"""Transfers per second of 16 clients on SQLite (synchronous=FULL) beside a bare group commit, and payments over HTTP:
`make bench-ledger`.

The bare loop is the least that could work: a queue, one thread, for each transfer a row under a unique key, two entries
and two balances with a constraint, one commit for all that wait. It has no module, no savepoint, no days, no limits.
"""

import platform
import queue
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from hub import app
from hub.core import clock
from hub.core.db import Base, Database
from hub.payments.api import ledger
from hub.payments.api.desk import Desk
from hub.payments.rules.ledger import Line, Transfer

CLIENTS, EACH, RUNS, PEOPLE = 16, 2_500, 5, 2_000
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


def in_directory(measure: Callable[[Path], tuple[float, float]]) -> tuple[float, float]:
    """A measurement with files of its own."""
    with tempfile.TemporaryDirectory() as name:
        return measure(Path(name))


def main() -> None:
    """Prints every figure, the medians of runs in which both take their turn."""
    sys.setswitchinterval(0.005)
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


if __name__ == "__main__":
    main()
