"""How a person wants to hear of messages. Without a row: at once."""

from collections.abc import Collection, Sequence

from sqlalchemy import ForeignKey, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched
from hub.inbox.store.threads import MessageRow, ThreadRow


class PreferenceRow(Base):
    """A person's choice; `mail` is at_once, daily or never."""

    __tablename__ = "inbox_preference"

    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True)
    mail: Mapped[str] = mapped_column(String(8), index=True)


def mail(session: Session, person_id: int) -> str | None:
    """The choice for mails; None when none was made."""
    return session.scalar(select(PreferenceRow.mail).where(PreferenceRow.person_id == person_id))


def set_mail(session: Session, person_id: int, choice: str) -> None:
    """Writes it."""
    changed = update(PreferenceRow).where(PreferenceRow.person_id == person_id).values(mail=choice)
    if not touched(session, changed):
        session.execute(insert(PreferenceRow).values(person_id=person_id, mail=choice))


def forget(session: Session, person_id: int) -> None:
    """As if no choice had been made."""
    session.execute(delete(PreferenceRow).where(PreferenceRow.person_id == person_id))


def people_waiting(session: Session, choice: str, slot: int, after: int, limit: int) -> Sequence[int]:
    """Who made this choice and was not told of an unread message up to `slot`, by their numbers from `after` on."""
    waiting = (
        select(ThreadRow.person_id)
        .join(MessageRow, MessageRow.thread_id == ThreadRow.id)
        .join(PreferenceRow, PreferenceRow.person_id == ThreadRow.person_id)
        .where(PreferenceRow.mail == choice, ThreadRow.person_id > after, MessageRow.from_person.is_(False))
        .where(MessageRow.read_at == 0, MessageRow.noticed_at == 0, MessageRow.created_at <= slot)
    )
    return session.scalars(waiting.distinct().order_by(ThreadRow.person_id).limit(limit)).all()


def unread_of_town(session: Session, person_id: int) -> Sequence[MessageRow]:
    """What the town wrote to a person who has not read it."""
    mine = select(MessageRow).join(ThreadRow, ThreadRow.id == MessageRow.thread_id)
    mine = mine.where(ThreadRow.person_id == person_id, MessageRow.from_person.is_(False), MessageRow.read_at == 0)
    return session.scalars(mine.order_by(MessageRow.id)).all()


def mark_noticed(session: Session, message_ids: Collection[int], now: int) -> None:
    """Notes that a mail told of these messages."""
    session.execute(update(MessageRow).where(MessageRow.id.in_(message_ids)).values(noticed_at=now))
