"""The hub's own certificates as they were seen last."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.fleet.rules.certificates import Own


class OwnCertificate(Base):
    """One of them; `warned`: people were told that it ends."""

    __tablename__ = "fleet_own_certificate"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger)
    ours: Mapped[bool] = mapped_column(Boolean)
    warned: Mapped[bool] = mapped_column(Boolean, default=False)


def own_certificates(session: Session) -> list[Own]:
    """All of them."""
    rows = session.execute(select(OwnCertificate).order_by(OwnCertificate.name)).scalars()
    return [Own(row.name, row.until, row.ours, row.warned) for row in rows]


def keep_own_certificate(session: Session, one: Own) -> None:
    """Writes it as it is now."""
    session.merge(OwnCertificate(name=one.name, until=one.until, ours=one.ours, warned=one.warned))


def forget_own_certificates(session: Session, others_than: Sequence[str]) -> None:
    """Deletes those that nobody shows any more."""
    session.execute(delete(OwnCertificate).where(OwnCertificate.name.not_in(others_than)))
