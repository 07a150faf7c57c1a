"""Tables of clients, codes, tokens, consents and keys. Secrets are known by their SHA-256 alone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import insert_new, touched


class ClientRow(Base):
    """A connected service. Lists are JSON texts."""

    __tablename__ = "openid_client"

    client_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64))
    redirect_uris: Mapped[str] = mapped_column(Text)
    logout_uris: Mapped[str] = mapped_column(Text)
    backchannel_uri: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[int] = mapped_column(BigInteger)


class GrantRow(Base):
    """One log-in of a person at a service: its code and every token that came of it end together."""

    __tablename__ = "openid_grant"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("openid_client.client_id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[str] = mapped_column(String(24), index=True)
    scope: Mapped[str] = mapped_column(String(200))
    auth_time: Mapped[int] = mapped_column(BigInteger)
    acr: Mapped[str] = mapped_column(String(100))
    amr: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    @property
    def is_offline(self) -> bool:
        """Whether the person agreed that it outlasts the session."""
        return "offline_access" in self.scope.split()


class CodeRow(Base):
    """An authorization code."""

    __tablename__ = "openid_code"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("openid_grant.id", ondelete="CASCADE"), index=True)
    redirect_uri: Mapped[str] = mapped_column(Text)
    nonce: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str] = mapped_column(String(43))
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    used_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class TokenRow(Base):
    """An access or refresh token."""

    __tablename__ = "openid_token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("openid_grant.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    scope: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    used_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class ConsentRow(Base):
    """What a person lets a service see, and what it asked for in vain."""

    __tablename__ = "openid_consent"

    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("openid_client.client_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    scope: Mapped[str] = mapped_column(String(200))
    declined: Mapped[str] = mapped_column(String(200), default="", server_default="")
    given_at: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[int] = mapped_column(BigInteger)


class PushedRow(Base):
    """A pushed authorization request (RFC 9126); it is answered once. `taken_at`: when its browser arrived."""

    __tablename__ = "openid_pushed"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("openid_client.client_id", ondelete="CASCADE"))
    parameters: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    taken_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class KeyRow(Base):
    """A signing key, its private half sealed."""

    __tablename__ = "openid_key"

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    public: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class CodeFacts:
    """A code with its grant."""

    row: CodeRow
    grant: GrantRow


def add_client(session: Session, **facts: Any) -> None:
    """Stores a client; lists become JSON."""
    values = {key: json.dumps(value) if isinstance(value, list) else value for key, value in facts.items()}
    session.execute(insert(ClientRow).values(**values))


def client(session: Session, client_id: str) -> ClientRow | None:
    """The client with this id."""
    return session.get(ClientRow, client_id)


def add_grant(session: Session, **facts: Any) -> None:
    """Stores a grant."""
    session.execute(insert(GrantRow).values(**facts, revoked_at=0))


def grant(session: Session, grant_id: str) -> GrantRow | None:
    """The grant with this id."""
    return session.get(GrantRow, grant_id)


def revoke_grant(session: Session, grant_id: str, now: int) -> None:
    """Ends a grant with all its tokens."""
    session.execute(update(GrantRow).where(GrantRow.id == grant_id, GrantRow.revoked_at == 0).values(revoked_at=now))


def grants_of_sessions(session: Session, session_ids: Sequence[str]) -> Sequence[GrantRow]:
    """Grants that came of these sessions and are not revoked."""
    chosen = select(GrantRow).where(GrantRow.session_id.in_(session_ids), GrantRow.revoked_at == 0)
    return session.scalars(chosen).all()


def grants_of(session: Session, person_id: int) -> Sequence[tuple[GrantRow, str]]:
    """A person's log-ins at services with the services' names, the newest first."""
    mine = select(GrantRow, ClientRow.name).join(ClientRow, ClientRow.client_id == GrantRow.client_id)
    rows = session.execute(
        mine.where(GrantRow.person_id == person_id).order_by(GrantRow.created_at.desc(), GrantRow.id)
    )
    return [(row[0], row[1]) for row in rows]


def revoke_grants_of(session: Session, person_id: int, client_id: str | None, now: int) -> Sequence[GrantRow]:
    """Ends everything between a person and a service, or every service; returns what ended."""
    chosen = select(GrantRow).where(GrantRow.person_id == person_id, GrantRow.revoked_at == 0)
    if client_id is not None:
        chosen = chosen.where(GrantRow.client_id == client_id)
    rows = session.scalars(chosen).all()
    for row in rows:
        row.revoked_at = now
    session.flush()
    return rows


def add_code(session: Session, **facts: Any) -> None:
    """Stores a code."""
    session.execute(insert(CodeRow).values(**facts, used_at=0))


def code(session: Session, digest: str) -> CodeFacts | None:
    """A code with its grant."""
    row = session.get(CodeRow, digest)
    found = grant(session, row.grant_id) if row is not None else None
    return CodeFacts(row, found) if row is not None and found is not None else None


def use_code(session: Session, digest: str, now: int) -> bool:
    """Marks a code as used; False when it was used before (also a moment ago, by another process)."""
    used = update(CodeRow).where(CodeRow.digest == digest, CodeRow.used_at == 0).values(used_at=now)
    return bool(touched(session, used))


def add_token(session: Session, **facts: Any) -> None:
    """Stores a token."""
    session.execute(insert(TokenRow).values(**facts, used_at=0))


def token(session: Session, digest: str) -> tuple[TokenRow, GrantRow] | None:
    """A token with its grant."""
    found = session.execute(
        select(TokenRow, GrantRow).join(GrantRow, GrantRow.id == TokenRow.grant_id).where(TokenRow.digest == digest)
    ).first()
    return None if found is None else (found[0], found[1])


def use_refresh(session: Session, digest: str, now: int) -> bool:
    """Marks a refresh token as used; False when it was used before."""
    used = update(TokenRow).where(TokenRow.digest == digest, TokenRow.kind == "refresh", TokenRow.used_at == 0)
    return bool(touched(session, used.values(used_at=now)))


def touch_grant(session: Session, grant_id: str, now: int) -> None:
    """Notes that the service asked for something."""
    row = session.get(GrantRow, grant_id)
    if row is not None:
        row.used_at = now
        session.execute(
            update(ConsentRow)
            .where(ConsentRow.person_id == row.person_id, ConsentRow.client_id == row.client_id)
            .values(used_at=now)
        )


def consent(session: Session, person_id: int, client_id: str) -> ConsentRow | None:
    """What the person agreed to."""
    return session.get(ConsentRow, (person_id, client_id))


def consents_of(session: Session, person_id: int) -> Sequence[tuple[ConsentRow, ClientRow]]:
    """Every service that a person connected."""
    rows = session.execute(
        select(ConsentRow, ClientRow)
        .join(ClientRow, ClientRow.client_id == ConsentRow.client_id)
        .where(ConsentRow.person_id == person_id)
        .order_by(ConsentRow.used_at.desc())
    )
    return [(row[0], row[1]) for row in rows]


def set_consent(session: Session, person_id: int, client_id: str, scope: str, declined: str, now: int) -> None:
    """Stores what the person agreed to and what not."""
    names = {"person_id": person_id, "client_id": client_id}
    facts = {"scope": scope, "declined": declined, "given_at": now, "used_at": now}
    if not insert_new(session, ConsentRow, **names, **facts):
        row = consent(session, person_id, client_id)
        if row is not None:
            row.scope, row.declined, row.given_at = scope, declined, now
            session.flush()


def remove_consent(session: Session, person_id: int, client_id: str) -> bool:
    """False when there was none."""
    gone = delete(ConsentRow).where(ConsentRow.person_id == person_id, ConsentRow.client_id == client_id)
    return bool(touched(session, gone))


def add_pushed(session: Session, **facts: Any) -> None:
    """Stores a pushed request."""
    session.execute(insert(PushedRow).values(**facts, taken_at=0))


def pushed(session: Session, digest: str) -> PushedRow | None:
    """A pushed request."""
    return session.get(PushedRow, digest)


def begin_pushed(session: Session, digest: str, now: int, until: int) -> None:
    """Its browser arrived: it holds until then. Later arrivals change nothing."""
    fresh = update(PushedRow).where(PushedRow.digest == digest, PushedRow.taken_at == 0, PushedRow.expires_at > now)
    session.execute(fresh.values(taken_at=now, expires_at=until))


def remove_pushed(session: Session, digest: str) -> None:
    """It is answered."""
    session.execute(delete(PushedRow).where(PushedRow.digest == digest))


def keys(session: Session) -> Sequence[KeyRow]:
    """Every signing key."""
    return session.scalars(select(KeyRow).order_by(KeyRow.created_at)).all()


def add_key(session: Session, **facts: Any) -> None:
    """Stores a signing key."""
    session.execute(insert(KeyRow).values(**facts))


def remove_key(session: Session, kid: str) -> None:
    """Deletes a signing key."""
    session.execute(delete(KeyRow).where(KeyRow.kid == kid))


def tidy(session: Session, now: int, keep_ms: int) -> int:
    """Forgets what is long over; returns how many rows."""
    gone = 0
    for table in (CodeRow, TokenRow):
        gone += touched(session, delete(table).where(table.expires_at < now - keep_ms))
    gone += touched(session, delete(PushedRow).where(PushedRow.expires_at < now))
    live = select(TokenRow.grant_id)
    old = delete(GrantRow).where(GrantRow.created_at < now - keep_ms, GrantRow.id.not_in(live))
    return int(gone + touched(session, old))
