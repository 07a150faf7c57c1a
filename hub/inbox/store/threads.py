"""Threads between the town and a person, their messages and which files belong to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    Integer,
    Select,
    String,
    Text,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class ThreadRow(Base):
    """A thread with one person; `sender` is the module that began it or is written to; closed_at 0 = open."""

    __tablename__ = "inbox_thread"

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    sender: Mapped[str] = mapped_column(String(40), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    answerable: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger, index=True)
    closed_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class MessageRow(Base):
    """A message; read_at 0 = not read by the other side; noticed_at 0 = no mail told of it; form_key: sent once."""

    __tablename__ = "inbox_message"

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("inbox_thread.id", ondelete="CASCADE"), index=True)
    from_person: Mapped[bool] = mapped_column(Boolean)
    text: Mapped[str] = mapped_column(Text)
    form_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    noticed_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class AttachmentRow(Base):
    """A file that came with a message."""

    __tablename__ = "inbox_attachment"

    file_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("inbox_message.id", ondelete="CASCADE"), index=True)


@dataclass(frozen=True)
class Line:
    """A thread in a list; `unread`: by the reader of the list; `seen`: the other side has read everything."""

    thread: ThreadRow
    unread: int
    seen: bool


def add_thread(session: Session, person_id: int, sender: str, subject: str, answerable: bool, now: int) -> int:
    """A new thread without a message."""
    facts = {"person_id": person_id, "sender": sender, "subject": subject[:200], "answerable": answerable}
    made = insert(ThreadRow).values(**facts, created_at=now, changed_at=now).returning(ThreadRow.id)
    return session.execute(made).scalar_one()


def add_message(session: Session, thread_id: int, form_key: str | None, **facts: Any) -> int | None:
    """A message; None when one came with the same form before."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(MessageRow).values(thread_id=thread_id, form_key=form_key, **facts)
    found = session.execute(new.on_conflict_do_nothing(index_elements=["form_key"]).returning(MessageRow.id)).scalar()
    if found is not None:
        now = facts["created_at"]
        session.execute(update(ThreadRow).where(ThreadRow.id == thread_id).values(changed_at=now))
    return found


def add_attachment(session: Session, message_id: int, file_id: str) -> None:
    """Notes with which message a file came."""
    session.execute(insert(AttachmentRow).values(message_id=message_id, file_id=file_id))


def thread_of_form(session: Session, form_key: str) -> int | None:
    """The thread that a form was sent into."""
    return session.scalar(select(MessageRow.thread_id).where(MessageRow.form_key == form_key))


def thread(session: Session, thread_id: int) -> ThreadRow | None:
    """The thread with this number."""
    return session.get(ThreadRow, thread_id)


def messages(session: Session, thread_id: int) -> Sequence[MessageRow]:
    """A thread's messages, the oldest first."""
    return session.scalars(select(MessageRow).where(MessageRow.thread_id == thread_id).order_by(MessageRow.id)).all()


def attachments(session: Session, thread_id: int) -> dict[int, list[str]]:
    """message -> ids of its files."""
    rows = session.execute(
        select(AttachmentRow.message_id, AttachmentRow.file_id)
        .join(MessageRow, MessageRow.id == AttachmentRow.message_id)
        .where(MessageRow.thread_id == thread_id)
    )
    found: dict[int, list[str]] = {}
    for message_id, file_id in rows:
        found.setdefault(message_id, []).append(file_id)
    return found


def of_person(session: Session, person_id: int, limit: int, offset: int) -> list[Line]:
    """A person's threads, the newest change first."""
    mine = _lines(reader_is_person=True).where(ThreadRow.person_id == person_id)
    return _read(session, mine.order_by(ThreadRow.changed_at.desc(), ThreadRow.id.desc()), limit, offset)


def of_module(session: Session, sender: str, limit: int, offset: int) -> list[Line]:
    """A module's threads: those with unread answers first (the oldest of them first), then the newest change."""
    lines = _lines(reader_is_person=False).where(ThreadRow.sender == sender)
    waits = _unread(from_person=True) > 0
    oldest = case((waits, ThreadRow.changed_at), else_=-ThreadRow.changed_at)
    return _read(session, lines.order_by(case((waits, 0), else_=1), oldest, ThreadRow.id.desc()), limit, offset)


