"""How far the export to the series server has come."""

from sqlalchemy import BigInteger, String, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.ingest.store.tables import Message

_WRITING = 7301  # the advisory lock that every batch shares while it writes


class Cursor(Base):
    """The last message that a reader has dealt with."""

    __tablename__ = "ingest_cursor"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    last_id: Mapped[int] = mapped_column(BigInteger)


def writing(session: Session) -> None:
    """Says that this transaction adds messages, so that `complete_upto` can wait for it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _WRITING})


def complete_upto(session: Session) -> int:
    """The highest id below which no transaction still adds messages: ids are given before the commit, in any order."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITING})
    return int(session.execute(select(func.max(Message.id))).scalar() or 0)


def cursor(session: Session, name: str) -> int:
    """The last id, 0 at the beginning."""
    return int(session.execute(select(Cursor.last_id).where(Cursor.name == name)).scalar() or 0)


def save_cursor(session: Session, name: str, last_id: int) -> None:
    """Keeps it."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Cursor).values(name=name, last_id=last_id)
    session.execute(statement.on_conflict_do_update(index_elements=[Cursor.name], set_={"last_id": last_id}))


def messages_after(session: Session, last_id: int, upto: int, limit: int) -> list[tuple[int, str, str, int, str]]:
    """(id, node, kind, ts, body as JSON) of the next messages."""
    columns = (Message.id, Message.node, Message.kind, Message.ts, Message.body)
    query = select(*columns).where(Message.id > last_id, Message.id <= upto).order_by(Message.id).limit(limit)
    return [(row.id, row.node, row.kind, row.ts, row.body) for row in session.execute(query)]
