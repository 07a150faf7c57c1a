"""What stores share: being right when two do the same at once, and how many rows a statement touched."""

from typing import Any, cast

from sqlalchemy import CursorResult, Executable, inspect, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Base, Session


def lock(session: Session, table: type[Base], key: Any) -> None:
    """Waits until no other transaction holds this row; call it before anything is read that decides.

    SQLite has one writer and needs no lock. A row that is gone is no error. Rows that point at this one may still come.
    """
    column = inspect(table).primary_key[0]
    session.execute(select(column).where(column == key).with_for_update(key_share=True))


def insert_new(session: Session, table: type[Base], **facts: Any) -> bool:
    """False when there is such a row already, also one that another transaction commits at this moment."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = insert(table).values(**facts).on_conflict_do_nothing().returning(*inspect(table).primary_key)
    return session.execute(made).first() is not None


def touched(session: Session, statement: Executable) -> int:
    """How many rows an UPDATE or DELETE touched."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
