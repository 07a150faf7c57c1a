"""Organisations with members, children with guardians: for whom a person may act."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Integer, String, delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.account.store.people import PersonRow
from hub.core.db import Base
from hub.core.rows import insert_new, lock, touched


class OrganisationRow(Base):
    """A company or an association."""

    __tablename__ = "account_organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[int] = mapped_column(BigInteger)


class MemberRow(Base):
    """Who acts for an organisation; `until` (ms) is the end of a delegation."""

    __tablename__ = "account_member"

    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("account_organisation.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(16))
    until: Mapped[int | None] = mapped_column(BigInteger)
    given_by: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[int] = mapped_column(BigInteger)


class InvitationRow(Base):
    """An open invitation to an organisation or to share a child; the link's token is known by its SHA-256 alone."""

    __tablename__ = "account_invitation"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("account_organisation.id", ondelete="CASCADE"), index=True
    )
    child_id: Mapped[int | None] = mapped_column(ForeignKey("account_child.id", ondelete="CASCADE"), index=True)
    mail: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(16))
    until: Mapped[int | None] = mapped_column(BigInteger)
    invited_by: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


class ChildRow(Base):
    """A child for whom parents act."""

    __tablename__ = "account_child"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(60))
    last_name: Mapped[str] = mapped_column(String(60))
    born: Mapped[date] = mapped_column(Date)
    created_at: Mapped[int] = mapped_column(BigInteger)


