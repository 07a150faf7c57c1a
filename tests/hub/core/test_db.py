"""The database's writer on SQLite: groups, errors, readers."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from hub.core.db import Database, Session


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    made.write(lambda session: session.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY)")) and None)
    yield made
    made.close()


def insert(number: int):
    return lambda session: session.execute(text("INSERT INTO thing VALUES (:id)"), {"id": number}) and None


def rows(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.execute(text("SELECT id FROM thing ORDER BY id")).scalars())


def test_one_callers_error_takes_back_only_that_callers_work(database: Database) -> None:
    def fails_late(session: Session) -> None:
        insert(2)(session)
        raise RuntimeError("broken on purpose")

    database.write(insert(1))
    with pytest.raises(RuntimeError):
        database.write(fails_late)
    with pytest.raises(IntegrityError):
        database.write(insert(1))
    database.write(insert(3))
    assert rows(database) == [1, 3]


def test_many_callers_at_once_are_all_written(database: Database) -> None:
    def writes(start: int) -> None:
        for number in range(start, start + 50):
            database.write(insert(number))

    threads = [threading.Thread(target=writes, args=(start,)) for start in range(0, 400, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(database) == list(range(400))


def test_a_job_that_kills_the_transaction_does_not_take_the_others_with_it(database: Database) -> None:
    gate, busy = threading.Event(), threading.Event()
    results: list[str] = []

    def blocks(_session: Session) -> None:
        busy.set()
        gate.wait(5)

    def kills(session: Session) -> None:
        connection = session.connection().connection.dbapi_connection
        assert connection is not None
        connection.rollback()  # as a full disk does
        raise OperationalError("disk full", None, Exception())

    def call(job, name: str) -> None:
        try:
            database.write(job)
            results.append(name)
        except OperationalError:
            results.append("error")

    jobs = [(blocks, "blocked"), (insert(7), "seven"), (kills, "kills"), (insert(8), "eight")]
    threads = [threading.Thread(target=call, args=job) for job in jobs]
    threads[0].start()
    busy.wait(5)
    for thread in threads[1:]:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(15)
    assert sorted(results) == ["blocked", "eight", "error", "seven"]
    assert rows(database) == [7, 8]


def test_a_write_inside_a_write_joins_it(database: Database) -> None:
    def outer(session: Session) -> None:
        insert(1)(session)
        database.write(insert(2))
        raise RuntimeError("takes back both")

    with pytest.raises(RuntimeError):
        database.write(outer)
    assert rows(database) == []


def test_a_job_must_not_commit(database: Database) -> None:
    with pytest.raises(RuntimeError, match="must not commit"):
        database.write(lambda session: session.commit())


def test_a_reader_cannot_write(database: Database) -> None:
    with database.read() as session, pytest.raises(OperationalError):
        insert(1)(session)


@pytest.mark.parametrize("url", ["mysql://host/x", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_work_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(ValueError, match="HUB_DATABASE_URL"):
        Database(url)


def test_what_was_written_survives_closing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    first = Database(url)
    first.write(lambda session: session.execute(text("CREATE TABLE thing (id INTEGER)")) and None)
    first.write(insert(5))
    first.close()
    second = Database(url)
    assert rows(second) == [5]
    second.close()


def submitted(database: Database, work) -> object:
    """What came of a plain job: its result or its error."""
    done, found = threading.Event(), []
    database.submit(work, lambda result, error: (found.append(error or result), done.set()))
    assert done.wait(10)
    return found[0]


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_plain_job_writes_by_the_driver_and_by_the_session_stands_or_falls_together(
    database: Database, fails: bool
) -> None:
    def work(session: Session) -> str:
        session.info["driver"].execute("INSERT INTO thing VALUES (1)")
        insert(2)(session)
        if fails:
            raise RuntimeError("broken on purpose")
        return "done"

    found = submitted(database, work)
    assert isinstance(found, RuntimeError) == fails
    assert rows(database) == ([] if fails else [1, 2])
    assert (
        submitted(database, lambda session: session.info["driver"].execute("INSERT INTO thing VALUES (9)") and 1) == 1
    )


def test_a_plain_job_fails_with_the_error_that_callers_know(database: Database) -> None:
    twice = submitted(database, lambda session: session.info["driver"].execute("INSERT INTO thing VALUES (1), (1)"))
    assert isinstance(twice, IntegrityError)
    assert rows(database) == []


def test_a_job_that_hides_that_sqlite_took_everything_back_is_not_said_to_be_written(database: Database) -> None:
    def work(session: Session) -> None:
        insert(1)(session)
        session.info["driver"].execute("ROLLBACK")

    with pytest.raises(OperationalError):
        database.write(work)
    assert rows(database) == []
    database.write(insert(2))
    assert rows(database) == [2]


def test_the_engines_own_connection_is_free_beside_the_writer(database: Database) -> None:
    database.write(insert(1))
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO thing VALUES (2)"))
    database.write(insert(3))
    assert rows(database) == [1, 2, 3]


@pytest.mark.postgres
def test_of_two_that_wait_for_each_other_on_postgresql_both_write_in_the_end(postgres_url: str) -> None:
    database, gate = Database(postgres_url), threading.Barrier(2)
    database.write(lambda session: session.execute(text("CREATE TABLE crossing (id INTEGER, count INTEGER)")) and None)
    database.write(lambda session: session.execute(text("INSERT INTO crossing VALUES (1, 0), (2, 0)")) and None)
    tries: list[int] = []

    def cross(first: int, second: int) -> None:
        def work(session: Session) -> None:
            tries.append(first)
            add = text("UPDATE crossing SET count = count + 1 WHERE id = :id")
            session.execute(add, {"id": first})
            if tries.count(first) == 1:
                gate.wait(10)
            session.execute(add, {"id": second})

        database.write(work)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with database.read() as session:
        assert list(session.execute(text("SELECT count FROM crossing ORDER BY id")).scalars()) == [2, 2]
    assert len(tries) == 3, "one of them was taken back and ran again"
    database.write(lambda session: session.execute(text("DROP TABLE crossing")) and None)
    database.close()