def unread(session: Session, person_id: int) -> int:
    """How many messages of the town a person has not read."""
    waiting = select(func.count()).select_from(MessageRow).join(ThreadRow, ThreadRow.id == MessageRow.thread_id)
    mine = waiting.where(ThreadRow.person_id == person_id, MessageRow.from_person.is_(False), MessageRow.read_at == 0)
    return session.execute(mine).scalar_one()


def unread_of_module(session: Session, sender: str) -> int:
    """How many threads of a module hold something that it has not read."""
    waiting = select(func.count(func.distinct(ThreadRow.id))).join(MessageRow, MessageRow.thread_id == ThreadRow.id)
    theirs = waiting.where(ThreadRow.sender == sender, MessageRow.from_person.is_(True), MessageRow.read_at == 0)
    return session.execute(theirs).scalar_one()


def mark_read(session: Session, thread_id: int, now: int, *, from_person: bool) -> None:
    """Notes the first reading of what one side wrote."""
    theirs = update(MessageRow).where(MessageRow.thread_id == thread_id, MessageRow.from_person.is_(from_person))
    session.execute(theirs.where(MessageRow.read_at == 0).values(read_at=now))


def close(session: Session, thread_id: int, now: int) -> bool:
    """False when it was closed before."""
    closed = update(ThreadRow).where(ThreadRow.id == thread_id, ThreadRow.closed_at == 0).values(closed_at=now)
    return bool(touched(session, closed))


def remove(session: Session, thread_id: int) -> None:
    """Deletes a thread and, by the foreign keys, what is in it."""
    session.execute(delete(ThreadRow).where(ThreadRow.id == thread_id))


def written_since(session: Session, person_id: int, since: int) -> int:
    """How many messages a person wrote."""
    mine = select(func.count()).select_from(MessageRow).join(ThreadRow, ThreadRow.id == MessageRow.thread_id)
    own = mine.where(ThreadRow.person_id == person_id, MessageRow.from_person.is_(True), MessageRow.created_at >= since)
    return session.execute(own).scalar_one()


def ids_of_person(session: Session, person_id: int) -> Sequence[int]:
    """Every thread of a person, the oldest first."""
    return session.scalars(select(ThreadRow.id).where(ThreadRow.person_id == person_id).order_by(ThreadRow.id)).all()


def quiet_since(session: Session, before: int, limit: int) -> Sequence[int]:
    """Threads in which everything was written and read before a moment."""
    busy = exists().where(
        MessageRow.thread_id == ThreadRow.id,
        (MessageRow.read_at == 0) | (MessageRow.read_at >= before) | (MessageRow.created_at >= before),
    )
    return session.scalars(select(ThreadRow.id).where(ThreadRow.changed_at < before, ~busy).limit(limit)).all()


def missing(session: Session, thread_ids: Sequence[int]) -> set[int]:
    """Those numbers that no thread has."""
    there: set[int] = set()
    for start in range(0, len(thread_ids), 500):
        some = thread_ids[start : start + 500]
        there |= set(session.scalars(select(ThreadRow.id).where(ThreadRow.id.in_(some))))
    return set(thread_ids) - there


def _unread(*, from_person: bool) -> Any:
    theirs = select(func.count()).where(MessageRow.thread_id == ThreadRow.id, MessageRow.read_at == 0)
    return theirs.where(MessageRow.from_person.is_(from_person)).correlate(ThreadRow).scalar_subquery()


def _lines(*, reader_is_person: bool) -> Select[Any]:
    waiting, unseen = _unread(from_person=not reader_is_person), _unread(from_person=reader_is_person)
    return select(ThreadRow, waiting, unseen)


def _read(session: Session, lines: Select[Any], limit: int, offset: int) -> list[Line]:
    return [Line(row[0], row[1], not row[2]) for row in session.execute(lines.limit(limit).offset(offset))]