class GuardianRow(Base):
    """A parent of a child."""

    __tablename__ = "account_guardian"

    child_id: Mapped[int] = mapped_column(ForeignKey("account_child.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    created_at: Mapped[int] = mapped_column(BigInteger)


def lock_organisation(session: Session, organisation_id: int) -> None:
    """Nobody else decides about its members until this transaction ends."""
    lock(session, OrganisationRow, organisation_id)


def lock_child(session: Session, child_id: int) -> None:
    """Nobody else decides about its guardians until this transaction ends."""
    lock(session, ChildRow, child_id)


def lock_circles(session: Session, person_id: int) -> None:
    """All organisations and children of a person, in an order that all keep, so that nobody waits in a ring."""
    firms = select(MemberRow.organisation_id).where(MemberRow.person_id == person_id)
    for organisation_id in sorted(session.scalars(firms)):
        lock_organisation(session, organisation_id)
    for child_id in sorted(session.scalars(select(GuardianRow.child_id).where(GuardianRow.person_id == person_id))):
        lock_child(session, child_id)


def add_organisation(session: Session, name: str, now: int) -> int:
    """A new organisation's number."""
    row = OrganisationRow(name=name, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def organisation(session: Session, organisation_id: int) -> OrganisationRow | None:
    """The organisation with this number."""
    return session.get(OrganisationRow, organisation_id)


def organisations_of(session: Session, person_id: int) -> Sequence[tuple[OrganisationRow, MemberRow]]:
    """Where a person is a member, also when the membership is over."""
    rows = session.execute(
        select(OrganisationRow, MemberRow)
        .join(MemberRow, MemberRow.organisation_id == OrganisationRow.id)
        .where(MemberRow.person_id == person_id)
        .order_by(OrganisationRow.name)
    )
    return [(row[0], row[1]) for row in rows]


def members(session: Session, organisation_id: int) -> Sequence[tuple[MemberRow, PersonRow]]:
    """Everybody who acts for an organisation."""
    rows = session.execute(
        select(MemberRow, PersonRow)
        .join(PersonRow, PersonRow.id == MemberRow.person_id)
        .where(MemberRow.organisation_id == organisation_id)
        .order_by(MemberRow.created_at, PersonRow.id)
    )
    return [(row[0], row[1]) for row in rows]


def member(session: Session, organisation_id: int, person_id: int) -> MemberRow | None:
    """One membership."""
    return session.get(MemberRow, (organisation_id, person_id))


def set_member(session: Session, organisation_id: int, person_id: int, **facts: Any) -> None:
    """Adds or changes a membership."""
    if "created_at" in facts and insert_new(
        session, MemberRow, organisation_id=organisation_id, person_id=person_id, **facts
    ):
        return
    changed = {key: value for key, value in facts.items() if key != "created_at"}
    session.execute(
        update(MemberRow)
        .where(MemberRow.organisation_id == organisation_id, MemberRow.person_id == person_id)
        .values(**changed)
    )


def remove_member(session: Session, organisation_id: int, person_id: int) -> None:
    """Ends a membership."""
    session.execute(
        delete(MemberRow).where(MemberRow.organisation_id == organisation_id, MemberRow.person_id == person_id)
    )


def remove_organisation(session: Session, organisation_id: int) -> None:
    """Removes an organisation with its members."""
    session.execute(delete(OrganisationRow).where(OrganisationRow.id == organisation_id))


def add_child(session: Session, first_name: str, last_name: str, born: date, now: int) -> int:
    """A new child's number."""
    row = ChildRow(first_name=first_name, last_name=last_name, born=born, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def add_guardian(session: Session, child_id: int, person_id: int, now: int) -> None:
    """Lets a parent act for a child; being one already is no error."""
    insert_new(session, GuardianRow, child_id=child_id, person_id=person_id, created_at=now)


def is_guardian(session: Session, child_id: int, person_id: int) -> bool:
    """Whether this person is a parent of the child."""
    return session.get(GuardianRow, (child_id, person_id)) is not None


def children_of(session: Session, person_id: int) -> Sequence[ChildRow]:
    """A person's children, the oldest first."""
    mine = select(ChildRow).join(GuardianRow, GuardianRow.child_id == ChildRow.id)
    return session.scalars(mine.where(GuardianRow.person_id == person_id).order_by(ChildRow.born, ChildRow.id)).all()


def child(session: Session, child_id: int) -> ChildRow | None:
    """The child with this number."""
    return session.get(ChildRow, child_id)


def guardians(session: Session, child_id: int) -> Sequence[PersonRow]:
    """The parents of a child."""
    parents = select(PersonRow).join(GuardianRow, GuardianRow.person_id == PersonRow.id)
    return session.scalars(parents.where(GuardianRow.child_id == child_id).order_by(GuardianRow.created_at)).all()


def remove_guardian(session: Session, child_id: int, person_id: int) -> None:
    """Ends it; a child without any guardian is removed."""
    session.execute(delete(GuardianRow).where(GuardianRow.child_id == child_id, GuardianRow.person_id == person_id))
    if not guardians(session, child_id):
        session.execute(delete(ChildRow).where(ChildRow.id == child_id))


def add_invitation(session: Session, **facts: Any) -> None:
    """Stores an invitation."""
    session.execute(insert(InvitationRow).values(**facts))


def take_invitation(session: Session, token_hash: str) -> dict[str, Any] | None:
    """Removes an invitation and returns its columns; of two at once one gets it."""
    taken = session.execute(
        delete(InvitationRow).where(InvitationRow.token_hash == token_hash).returning(*InvitationRow.__table__.columns)
    ).first()
    return None if taken is None else dict(taken._mapping)


def invitation(session: Session, token_hash: str) -> InvitationRow | None:
    """An invitation without taking it."""
    return session.get(InvitationRow, token_hash)


def invitations(
    session: Session, now: int, *, organisation_id: int | None = None, child_id: int | None = None
) -> Sequence[InvitationRow]:
    """Open invitations to one organisation or child."""
    column, value = (
        (InvitationRow.organisation_id, organisation_id)
        if organisation_id is not None
        else (InvitationRow.child_id, child_id)
    )
    return session.scalars(select(InvitationRow).where(column == value, InvitationRow.expires_at > now)).all()


def invitations_by(session: Session, person_id: int, now: int) -> Sequence[InvitationRow]:
    """Open invitations that this person sent."""
    mine = select(InvitationRow).where(InvitationRow.invited_by == person_id, InvitationRow.expires_at > now)
    return session.scalars(mine.order_by(InvitationRow.expires_at)).all()


def withdraw_invitation(session: Session, token_hash: str) -> None:
    """Ends an invitation."""
    session.execute(delete(InvitationRow).where(InvitationRow.token_hash == token_hash))


def tidy(session: Session, now: int) -> int:
    """Forgets invitations that are over; returns how many."""
    return touched(session, delete(InvitationRow).where(InvitationRow.expires_at < now))


def existing(session: Session, table: type[OrganisationRow] | type[ChildRow], ids: Collection[int]) -> set[int]:
    """Those of the numbers that are an organisation's or a child's."""
    return set(session.scalars(select(table.id).where(table.id.in_(ids))))
