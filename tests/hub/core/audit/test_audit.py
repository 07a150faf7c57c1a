"""The audit log: gapless, unchangeable, and every tampering is found."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.core import audit
from hub.core.db import Database, Session

NOW = 1_800_000_000_000


def fill(database: Database, number: int = 10) -> None:
    for index in range(number):
        database.write(
            lambda session, index=index: audit.note(
                session, "account.login", actor=f"person:{index}", now=NOW + index, details={"try": index}
            )
        )


def verdict(database: Database) -> audit.Verdict:
    with database.read() as session:
        return audit.verify(session)


def tamper(database: Database, statement: str) -> None:
    """What somebody does who has the database's password: away with the guards, then the change."""
    guards = (
        ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete")
        if database.is_sqlite
        else ("SET LOCAL session_replication_role = replica",)
    )

    def work(session: Session) -> None:
        for one in (*guards, *statement.split(";")):
            session.execute(text(one))

    database.write(work)


def test_an_empty_and_a_full_log_are_whole(database: Database) -> None:
    assert verdict(database) == audit.Verdict(0, "0" * 64, None)
    fill(database)
    found = verdict(database)
    assert (found.entries, found.first_bad) == (10, None)


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit_entry SET actor = 'person:99' WHERE number = 4", 4),
        ("UPDATE audit_entry SET at = at + 1 WHERE number = 1", 1),
        ("UPDATE audit_entry SET details = '{}' WHERE number = 10", 10),
        ("DELETE FROM audit_entry WHERE number = 5", 5),
        ("DELETE FROM audit_entry WHERE number = 1", 1),
        ("UPDATE audit_entry SET number = 99 WHERE number = 7", 7),
        (
            "UPDATE audit_entry SET number = 99 WHERE number = 3;UPDATE audit_entry SET number = 3 WHERE number = 4;"
            "UPDATE audit_entry SET number = 4 WHERE number = 99",
            3,
        ),
        (
            "INSERT INTO audit_entry SELECT 11, at, actor, action, subject, details, hash FROM audit_entry "
            "WHERE number = 10",
            11,
        ),
    ],
)
def test_every_tampering_is_found(database: Database, statement: str, first_bad: int) -> None:
    fill(database)
    tamper(database, statement)
    assert verdict(database).first_bad == first_bad


def test_a_cut_off_end_changes_the_newest_hash(database: Database) -> None:
    fill(database)
    head = verdict(database).head
    tamper(database, "DELETE FROM audit_entry WHERE number = 10")
    found = verdict(database)
    assert found.first_bad is None
    assert found.head != head


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_changes(database: Database, statement: str) -> None:
    fill(database, 1)
    with pytest.raises(DBAPIError, match="append-only"):
        database.write(lambda session: session.execute(text(statement)) and None)


def test_many_who_write_at_once_make_one_gapless_chain(database: Database) -> None:
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: fill(database, 5), range(16)))
    found = verdict(database)
    assert (found.entries, found.first_bad) == (80, None)


def test_what_is_rolled_back_leaves_no_entry(database: Database) -> None:
    def fail(session) -> None:
        audit.note(session, "account.login", actor="person:1", now=NOW)
        raise KeyError("no")

    with pytest.raises(KeyError):
        database.write(fail)
    assert verdict(database).entries == 0


@pytest.mark.parametrize(
    ("action", "actor", "details"),
    [
        ("account.login", "person:1", {"mail": "x"}),
        ("account.login", "person:1", {"displayName": "x"}),
        ("account.login", "person:1", {"why": "rosa@example.org"}),
        ("account.login", "person:1", {"why": "x" * 201}),
        ("account.login", "Rosa Quelle", {}),
        ("rosa hat sich angemeldet", "person:1", {}),
    ],
)
def test_personal_data_stays_out(database: Database, action: str, actor: str, details: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="audit log"):
        database.write(lambda session: audit.note(session, action, actor=actor, now=NOW, details=details))


def test_entries_of_a_time_are_read_in_order(database: Database) -> None:
    fill(database)
    with database.read() as session:
        assert [one.number for one in audit.entries(session, NOW + 2, NOW + 5)] == [3, 4, 5]
        assert [one.number for one in audit.newest(session, 2, before=9)] == [8, 7]


def test_entries_are_found_by_what_who_whom_and_when(database: Database) -> None:
    written = [
        ("account.login", "person:1", "person:1"),
        ("account.role-given", "person:1 for organisation:3", "person:12"),
        ("account.role-given", "person:12", "person:1"),
        ("fleet.commanded", "person:1", "node:lake"),
        ("account.login", "person:1_", "person:1_"),
    ]
    for index, (action, actor, subject) in enumerate(written):
        database.write(
            lambda session, a=action, b=actor, c=subject, at=NOW + index: audit.note(
                session, a, actor=b, subject=c, now=at
            )
        )

    def found(**wanted: object) -> list[int]:
        with database.read() as session:
            chosen = audit.Wanted(**wanted)
            down = [one.number for one in audit.newest(session, 9, wanted=chosen)]
            up = [one.number for one in audit.following(session, 9, wanted=chosen)]
        assert down == up[::-1]
        return up

    assert found() == [1, 2, 3, 4, 5]
    assert found(action="account.role-given") == [2, 3]
    assert found(actor="person:1") == [1, 2, 4]
    assert found(actor="person:1_") == [5], "an underscore is no joker"
    assert found(subjects=("person:1", "node:lake")) == [1, 3, 4]
    assert found(since=NOW + 1, until=NOW + 3) == [2, 3]
    assert found(action="account.login", actor="person:12") == []


def test_following_entries_end_where_they_shall(database: Database) -> None:
    fill(database)
    with database.read() as session:
        assert [one.number for one in audit.following(session, 3, 4)] == [5, 6, 7]
        assert [one.number for one in audit.following(session, 9, 4, last=6)] == [5, 6]
