"""People, their roles and what happened to their account."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    delete,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.core.db import Base
from hub.core.rows import insert_new, lock, touched

BigId = BigInteger().with_variant(Integer(), "sqlite")


class PersonRow(Base):
    """A person who can log in. `name` is the mail address (citizens) or a short name (staff), in lower case."""

    __tablename__ = "account_person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(254), unique=True)
    display_name: Mapped[str] = mapped_column(String(100), default="", server_default="")
    handle: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    otp_secret: Mapped[str] = mapped_column(String(400), default="", server_default="")
    otp_step: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    otp_trusted: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    language: Mapped[str] = mapped_column(String(2), default="de", server_default="de")
    identified_until: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0", index=True)
    warned_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    disabled: Mapped[bool] = mapped_column(Boolean, default=False)


class ErasedRow(Base):
    """The number of a deleted account: the audit log names it, so nobody else may ever get it."""

    __tablename__ = "account_erased"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)


class RoleRow(Base):
    """A person's role, e.g. admin; `scope` narrows it, e.g. to one Kita (empty = everywhere)."""

    __tablename__ = "account_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(63), primary_key=True, default="", server_default="")


class IdentityRow(Base):
    """The same person at an upstream provider (BundID's broker)."""

    __tablename__ = "account_identity"
    # a person has one identity at a provider, and an identity belongs to one person
    __table_args__ = (Index("account_identity_one_each", "issuer", "person_id", unique=True),)

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    level: Mapped[int] = mapped_column(Integer)
    linked_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int] = mapped_column(BigInteger)


class EventRow(Base):
    """What happened to an account, as its owner may read it; deleted after a while."""

    __tablename__ = "account_event"

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    device: Mapped[str] = mapped_column(String(60), default="", server_default="")


def person_named(session: Session, name: str) -> PersonRow | None:
    """The person with this log-in name (lower case)."""
    return session.scalars(select(PersonRow).where(PersonRow.name == name)).first()


def person(session: Session, person_id: int) -> PersonRow | None:
    """The person with this number."""
    return session.get(PersonRow, person_id)


def existing(session: Session, ids: Collection[int]) -> list[int]:
    """Those of the numbers that are somebody's."""
    return list(session.scalars(select(PersonRow.id).where(PersonRow.id.in_(ids))))


def person_with_handle(session: Session, handle: str) -> PersonRow | None:
    """Whom a passkey names."""
    return session.scalars(select(PersonRow).where(PersonRow.handle == handle)).first()


class NameTakenError(ValueError):
    """Somebody has this name, perhaps since a moment ago."""


def lock_person(session: Session, person_id: int) -> None:
    """Nobody else decides about this person's keys until this transaction ends."""
    lock(session, PersonRow, person_id)


def lock_role(session: Session, role: str) -> None:
    """Nobody else takes this role from anybody until this transaction ends."""
    held = select(RoleRow.person_id).where(RoleRow.role == role).order_by(RoleRow.person_id, RoleRow.scope)
    session.execute(held.with_for_update())


def add_person(session: Session, **facts: Any) -> PersonRow:
    """A new person; NameTakenError."""
    row = PersonRow(**facts)
    if session.get_bind().dialect.name == "sqlite":  # which would give a deleted account's number again
        taken = [session.scalar(select(func.max(column))) or 0 for column in (PersonRow.id, ErasedRow.person_id)]
        row.id = max(taken) + 1
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise NameTakenError("this name is taken") from None
    return row


def change_person(session: Session, person_id: int, **facts: Any) -> None:
    """Writes some of a person's columns."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(**facts))


def change_name(session: Session, person_id: int, name: str) -> bool:
    """Another log-in name; False when it is somebody's."""
    try:
        with session.begin_nested():
            change_person(session, person_id, name=name)
    except IntegrityError:
        return False
    return True


def use_otp_step(session: Session, person_id: int, step: int) -> bool:
    """Notes a time step of the one-time password; False when it or a later one was used already."""
    return bool(
        touched(
            session, update(PersonRow).where(PersonRow.id == person_id, PersonRow.otp_step < step).values(otp_step=step)
        )
    )


