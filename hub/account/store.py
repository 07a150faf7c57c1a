"""Tables and queries of people, roles and sessions."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.account import rules
from hub.core.db import Base


class PersonRow(Base):
    """A person who can log in; the name is in lower case."""

    __tablename__ = "account_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int] = mapped_column(BigInteger)
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)


class RoleRow(Base):
    """A person's role, e.g. admin."""

    __tablename__ = "account_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)


class SessionRow(Base):
    """A log-in; the database knows the token's SHA-256 alone, so a stolen copy opens nothing."""

    __tablename__ = "account_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    last_seen_at: Mapped[int] = mapped_column(BigInteger)


def person_named(session: Session, name: str) -> PersonRow | None:
    """The person with this (normal) name."""
    return session.scalar(select(PersonRow).where(PersonRow.name == name))


def roles_of(session: Session, person_id: int) -> frozenset[str]:
    """All roles of a person."""
    return frozenset(session.scalars(select(RoleRow.role).where(RoleRow.person_id == person_id)))


def add_person(session: Session, name: str, password_hash: str, role: str, now: int) -> int:
    """Adds a person with one role; returns the id. IntegrityError when the name is taken."""
    person = PersonRow(name=name, password_hash=password_hash, created_at=now, disabled=False)
    session.add(person)
    session.flush()
    session.add(RoleRow(person_id=person.id, role=role))
    return person.id


def set_password(session: Session, person_id: int, password_hash: str) -> None:
    """Stores a new hash."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(password_hash=password_hash))


def set_disabled(session: Session, person_id: int, disabled: bool) -> None:
    """Closes or opens an account."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(disabled=disabled))


def add_session(session: Session, token_hash: str, person_id: int, times: rules.Session) -> None:
    """Stores a new session and forgets those that ended."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at < times.created_at))
    session.add(
        SessionRow(
            token_hash=token_hash,
            person_id=person_id,
            created_at=times.created_at,
            expires_at=times.expires_at,
            last_seen_at=times.last_seen_at,
        )
    )


def session_with(session: Session, token_hash: str) -> tuple[rules.Session, PersonRow] | None:
    """A session's times and its person."""
    found = session.execute(
        select(SessionRow, PersonRow)
        .join(PersonRow, PersonRow.id == SessionRow.person_id)
        .where(SessionRow.token_hash == token_hash)
    ).first()
    if found is None:
        return None
    row, person = found
    return rules.Session(row.created_at, row.expires_at, row.last_seen_at), person


def touch(session: Session, token_hash: str, now: int) -> None:
    """Writes when a session was used last."""
    session.execute(update(SessionRow).where(SessionRow.token_hash == token_hash).values(last_seen_at=now))


def end_session(session: Session, token_hash: str) -> None:
    """Forgets one session."""
    session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def end_sessions_of(session: Session, person_id: int) -> None:
    """Forgets all sessions of a person."""
    session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))
