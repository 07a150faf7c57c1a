"""Sessions; the database knows the token's SHA-256 alone, so a stolen copy opens nothing."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, ForeignKey, Integer, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.account import rules
from hub.account.store.people import PersonRow
from hub.core.db import Base
from hub.core.rows import touched


class SessionRow(Base):
    """A log-in. `id` is what lists show; `acting_for` is organisation:7, child:3 or empty."""

    __tablename__ = "account_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(24), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    last_seen_at: Mapped[int] = mapped_column(BigInteger)
    authenticated_at: Mapped[int] = mapped_column(BigInteger)
    methods: Mapped[str] = mapped_column(String(60), default="", server_default="")
    level: Mapped[int] = mapped_column(Integer, default=1, server_default="1")
    level_until: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    device: Mapped[str] = mapped_column(String(60), default="", server_default="")
    acting_for: Mapped[str] = mapped_column(String(40), default="", server_default="")


def times(row: SessionRow) -> rules.Session:
    """The row as the rules see it."""
    return rules.Session(
        row.created_at,
        row.expires_at,
        row.last_seen_at,
        row.authenticated_at,
        frozenset(row.methods.split()),
        rules.Level(row.level),
        row.level_until,
    )


def _columns(state: rules.Session) -> dict[str, object]:
    return {
        "created_at": state.created_at,
        "expires_at": state.expires_at,
        "last_seen_at": state.last_seen_at,
        "authenticated_at": state.authenticated_at,
        "methods": " ".join(sorted(state.methods)),
        "level": int(state.level),
        "level_until": state.level_until,
    }


def add(session: Session, token_hash: str, public_id: str, person_id: int, state: rules.Session, device: str) -> None:
    """Stores a new session."""
    session.add(
        SessionRow(token_hash=token_hash, id=public_id, person_id=person_id, device=device[:60], **_columns(state))
    )
    session.flush()


def find(session: Session, token_hash: str) -> tuple[SessionRow, PersonRow] | None:
    """A session and its person."""
    found = session.execute(
        select(SessionRow, PersonRow)
        .join(PersonRow, PersonRow.id == SessionRow.person_id)
        .where(SessionRow.token_hash == token_hash)
    ).first()
    return None if found is None else (found[0], found[1])


def listed(session: Session, session_id: str) -> SessionRow | None:
    """The session with this public id."""
    return session.scalars(select(SessionRow).where(SessionRow.id == session_id)).first()


def end_over(session: Session, now: int, limit: int) -> Sequence[tuple[int, str]]:
    """Forgets some sessions that ran out or that nobody used for long; (person, public id) of each."""
    over = or_(SessionRow.expires_at <= now, SessionRow.last_seen_at <= now - rules.IDLE_MS)
    some = select(SessionRow.token_hash).where(over).limit(limit)
    ended = delete(SessionRow).where(SessionRow.token_hash.in_(some), over)
    return [(row[0], row[1]) for row in session.execute(ended.returning(SessionRow.person_id, SessionRow.id))]


def of_person(session: Session, person_id: int, now: int) -> Sequence[SessionRow]:
    """A person's sessions that did not end, the newest first."""
    running = select(SessionRow).where(SessionRow.person_id == person_id, SessionRow.expires_at > now)
    return session.scalars(running.order_by(SessionRow.last_seen_at.desc())).all()


def touch(session: Session, token_hash: str, person_id: int, now: int) -> None:
    """Writes when a session was used last."""
    session.execute(update(SessionRow).where(SessionRow.token_hash == token_hash).values(last_seen_at=now))
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(seen_at=now))


def replace(session: Session, token_hash: str, new_hash: str, state: rules.Session) -> bool:
    """Gives a session a new token and state (rotation at every log-in); False when it is gone."""
    return bool(
        touched(
            session,
            update(SessionRow)
            .where(SessionRow.token_hash == token_hash)
            .values(token_hash=new_hash, **_columns(state)),
        )
    )


def act_for(session: Session, session_id: str, whom: str) -> None:
    """Notes for whom the session acts; empty = for its own person."""
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(acting_for=whom))


def stop_acting_for(session: Session, whom: str, person_id: int | None = None) -> None:
    """Ends acting for somebody, of one person or of all."""
    change = update(SessionRow).where(SessionRow.acting_for == whom).values(acting_for="")
    if person_id is not None:
        change = change.where(SessionRow.person_id == person_id)
    session.execute(change)


def end(session: Session, token_hash: str) -> str | None:
    """Forgets one session; its public id, None when there was none."""
    return session.scalars(
        delete(SessionRow).where(SessionRow.token_hash == token_hash).returning(SessionRow.id)
    ).first()


def end_listed(session: Session, person_id: int, session_id: str) -> bool:
    """Forgets one of the person's sessions; False when it is not theirs."""
    return bool(
        touched(session, delete(SessionRow).where(SessionRow.person_id == person_id, SessionRow.id == session_id))
    )


def end_all(session: Session, person_id: int, but: str = "") -> list[str]:
    """Forgets a person's sessions except the one with this public id; returns the public ids of those that ended."""
    ended = delete(SessionRow).where(SessionRow.person_id == person_id, SessionRow.id != but)
    return list(session.scalars(ended.returning(SessionRow.id)))
