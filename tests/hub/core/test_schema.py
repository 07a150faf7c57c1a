"""The tables' revision: a release says that it is not ready on older tables, and goes on on newer ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from flask.testing import FlaskClient
from sqlalchemy import inspect, text

from hub import app, setup
from hub.core import schema
from hub.core.db import Database
from hub.settings import Settings

NEWER = "9999"
SINCE = "0041"  # since this revision a hub may go back to an older release


def write_revision(url: str, revision: str) -> None:
    """As another release would leave it behind."""
    database = Database(url)
    change = text("UPDATE alembic_version SET version_num = :revision")
    database.write(lambda session: session.execute(change, {"revision": revision}) and None)
    database.close()


def test_the_greatest_number_is_what_alembic_calls_head(tmp_path: Path) -> None:
    script = ScriptDirectory.from_config(setup.alembic_config(f"sqlite:///{tmp_path / 'hub.db'}"))
    assert schema.head() == script.get_current_head()


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    made = app.create_app(Settings(state_dir=tmp_path, database_url=database_url))
    yield made.test_client()
    made.extensions["database"].close()
    write_revision(database_url, schema.head())


def test_nobody_is_ready_on_tables_of_an_older_release(client: FlaskClient, database_url: str) -> None:
    for revision, reason in (("", "no tables yet"), ("0001", "at revision 0001"), (schema.head(), "")):
        write_revision(database_url, revision)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["ok"]) == (503 if reason else 200, not reason)
        assert reason in answer.json.get("reason", "")


def test_tables_of_a_newer_release_will_do() -> None:
    assert schema.problem(NEWER) == ""


def test_a_database_without_tables_has_no_revision(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    found = database.revision()
    database.close()
    assert found == ""


def test_migrating_tables_of_a_newer_release_leaves_them_as_they_are_and_says_so(
    database_url: str, tmp_path: Path
) -> None:
    write_revision(database_url, NEWER)
    try:
        said = setup.migrate(Settings(state_dir=tmp_path, database_url=database_url))
    finally:
        write_revision(database_url, schema.head())
    assert said.startswith(f"the tables ({NEWER}) are of a newer release")
    assert said.endswith("nothing to do")
    assert setup.migrate(Settings(state_dir=tmp_path, database_url=database_url)) == ""


def columns(url: str) -> dict[tuple[str, str], bool]:
    """(table, column) -> whether a row may be written without it."""
    database = Database(url)
    found = inspect(database.engine)
    every = {
        (table, one["name"]): bool(one["nullable"]) or one["default"] is not None
        for table in found.get_table_names()
        for one in found.get_columns(table)
    }
    database.close()
    return every


def test_an_older_release_can_go_on_writing_rows_of_newer_tables(empty_database_url: str) -> None:
    command.upgrade(setup.alembic_config(empty_database_url), SINCE)
    before = columns(empty_database_url)
    command.upgrade(setup.alembic_config(empty_database_url), "head")
    after = columns(empty_database_url)
    tables = {table for table, _ in before}
    assert before.keys() <= after.keys(), "nothing that it writes is gone"
    missing = [one for one, may in after.items() if one[0] in tables and not may and before.get(one, True)]
    assert missing == []
