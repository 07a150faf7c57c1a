"""Store-and-forward in SQLite: a row is forgotten only when the hub says that it has committed it.

Bounded. Beyond the soft limits repeated readings go first, then reports, then changes of state that are older than
`keep_days`; younger ones only when the hard limit is reached. What goes is reported by a `skip` message that takes the
next seq itself, so the hub can close the gap and count it.
"""

import contextlib
import itertools
import json
import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.wire import format_ms, parse_ms

_log = logging.getLogger(__name__)
_ROW_OVERHEAD = 40  # bytes that SQLite adds to a row, roughly
_LOOK_AGAIN, _MOST_AT_ONCE = 100, 1000  # rows

REPEAT, REPORT, CHANGE = 0, 1, 2  # how dear a row is: lower ones are dropped first
_SKIP = 3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, rank INTEGER NOT NULL, body TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Message:
    """A durable message that has no number yet; `rank` is REPEAT, REPORT or CHANGE."""

    kind: str
    body: dict[str, object]
    rank: int = CHANGE


@dataclass(frozen=True)
class Row:
    """A durable message with its number."""

    seq: int
    kind: str
    rank: int
    text: str  # JSON of the body without outbox and seq

    @property
    def size(self) -> int:
        """Bytes that it takes in the file, roughly."""
        return len(self.text) + len(self.kind) + _ROW_OVERHEAD

    def body(self, outbox: str) -> dict[str, object]:
        """What is sent: outbox and seq first, then the body."""
        return {"outbox": outbox, "seq": self.seq, **json.loads(self.text)}


Journal = Callable[[str, list[Row]], None]


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)


