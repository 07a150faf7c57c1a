"""Tables of messages, and of the mails that the demonstration keeps instead of sending them."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, String, Text, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class MessageRow(Base):
    """A message to a person; `sender` is the module that wrote it, read_at 0 = unread."""

    __tablename__ = "inbox_message"

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    sender: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    read_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class DemoMailRow(Base):
    """A mail that the demonstration did not send."""

    __tablename__ = "inbox_demo_mail"

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)


def add(session: Session, person_id: int, sender: str, subject: str, text: str, now: int) -> None:
    """Stores a message."""
    values = {"person_id": person_id, "sender": sender, "subject": subject[:200], "text": text, "created_at": now}
    session.execute(insert(MessageRow).values(**values))


def of_person(session: Session, person_id: int, limit: int, before: int | None = None) -> Sequence[MessageRow]:
    """The newest messages (older than the one with the id `before`)."""
    mine = select(MessageRow).where(MessageRow.person_id == person_id)
    if before is not None:
        mine = mine.where(MessageRow.id < before)
    return session.scalars(mine.order_by(MessageRow.id.desc()).limit(limit)).all()


def one(session: Session, person_id: int, message_id: int) -> MessageRow | None:
    """A person's message."""
    mine = select(MessageRow).where(MessageRow.person_id == person_id, MessageRow.id == message_id)
    return session.scalars(mine).first()


def mark_read(session: Session, person_id: int, message_id: int, now: int) -> None:
    """Notes the first reading."""
    session.execute(
        update(MessageRow)
        .where(MessageRow.person_id == person_id, MessageRow.id == message_id, MessageRow.read_at == 0)
        .values(read_at=now)
    )


def remove(session: Session, person_id: int, message_id: int) -> bool:
    """False when it is not theirs."""
    gone = delete(MessageRow).where(MessageRow.person_id == person_id, MessageRow.id == message_id)
    return bool(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def forget(session: Session, person_id: int) -> None:
    """Deletes all of a person's messages."""
    session.execute(delete(MessageRow).where(MessageRow.person_id == person_id))


def unread(session: Session, person_id: int) -> int:
    """How many a person has not read."""
    waiting = select(func.count()).where(MessageRow.person_id == person_id, MessageRow.read_at == 0)
    return session.execute(waiting).scalar_one()


def keep_demo_mail(session: Session, recipient: str, subject: str, text: str, now: int, most: int) -> None:
    """Keeps a mail and forgets the oldest ones."""
    session.execute(insert(DemoMailRow).values(recipient=recipient, subject=subject[:200], text=text, at=now))
    newest = select(DemoMailRow.id).order_by(DemoMailRow.id.desc()).limit(most).subquery()
    session.execute(delete(DemoMailRow).where(DemoMailRow.id.not_in(select(newest.c.id))))


def demo_mails(session: Session) -> Sequence[DemoMailRow]:
    """The newest first."""
    return session.scalars(select(DemoMailRow).order_by(DemoMailRow.id.desc())).all()