def delete_person(session: Session, person_id: int, now: int) -> None:
    """Removes a person and, by the foreign keys, everything of the account; keeps the number."""
    session.execute(delete(PersonRow).where(PersonRow.id == person_id))
    session.execute(insert(ErasedRow).values(person_id=person_id, at=now))


def is_erased(session: Session, person_id: int) -> bool:
    """Whether this number belonged to an account that was deleted."""
    return session.get(ErasedRow, person_id) is not None


def unseen_citizens(session: Session, before: int, limit: int, *, warned: bool) -> Sequence[PersonRow]:
    """People without a role who were not seen since `before` (ms), the longest first; warned of that or not yet."""
    old = select(PersonRow).where(PersonRow.seen_at < before, PersonRow.created_at < before)
    know = PersonRow.warned_at > PersonRow.seen_at
    citizens = old.where(PersonRow.id.not_in(select(RoleRow.person_id)), know if warned else ~know)
    return session.scalars(citizens.order_by(PersonRow.seen_at, PersonRow.id).limit(limit)).all()


def roles_of(session: Session, person_id: int) -> frozenset[tuple[str, str]]:
    """(role, scope) pairs."""
    rows = session.execute(select(RoleRow.role, RoleRow.scope).where(RoleRow.person_id == person_id))
    return frozenset((role, scope) for role, scope in rows)


def add_role(session: Session, person_id: int, role: str, scope: str = "") -> None:
    """Gives a role; having it already is no error."""
    insert_new(session, RoleRow, person_id=person_id, role=role, scope=scope)


def remove_role(session: Session, person_id: int, role: str, scope: str = "") -> bool:
    """Takes a role away; False when the person did not have it."""
    where = (RoleRow.person_id == person_id, RoleRow.role == role, RoleRow.scope == scope)
    return bool(touched(session, delete(RoleRow).where(*where)))


def staff(session: Session) -> Sequence[tuple[PersonRow, str, str]]:
    """(person, role, scope) of everybody who has a role."""
    rows = session.execute(
        select(PersonRow, RoleRow.role, RoleRow.scope)
        .join(RoleRow, RoleRow.person_id == PersonRow.id)
        .order_by(PersonRow.name, RoleRow.role, RoleRow.scope)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def identity(session: Session, issuer: str, subject: str) -> IdentityRow | None:
    """The link to an upstream identity."""
    return session.get(IdentityRow, (issuer, subject))


def identities_of(session: Session, person_id: int) -> Sequence[IdentityRow]:
    """A person's upstream identities."""
    return session.scalars(select(IdentityRow).where(IdentityRow.person_id == person_id)).all()


def link_identity(session: Session, facts: Mapping[str, Any]) -> bool:
    """Stores an upstream identity; False when it belongs to somebody, or the person has one of this issuer."""
    try:
        with session.begin_nested():
            session.execute(insert(IdentityRow).values(**facts))
    except IntegrityError:
        return False
    return True


def use_identity(session: Session, issuer: str, subject: str, level: int, now: int) -> None:
    """Notes a log-in by an upstream identity and the level that it had."""
    used = update(IdentityRow).where(IdentityRow.issuer == issuer, IdentityRow.subject == subject)
    session.execute(used.values(used_at=now, level=level))


def unlink_identity(session: Session, person_id: int, issuer: str) -> bool:
    """Forgets a person's identity at one issuer; False when there was none."""
    gone = delete(IdentityRow).where(IdentityRow.person_id == person_id, IdentityRow.issuer == issuer)
    return bool(touched(session, gone))


def unlink_identities(session: Session, person_id: int) -> None:
    """Forgets a person's upstream identities."""
    session.execute(delete(IdentityRow).where(IdentityRow.person_id == person_id))


def note(session: Session, person_id: int, kind: str, now: int, device: str = "") -> None:
    """Writes one line into the account's history."""
    session.execute(insert(EventRow).values(person_id=person_id, at=now, kind=kind, device=device[:60]))


def history(session: Session, person_id: int, limit: int = 50) -> Sequence[EventRow]:
    """The newest events first."""
    newest = select(EventRow).where(EventRow.person_id == person_id).order_by(EventRow.id.desc()).limit(limit)
    return session.scalars(newest).all()


def forget_events(session: Session, before: int) -> int:
    """Deletes old history; returns how many lines."""
    return touched(session, delete(EventRow).where(EventRow.at < before))