class Outbox:
    """The file of waiting messages; every method may be called from any thread.

    `journal(outbox, rows)` is called before each commit (the reference log of the end-to-end test); `connect` opens
    the file (the power-cut test puts a recording disk below it).
    """

    def __init__(
        self,
        file: Path,
        *,
        max_rows: int = 200_000,
        max_bytes: int = 64 << 20,
        hard_bytes: int = 1 << 30,
        keep_days: float = 30.0,
        journal: Journal | None = None,
        connect: Callable[[Path], Any] = _connect,
    ) -> None:
        self._max_rows, self._max_bytes, self._journal = max_rows, max_bytes, journal
        self._hard_bytes, self._keep_ms = hard_bytes, int(keep_days * 86_400_000)
        self._connect = connect
        self._lock = threading.Lock()
        self._hopeless_until = 0
        self.replaced = False  # True when a broken file was put aside at the start
        try:
            self._db = self._open(file)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked, no space, not writable: the file itself is not to blame
            _put_aside(file)
            self.replaced = True
            self._db = self._open(file)

    def _open(self, file: Path) -> Any:
        db = self._connect(file)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")  # NORMAL lost acknowledged rows at a power cut
            db.execute("PRAGMA cache_size=-256")
            db.executescript(_SCHEMA)
            db.execute("INSERT OR IGNORE INTO about VALUES ('outbox', ?), ('last', '0')", (secrets.token_hex(8),))
            about = dict(db.execute("SELECT name, value FROM about").fetchall())
            size = "SELECT count(*), coalesce(sum(length(body) + length(kind) + ?), 0) FROM waiting"
            self._rows, self._bytes = db.execute(size, (_ROW_OVERHEAD,)).fetchone()
        except sqlite3.Error:
            db.close()
            raise
        self._id, self._last = about["outbox"], int(about["last"])
        return db

    @property
    def id(self) -> str:
        """Random name of this file, made with it."""
        return str(self._id)

    @property
    def last(self) -> int:
        """The highest seq ever given."""
        return self._last

    @property
    def waiting(self) -> int:
        """How many rows the hub has not acked yet."""
        return int(self._rows)

    def put(self, messages: Iterable[Message]) -> list[Row]:
        """Stores all or none, durably; returns the new rows (with skips, when it had to make room)."""
        made: list[Row] = []
        with self._transaction():
            for message in messages:
                text = json.dumps(message.body, separators=(",", ":"))
                made += self._make_room(len(text) + len(message.kind) + _ROW_OVERHEAD)
                made.append(self._insert(message.kind, message.rank, text))
            self._note("last", str(self._last))
            if self._journal is not None:
                self._journal(self._id, made)
        return made

    def rows(self, after: int, limit: int, upto: int = 2**63 - 1) -> list[Row]:
        """The oldest waiting rows with a seq over `after`, and at most `upto`."""
        with self._lock:
            return list(self._select("WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", (after, upto, limit)))

    def forget(self, outbox: str, seq: int) -> int:
        """Deletes what the hub has committed: every row up to `seq`, if `outbox` is this file. Returns how many."""
        if outbox != self._id or seq <= 0:
            return 0
        with self._transaction():
            if seq > self._last:
                self._renew()
                return 0
            return self._delete(list(self._select("WHERE seq <= ?", (seq,))))

    def close(self) -> None:
        """Closes the file; rows stay."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            before = self._id, self._last, self._rows, self._bytes
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._id, self._last, self._rows, self._bytes = before
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _insert(self, kind: str, rank: int, text: str) -> Row:
        row = Row(self._last + 1, kind, rank, text)
        self._db.execute("INSERT INTO waiting VALUES (?, ?, ?, ?)", (row.seq, kind, rank, text))
        self._last, self._rows, self._bytes = row.seq, self._rows + 1, self._bytes + row.size
        return row

    def _delete(self, rows: list[Row]) -> int:
        self._db.executemany("DELETE FROM waiting WHERE seq = ?", ((row.seq,) for row in rows))
        self._rows -= len(rows)
        self._bytes -= sum(row.size for row in rows)
        return len(rows)

    def _select(self, where: str, values: tuple[int, ...]) -> Iterator[Row]:
        query = f"SELECT seq, kind, rank, body FROM waiting {where}"  # noqa: S608 (only texts of this file)
        return (Row(*row) for row in self._db.execute(query, values))

    def _note(self, name: str, value: str) -> None:
        self._db.execute("UPDATE about SET value = ? WHERE name = ?", (value, name))

    def _make_room(self, size: int) -> list[Row]:
        """Drops rows until one more and its skip fit; returns the skips."""
        skips: list[Row] = []
        while self._rows + 2 > self._max_rows or self._bytes + size + 200 > self._max_bytes:
            victims = self._victims(self._bytes + size + 200 > self._hard_bytes)
            if len(victims) < 2:  # a skip takes the place of one: nothing to gain
                break
            skips.append(self._skip(victims))
        return skips

    def _victims(self, brimful: bool) -> list[Row]:
        """The oldest run of neighbours of the cheapest rank that has one; changes of state when old or `brimful`."""
        if self._hopeless_until > self._last and not brimful:
            return []
        block = max(2, min(_MOST_AT_ONCE, self._rows // 10))
        for rank in (REPEAT, REPORT):
            run: list[Row] = []
            for row in self._select("WHERE rank = ? ORDER BY seq", (rank,)):
                if run and row.seq != run[-1].seq + 1:
                    if len(run) > 1:
                        break
                    run = []
                run.append(row)
                if len(run) == block:
                    break
            if len(run) > 1:
                return run
        oldest = list(self._select("ORDER BY seq LIMIT ?", (block,)))
        if not brimful:
            before = _now_ms() - self._keep_ms
            oldest = list(itertools.takewhile(lambda row: _is_older(row, before), oldest))
        if len(oldest) < 2:
            self._hopeless_until = self._last + _LOOK_AGAIN  # nothing may go: do not search at every reading
        return oldest

    def _skip(self, victims: list[Row]) -> Row:
        first, last = victims[0].seq, victims[-1].seq
        # A skip is only dropped with the oldest block. Nothing below that block waits any more, so one range that
        # reaches back over what the dropped skips reported names dropped or stored numbers only.
        ranges = [json.loads(row.text)["from"] for row in victims if row.rank == _SKIP]
        self._delete(victims)
        reason = "outbox full: repeated readings" if victims[0].rank == REPEAT else "outbox full"
        _log.warning("outbox full: dropped %d rows, seq %d to %d", len(victims), first, last)
        body = {"ts": format_ms(_now_ms()), "from": min([first, *ranges]), "to": last, "reason": reason}
        return self._insert("skip", _SKIP, json.dumps(body, separators=(",", ":")))

    def _renew(self) -> None:
        """The hub knows higher numbers than this file: it is an old copy. Its rows go on under a new name."""
        rows = [row for row in self._select("ORDER BY seq", ()) if row.rank != _SKIP]
        self._db.execute("DELETE FROM waiting")
        self._rows = self._bytes = self._last = 0
        self._id = secrets.token_hex(8)
        for row in rows:
            self._insert(row.kind, row.rank, row.text)
        self._note("outbox", self._id)
        self._note("last", str(self._last))
        _log.warning("the hub knows newer numbers than this outbox: %d rows go on as outbox %s", len(rows), self._id)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _is_older(row: Row, before_ms: int) -> bool:
    """Whether a row may go for its age; without a clock that was set nobody knows it, a skip may always be merged."""
    if row.rank == _SKIP:
        return True
    body = json.loads(row.text)
    return body.get("synced") is True and parse_ms(str(body["ts"])) < before_ms


def _put_aside(file: Path) -> None:
    aside = file.with_name(f"{file.name}.broken-{int(time.time())}")
    _log.error("%s is damaged; it is kept as %s and a new one begins", file, aside.name)
    file.rename(aside)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + suffix).unlink()
