"""What a person logs in with besides a password: passkeys and recovery codes."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Identity,
    LargeBinary,
    String,
    delete,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.account.store.people import BigId, PersonRow
from hub.core.db import Base
from hub.core.rows import insert_new, touched


class PasskeyRow(Base):
    """A WebAuthn credential; ids are base64url."""

    __tablename__ = "account_passkey"

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    backed_up: Mapped[bool] = mapped_column(Boolean)
    transports: Mapped[str] = mapped_column(String(100), default="", server_default="")
    name: Mapped[str] = mapped_column(String(60))
    trusted: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    created_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class RecoveryCodeRow(Base):
    """One code for the drawer at home; the database knows its HMAC alone."""

    __tablename__ = "account_recovery_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    trusted: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())


def passkeys_of(session: Session, person_id: int) -> Sequence[PasskeyRow]:
    """A person's passkeys, the oldest first."""
    return session.scalars(select(PasskeyRow).where(PasskeyRow.person_id == person_id).order_by(PasskeyRow.id)).all()


def passkey(session: Session, credential_id: str) -> PasskeyRow | None:
    """The passkey with this credential id."""
    return session.scalars(select(PasskeyRow).where(PasskeyRow.credential_id == credential_id)).first()


def add_passkey(session: Session, **facts: Any) -> bool:
    """Stores a passkey; False when the credential is known already."""
    return insert_new(session, PasskeyRow, **facts)


def use_passkey(session: Session, passkey_id: int, sign_count: int, backed_up: bool, now: int) -> None:
    """Notes a use."""
    session.execute(
        update(PasskeyRow)
        .where(PasskeyRow.id == passkey_id)
        .values(sign_count=sign_count, backed_up=backed_up, used_at=now)
    )


def rename_passkey(session: Session, person_id: int, passkey_id: int, name: str) -> bool:
    """False when it is not theirs."""
    changed = update(PasskeyRow).where(PasskeyRow.person_id == person_id, PasskeyRow.id == passkey_id)
    return bool(touched(session, changed.values(name=name)))


def remove_passkey(session: Session, person_id: int, passkey_id: int) -> bool:
    """False when it is not theirs."""
    gone = delete(PasskeyRow).where(PasskeyRow.person_id == person_id, PasskeyRow.id == passkey_id)
    return bool(touched(session, gone))


def remove_passkeys(session: Session, person_id: int) -> None:
    """Removes all of a person's passkeys."""
    session.execute(delete(PasskeyRow).where(PasskeyRow.person_id == person_id))


def trust_all(session: Session, person_id: int) -> None:
    """From now on a log-in with any key that the person has counts as the identified person's."""
    session.execute(update(PasskeyRow).where(PasskeyRow.person_id == person_id).values(trusted=True))
    session.execute(update(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id).values(trusted=True))
    has_app = update(PersonRow).where(PersonRow.id == person_id, PersonRow.otp_secret != "")
    session.execute(has_app.values(otp_trusted=True))


def set_recovery_codes(session: Session, person_id: int, hashes: Sequence[str], *, trusted: bool = False) -> None:
    """Replaces a person's recovery codes."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id))
    if hashes:
        session.execute(
            insert(RecoveryCodeRow), [{"person_id": person_id, "code_hash": one, "trusted": trusted} for one in hashes]
        )


def use_recovery_code(session: Session, person_id: int, code_hash: str) -> bool | None:
    """Takes one away; whether it was trusted, None when there is none like it."""
    gone = delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id, RecoveryCodeRow.code_hash == code_hash)
    return session.scalars(gone.returning(RecoveryCodeRow.trusted)).first()


def recovery_codes_left(session: Session, person_id: int) -> int:
    """How many codes are left."""
    counted = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id)
    return session.execute(counted).scalar_one()
