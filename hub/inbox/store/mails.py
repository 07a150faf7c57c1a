"""The mails that the demonstration keeps instead of sending them."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Identity, Integer, String, Text, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class DemoMailRow(Base):
    """A mail that the demonstration did not send."""

    __tablename__ = "inbox_demo_mail"

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)


def keep_demo_mail(session: Session, recipient: str, subject: str, text: str, now: int, most: int) -> None:
    """Keeps a mail and forgets the oldest ones."""
    session.execute(insert(DemoMailRow).values(recipient=recipient, subject=subject[:200], text=text, at=now))
    newest = select(DemoMailRow.id).order_by(DemoMailRow.id.desc()).limit(most).subquery()
    session.execute(delete(DemoMailRow).where(DemoMailRow.id.not_in(select(newest.c.id))))


def demo_mails(session: Session) -> Sequence[DemoMailRow]:
    """The newest first."""
    return session.scalars(select(DemoMailRow).order_by(DemoMailRow.id.desc())).all()


def forget_demo_mails(session: Session, recipient: str) -> None:
    """Forgets what was kept for one address."""
    session.execute(delete(DemoMailRow).where(DemoMailRow.recipient == recipient))
