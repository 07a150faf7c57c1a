"""Tables of the town's information."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Identity, Integer, String, Text, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched


class Entry(Base):
    """One piece of information; kind is town, news, event, warning, office or legal."""

    __tablename__ = "bulletin_entry"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(63), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    facts: Mapped[str] = mapped_column(Text)


class Feedback(Base):
    """What somebody wrote about a barrier; deleted after 180 days."""

    __tablename__ = "bulletin_feedback"
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class FeedbackRow:
    """One feedback as staff sees it; created_at in ms."""

    id: int
    text: str
    page: str
    contact: str
    created_at: int


def replace(session: Session, kind: str, entries: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Makes the entries of a kind exactly these, in this order."""
    session.execute(delete(Entry).where(Entry.kind == kind))
    rows = [
        {"kind": kind, "id": key, "position": number, "facts": json.dumps(facts, ensure_ascii=False)}
        for number, (key, facts) in enumerate(entries)
    ]
    if rows:
        session.execute(insert(Entry), rows)


def entries(session: Session, kind: str) -> list[dict[str, Any]]:
    """All facts of a kind, in order."""
    rows = session.execute(select(Entry.facts).where(Entry.kind == kind).order_by(Entry.position)).scalars()
    return [json.loads(row) for row in rows]


def entry(session: Session, kind: str, key: str) -> dict[str, Any] | None:
    """One entry's facts."""
    found = session.get(Entry, (kind, key))
    return json.loads(found.facts) if found else None


def add_feedback(session: Session, text: str, page: str, contact: str, now: int) -> None:
    """Keeps a feedback."""
    session.add(Feedback(text=text, page=page, contact=contact, created_at=now))


def count_feedback(session: Session, since: int) -> int:
    """How many came since a moment."""
    return len(session.execute(select(Feedback.id).where(Feedback.created_at >= since)).all())


def feedback(session: Session, limit: int) -> list[FeedbackRow]:
    """The newest feedback."""
    rows = session.execute(select(Feedback).order_by(Feedback.id.desc()).limit(limit)).scalars()
    return [FeedbackRow(row.id, row.text, row.page, row.contact, row.created_at) for row in rows]


def forget_feedback(session: Session, before: int) -> int:
    """Deletes what is older; returns how many."""
    return touched(session, delete(Feedback).where(Feedback.created_at < before))
