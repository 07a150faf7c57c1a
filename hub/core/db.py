"""The database: one `Database` per process, reading sessions and writing transactions.

SQLite has one writer at a time, so writes queue for one thread that commits them in groups (WAL, synchronous=FULL):
many callers share one fsync. PostgreSQL groups commits itself, so there a write is a plain transaction.
"""

import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from hub.core.writer import GroupWriter, wrapped

__all__ = [
    "Base",
    "Database",
    "Session",
    "UnavailableErrors",
    "opened",
    "sqlite_engine",
]  # modules take Session from here, not from SQLAlchemy

T = TypeVar("T")

# The database is busy, away or full: what was to be written may be tried again.
UnavailableErrors = (OperationalError, InterfaceError, TimeoutError, queue.Full)
SCHEMES = ("sqlite", "postgresql+psycopg")
_CROSSED = ("40P01", "40001")  # PostgreSQL: two transactions waited for each other, and this one was taken back
_TRIES = 5


class Base(DeclarativeBase):
    """Every table of the hub; a table's name starts with its module's name."""


class Database:
    """Opens `url` (sqlite:///file or postgresql+psycopg://...); ValueError for any other scheme."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.drivername not in SCHEMES:
            raise ValueError(
                f"HUB_DATABASE_URL starts with {parsed.drivername}:// but must be one of: sqlite:///, postgresql+psycopg://"
            )
        self.is_sqlite = parsed.drivername == "sqlite"
        self.engine: Engine
        if self.is_sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise ValueError("HUB_DATABASE_URL must name a file: sqlite:////path/to/hub.db")
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = sqlite_engine(url, write=True)
            self._readers = sqlite_engine(url, write=False)
            self._writer: GroupWriter | None = GroupWriter(self.engine)
        else:
            self.engine = self._readers = create_engine(url, pool_pre_ping=True)
            self._writer = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and cannot write (enforced by the engine on SQLite)."""
        with Session(self._readers) as session:
            if not self.is_sqlite:
                session.connection(execution_options={"postgresql_readonly": True})
            yield session

    def write(self, function: Callable[[Session], T]) -> T:
        """Runs `function(session)` in one transaction, durable when this returns; its exception rolls back and rises.

        TimeoutError means that the outcome is unknown; `function` may be run again after a lost group or a deadlock, so
        it must have no effect outside the database.
        """
        if self._writer is not None:
            return self._writer.run(function)
        for _ in range(_TRIES - 1):
            try:
                return self._transaction(function)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", "") not in _CROSSED:
                    raise
        return self._transaction(function)

    def _transaction(self, function: Callable[[Session], T]) -> T:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            return function(session)

    def submit(self, function: Callable[[Session], T], settled: Callable[[T, BaseException | None], None]) -> None:
        """SQLite only: `write` without waiting, for plain statements; see `GroupWriter.submit`."""
        if self._writer is None:
            raise ValueError("only SQLite has one writer for all")
        self._writer.submit(function, settled)

    def is_ready(self) -> bool:
        """True when the database answers."""
        with self._readers.connect() as connection:
            return connection.execute(text("SELECT 1")).scalar() == 1

    def has_tables(self) -> bool:
        """True when some revision of the schema was written."""
        return inspect(self._readers).has_table("alembic_version")

    def revision(self) -> str:
        """The schema's revision; "" when none was written yet."""
        if not self.has_tables():
            return ""
        with self._readers.connect() as connection:
            return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")

    def close(self) -> None:
        """Ends the writer thread and the connections."""
        if self._writer is not None:
            self._writer.close()
        self.engine.dispose()
        self._readers.dispose()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database for one piece of work, closed after it; ValueError when it has no tables yet."""
    database = Database(url)
    try:
        if not database.has_tables():
            raise ValueError("the database has no tables yet: run `stadtknoten-hub migrate` first")
        yield database
    finally:
        database.close()


def sqlite_engine(url: str, *, write: bool) -> Engine:
    """An SQLite engine in WAL mode: the writing one has one connection, the reading ones refuse to write."""
    engine = create_engine(
        url,
        pool_size=1 if write else 8,
        max_overflow=0 if write else 32,
        connect_args={"check_same_thread": False, "timeout": 10},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not open or close transactions by itself
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # else REPLACE removes rows without asking those that guard them
            "busy_timeout=10000",
            "wal_autocheckpoint=4000",  # pages, 16 MB: a page that changes often is copied back less often
            f"query_only={int(not write)}",
        ):
            connection.execute("PRAGMA " + pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        driver = connection.connection.dbapi_connection
        if driver.in_transaction:  # the writer has begun it
            return
        try:  # asked of the driver itself: SQLAlchemy's way takes half the time of a small transaction
            driver.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        except sqlite3.Error as error:
            raise wrapped(error) from error

    return engine
