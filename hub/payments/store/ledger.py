"""Reading and writing the book with plain statements: one of each kind for a whole group of transfers."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.core.db import Session
from hub.payments.rules.ledger import Account, Known, Settlement

_ROWS = 500  # in one statement
_COLUMNS = "id, name, balance, floor, day_limit, spent, spent_day"


def _is_sqlite(session: Session) -> bool:
    return _driver(session) is not None


def _driver(session: Session) -> Any:
    """SQLite's own connection, which is several times as fast; None on PostgreSQL.

    It is kept with the session, which the hub opens anew for each transaction.
    """
    if "driver" not in session.info:
        connection = session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        session.info["driver"] = connection.connection.driver_connection if is_sqlite else None
    return session.info["driver"]


def rows(session: Session, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """What a plain statement with ? finds, on either database."""
    driver = _driver(session)
    if driver is not None:
        found: list[Any] = driver.execute(statement, values).fetchall()
        return found
    return list(session.connection().exec_driver_sql(statement.replace("?", "%s"), tuple(values)))


def _run(session: Session, statement: str, values: Sequence[Any]) -> None:
    driver = _driver(session)
    if driver is not None:
        driver.execute(statement, values)
    else:
        session.connection().exec_driver_sql(statement.replace("?", "%s"), tuple(values))


def run_many(session: Session, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
    """Runs a plain statement once for each row of values."""
    if not values:
        return
    driver = _driver(session)
    if driver is not None:
        driver.executemany(statement, values)
    else:
        session.connection().exec_driver_sql(statement.replace("?", "%s"), list(values))


def insert_many(session: Session, head: str, values: Sequence[tuple[Any, ...]]) -> None:
    """Adds rows by `INSERT INTO table (columns)`: one statement for many rows, so that the driver gives the
    interpreter's lock away once and not for every row.
    """
    for start in range(0, len(values), _ROWS):
        some = values[start : start + _ROWS]
        marks = ",".join([f"({_marks(some[0])})"] * len(some))
        _run(session, f"{head} VALUES {marks}", list(itertools.chain.from_iterable(some)))


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def accounts(session: Session, names: Sequence[str], *, lock: bool = False) -> dict[str, Account]:
    """The accounts that exist; with `lock` nobody else changes them until the transaction ends.

    Locks are taken in the order of their numbers, so that two transactions never wait for each other.
    """
    if not names:
        return {}
    statement = f"SELECT {_COLUMNS} FROM payments_account WHERE name IN ({_marks(names)})"  # noqa: S608 (marks only)
    if not _is_sqlite(session):
        statement += " ORDER BY id" + (" FOR NO KEY UPDATE" if lock else "")
    return {row[1]: Account._make(row) for row in rows(session, statement, names)}


def add_accounts(session: Session, opened: Iterable[tuple[str, int | None, int | None]]) -> None:
    """Opens (name, floor, day_limit); those that exist stay as they are."""
    statement = "INSERT INTO payments_account (name, floor, day_limit) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING"
    run_many(session, statement, sorted(opened))


def known(session: Session, keys: Sequence[str]) -> dict[str, Known]:
    """The transfers that were booked under these keys."""
    if not keys:
        return {}
    statement = f"SELECT key, id, digest, at FROM payments_transfer WHERE key IN ({_marks(keys)})"  # noqa: S608
    return {row[0]: Known(row[1], row[2], row[3]) for row in rows(session, statement, keys)}


def numbers(session: Session) -> Iterator[int]:
    """The next numbers of transfers: SQLite has one writer, so the highest one tells; PostgreSQL has a sequence."""
    if _is_sqlite(session):
        return itertools.count(rows(session, "SELECT coalesce(max(id), 0) + 1 FROM payments_transfer")[0][0])
    sequence = "SELECT nextval(pg_get_serial_sequence('payments_transfer', 'id'))"
    return (rows(session, sequence)[0][0] for _ in itertools.count())


def write(session: Session, settled: Settlement) -> None:
    """Adds transfers and postings and sets the balances; an IntegrityError takes the whole group back."""
    insert_many(session, "INSERT INTO payments_transfer (id, key, digest, what, at)", settled.transfers)
    posting = "INSERT INTO payments_posting (transfer_id, source_id, target_id, cents)"
    insert_many(session, posting, settled.postings)
    values = settled.accounts
    if not _is_sqlite(session):
        update = "UPDATE payments_account SET balance = ?, spent = ?, spent_day = ? WHERE id = ?"
        run_many(session, update, values)
        return
    for start in range(0, len(values), _ROWS):
        some = values[start : start + _ROWS]
        marks = ",".join(["(?,?,?,?)"] * len(some))
        _run(
            session,
            "UPDATE payments_account SET balance = v.column1, spent = v.column2, spent_day = v.column3 "  # noqa: S608
            f"FROM (VALUES {marks}) AS v WHERE payments_account.id = v.column4",
            list(itertools.chain.from_iterable(some)),
        )


def set_day_limit(session: Session, name: str, cents: int | None) -> None:
    """How much an account may spend a day."""
    run_many(session, "UPDATE payments_account SET day_limit = ? WHERE name = ?", [(cents, name)])


def everything(session: Session) -> tuple[list[tuple[str, int, int | None, int]], int, int]:
    """((name, balance, floor, sum of the postings) of every account, transfers, transfers without postings)."""
    every = rows(
        session,
        "SELECT a.name, a.balance, a.floor, CAST(coalesce(i.cents, 0) - coalesce(o.cents, 0) AS BIGINT) "
        "FROM payments_account a "
        "LEFT JOIN (SELECT target_id, sum(cents) AS cents FROM payments_posting GROUP BY target_id) i "
        "ON i.target_id = a.id "
        "LEFT JOIN (SELECT source_id, sum(cents) AS cents FROM payments_posting GROUP BY source_id) o "
        "ON o.source_id = a.id ORDER BY a.name",
    )
    counted = rows(session, "SELECT count(*) FROM payments_transfer")[0][0]
    posted = rows(session, "SELECT count(DISTINCT transfer_id) FROM payments_posting")[0][0]
    return [tuple(row) for row in every], counted, counted - posted


def movements(
    session: Session, account: str, limit: int, before: int | None = None
) -> list[tuple[int, str, str, int, int]]:
    """(number, key, what, at, cents) of an account's newest transfers; cents below 0 went out."""
    found = accounts(session, [account]).get(account)
    if found is None:
        return []
    older = " AND transfer_id < ?" if before is not None else ""
    mark = [before] if before is not None else []
    found_rows = rows(
        session,
        "SELECT t.id, t.key, t.what, t.at, CAST(sum(m.cents) AS BIGINT) FROM ("  # noqa: S608 (no values)
        f"SELECT transfer_id, cents FROM payments_posting WHERE target_id = ?{older} UNION ALL "
        f"SELECT transfer_id, -cents FROM payments_posting WHERE source_id = ?{older}) m "
        "JOIN payments_transfer t ON t.id = m.transfer_id "
        "GROUP BY t.id, t.key, t.what, t.at ORDER BY t.id DESC LIMIT ?",
        [found.id, *mark, found.id, *mark, limit],
    )
    return [tuple(row) for row in found_rows]


def totals(session: Session, prefix: str) -> Mapping[str, int]:
    """Balance of every account whose name begins so."""
    statement = "SELECT name, balance FROM payments_account WHERE name LIKE ? ORDER BY name"
    return {row[0]: row[1] for row in rows(session, statement, [f"{prefix}%"])}
