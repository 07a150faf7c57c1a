"""The migrations end in the very tables that the code declares, with what was there before."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from hub import app, setup
from hub.core.db import Base, Database
from hub.settings import Settings


def migrate(url: str, directory: Path) -> Database:
    setup.migrate(Settings(state_dir=directory, database_url=url))
    return Database(url)


def test_migrating_an_empty_database_gives_the_declared_tables(empty_database_url: str, tmp_path: Path) -> None:
    app.load_tables()
    database = migrate(empty_database_url, tmp_path)
    with database.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    database.close()
    assert difference == []


def test_a_job_that_was_dead_before_becomes_a_task(empty_database_url: str, tmp_path: Path) -> None:
    command.upgrade(setup.alembic_config(empty_database_url), "0012")
    database = Database(empty_database_url)
    insert = (
        "INSERT INTO core_job (kind, arguments, state, created_at, finished_at, tries, max_tries, lost, last_error) "
        "VALUES ('mail', '{}', :state, 1, 5, 8, 8, 0, 'away')"
    )
    for state in ("dead", "done"):
        database.write(lambda session, state=state: session.execute(text(insert), {"state": state}) and None)
    database.close()
    database = migrate(empty_database_url, tmp_path)
    with database.read() as session:
        found = session.execute(text("SELECT kind, reason, since, deaths, note FROM operations_task")).all()
    database.close()
    assert [tuple(row) for row in found] == [("mail", "away", 5, 1, "")]


def test_counters_and_sums_of_an_older_hub_are_carried_over(empty_database_url: str, tmp_path: Path) -> None:
    from hub.setup import alembic_config

    command.upgrade(alembic_config(empty_database_url), "0002")
    database = Database(empty_database_url)

    def fill(session) -> None:
        session.execute(text("INSERT INTO ingest_counter (name, detail, value) VALUES ('stored', 'bay', 7)"))
        session.execute(text("INSERT INTO ingest_outbox VALUES ('lake-b1', 'aa', 1, 5, 5)"))
        session.execute(
            text(
                "INSERT INTO ingest_message (node, outbox, seq, kind, ts, received_at, body) "
                "VALUES ('lake-b1', 'aa', 1, 'bay', 5, 5, '{}')"
            )
        )

    database.write(fill)
    database.close()
    database = migrate(empty_database_url, tmp_path)
    with database.read() as session:
        assert session.execute(text("SELECT value, worker FROM ingest_counter")).one() == (7, 0)
        assert session.execute(text("SELECT highest, stored, held FROM ingest_outbox")).one() == (1, 1, 0)
    database.close()


def test_old_messages_become_threads_under_their_old_numbers(empty_database_url: str, tmp_path: Path) -> None:
    from hub.inbox import api as inbox
    from hub.setup import alembic_config

    command.upgrade(alembic_config(empty_database_url), "0014")
    database = Database(empty_database_url)

    def fill(session) -> None:
        session.execute(
            text("INSERT INTO account_person (id, name, handle, created_at, disabled) VALUES (3, 'a@b', 'h', 1, false)")
        )
        for number, read_at in ((7, 0), (9, 5)):
            values = {"id": number, "read_at": read_at}
            session.execute(
                text(
                    "INSERT INTO inbox_message (id, person_id, sender, subject, text, created_at, read_at) "
                    "VALUES (:id, 3, 'account', 'Alt', 'Text', 4, :read_at)"
                ),
                values,
            )

    database.write(fill)
    database.close()
    database = migrate(empty_database_url, tmp_path)
    with database.read() as session:
        found = inbox.thread(session, 3, 7)
        assert found is not None
        assert (found.subject, found.messages[0].text, found.messages[0].read_at) == ("Alt", "Text", 0)
        assert inbox.unread(session, 3) == 1
    new = database.write(lambda s: inbox.begin(s, 3, "kita", inbox.Letter("x", subject="y"), 9))
    assert new == 10
    database.close()
