"""Codes and certificates of nodes."""

from sqlalchemy import BigInteger, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched
from hub.fleet.rules.enrolment import Code


class EnrolmentCode(Base):
    """A one-time code, kept as its hash."""

    __tablename__ = "fleet_code"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    node: Mapped[str] = mapped_column(String(63))
    expires_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class Certificate(Base):
    """A certificate that a node got; revoked_at ends it before its time."""

    __tablename__ = "fleet_certificate"
    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    node: Mapped[str] = mapped_column(String(63), index=True)
    issued_at: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)


def add_code(session: Session, code_hash: str, node: str, expires_at: int) -> None:
    """Keeps a new code; an older unused one of the node is over."""
    session.execute(
        update(EnrolmentCode).where(EnrolmentCode.node == node, EnrolmentCode.used_at.is_(None)).values(expires_at=0)
    )
    session.add(EnrolmentCode(hash=code_hash, node=node, expires_at=expires_at, used_at=None))


def code(session: Session, code_hash: str) -> Code | None:
    """What is known of a code."""
    row = session.get(EnrolmentCode, code_hash)
    return Code(row.node, row.expires_at, row.used_at) if row is not None else None


def use_code(session: Session, code_hash: str, now: int) -> bool:
    """True for exactly one caller."""
    where = (EnrolmentCode.hash == code_hash, EnrolmentCode.used_at.is_(None))
    return touched(session, update(EnrolmentCode).where(*where).values(used_at=now)) == 1


def add_certificate(session: Session, serial: str, node: str, issued_at: int, until: int) -> None:
    """Keeps what was issued."""
    session.add(Certificate(serial=serial, node=node, issued_at=issued_at, until=until, revoked_at=None))


def holder(session: Session, serial: str) -> str | None:
    """The node of a certificate that was issued and not revoked."""
    where = (Certificate.serial == serial, Certificate.revoked_at.is_(None))
    return session.execute(select(Certificate.node).where(*where)).scalar_one_or_none()


def revoke(session: Session, node: str, now: int) -> int:
    """Ends every certificate and code of a node; returns how many certificates."""
    session.execute(update(EnrolmentCode).where(EnrolmentCode.node == node).values(expires_at=0))
    where = (Certificate.node == node, Certificate.revoked_at.is_(None))
    return touched(session, update(Certificate).where(*where).values(revoked_at=now))


def revoked(session: Session, now: int) -> dict[str, int]:
    """serial -> when, of revoked certificates whose time is not over anyway."""
    where = (Certificate.revoked_at.is_not(None), Certificate.until > now)
    rows = session.execute(select(Certificate.serial, Certificate.revoked_at).where(*where))
    return {serial: at for serial, at in rows if at is not None}
