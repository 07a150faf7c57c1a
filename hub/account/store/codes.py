"""Codes that hold for minutes (by mail, from the citizens' office) and tickets that count once."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.account import rules
from hub.core.db import Base
from hub.core.rows import insert_new, touched


class CodeRow(Base):
    """A code for one purpose; the database knows its HMAC alone. `id` is random and travels with the form."""

    __tablename__ = "account_code"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    mail: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used: Mapped[bool] = mapped_column(Boolean, default=False)
    made_by: Mapped[int | None] = mapped_column(Integer)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


class UsedRow(Base):
    """What was used once and must not be used again."""

    __tablename__ = "account_used"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


class HeldRow(Base):
    """A form that waits until its sender has logged in (again); sealed, bound to the browser, gone after an hour."""

    __tablename__ = "account_held"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    browser: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(500))
    fields: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


def hold(session: Session, **facts: Any) -> None:
    """Keeps a form."""
    session.execute(insert(HeldRow).values(**facts))


def held(session: Session, held_id: str) -> HeldRow | None:
    """A kept form."""
    return session.get(HeldRow, held_id)


def drop_held(session: Session, held_id: str) -> None:
    """Forgets a kept form."""
    session.execute(delete(HeldRow).where(HeldRow.id == held_id))


def add(session: Session, **facts: Any) -> None:
    """Stores a code."""
    session.add(CodeRow(tries=0, used=False, **facts))
    session.flush()


def find(session: Session, code_id: str, purpose: str) -> CodeRow | None:
    """The code with this id."""
    row = session.get(CodeRow, code_id)
    return row if row is not None and row.purpose == purpose else None


def newest_for(session: Session, mail: str, purpose: str) -> CodeRow | None:
    """The last code that was made for this address."""
    made = select(CodeRow).where(CodeRow.mail == mail, CodeRow.purpose == purpose, ~CodeRow.used)
    return session.scalars(made.order_by(CodeRow.expires_at.desc()).limit(1)).first()


def state(row: CodeRow) -> rules.Code:
    """The row as the rules see it."""
    return rules.Code(row.expires_at, row.tries, row.used)


def take_try(session: Session, code_id: str) -> bool:
    """Counts a try before it is made; False when none was left (two at once cannot share the last one)."""
    counted = update(CodeRow).where(CodeRow.id == code_id, CodeRow.tries < rules.CODE_TRIES, ~CodeRow.used)
    return bool(touched(session, counted.values(tries=CodeRow.tries + 1)))


def use(session: Session, code_id: str) -> bool:
    """Marks a code as used; False when somebody was quicker."""
    used = update(CodeRow).where(CodeRow.id == code_id, ~CodeRow.used).values(used=True)
    return bool(touched(session, used))


def end_for(session: Session, mail: str, purpose: str) -> None:
    """Codes for this address and purpose count no more."""
    session.execute(delete(CodeRow).where(CodeRow.mail == mail, CodeRow.purpose == purpose))


def forget_mail(session: Session, mail: str) -> None:
    """Deletes every code for an address."""
    session.execute(delete(CodeRow).where(CodeRow.mail == mail))


def use_once(session: Session, digest: str, expires_at: int) -> bool:
    """False when this was used before, also a moment ago in another transaction."""
    return insert_new(session, UsedRow, digest=digest, expires_at=expires_at)


def tidy(session: Session, now: int) -> int:
    """Forgets what is over; returns how many rows."""
    codes = touched(session, delete(CodeRow).where(CodeRow.expires_at < now))
    used = touched(session, delete(UsedRow).where(UsedRow.expires_at < now))
    held = touched(session, delete(HeldRow).where(HeldRow.expires_at < now))
    return int(codes + used + held)
