"""The rows that name files. A file belongs to a case, such as inbox:17, and goes with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Integer, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from hub.core import jobs
from hub.core.db import Base, Session
from hub.core.files.intake import Received
from hub.core.rows import touched

REMOVE_JOB = "remove files"
_BATCH = 500
_DRAFT = "draft"  # the kind of case that files of unsent forms have


class TakenError(Exception):
    """This file belongs to a case already."""


class FileRow(Base):
    """A file; its bytes lie in the vault under the same id. `person_id` is who handed it in, None for the town."""

    __tablename__ = "files_file"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    case: Mapped[str] = mapped_column("case_key", String(80), index=True)
    person_id: Mapped[int | None] = mapped_column(Integer, index=True)
    name: Mapped[str] = mapped_column(String(120))
    mime: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Stored:
    """A file that a row names; `size` in bytes, `created_at` in ms."""

    id: str
    case: str
    person_id: int | None
    name: str
    mime: str
    size: int
    sha256: str
    created_at: int


def draft(session: Session, received: Received, person_id: int, now: int) -> None:
    """Names a file of a form that is not sent yet; it waits a day for its case, and counts to the person's room."""
    _insert(session, received, _draft_case(person_id), person_id, now)


def drafts(session: Session, person_id: int, file_ids: Iterable[str]) -> list[Received]:
    """Those of the files that wait for their case and were handed in by this person."""
    chosen = select(FileRow).where(FileRow.id.in_(list(file_ids)), FileRow.case == _draft_case(person_id))
    rows = session.scalars(chosen.order_by(FileRow.created_at, FileRow.id))
    return [Received(row.id, row.name, row.mime, row.size, row.sha256) for row in rows]


def attach(session: Session, received: Received, case: str, person_id: int | None, now: int) -> None:
    """Gives a received file, drafted or not, to `case` in the caller's transaction. TakenError when it has one."""
    waiting = update(FileRow).where(FileRow.id == received.id, FileRow.case.like(f"{_DRAFT}:%"))
    if touched(session, waiting.values(case=case, person_id=person_id)):
        return
    if session.get(FileRow, received.id) is not None:
        raise TakenError(received.id)
    _insert(session, received, case, person_id, now)


def _insert(session: Session, received: Received, case: str, person_id: int | None, now: int) -> None:
    facts = {"id": received.id, "name": received.name, "mime": received.mime, "size": received.size}
    values = facts | {"sha256": received.sha256, "case": case, "person_id": person_id, "created_at": now}
    session.execute(insert(FileRow).values(**values))


def _draft_case(person_id: int) -> str:
    return f"{_DRAFT}:{person_id}"


def find(session: Session, file_id: str, case: str) -> Stored | None:
    """The file of this case; whoever asks has checked that the case may be seen."""
    row = session.get(FileRow, file_id)
    return None if row is None or row.case != case else _stored(row)


def known(session: Session, file_ids: Iterable[str]) -> list[Stored]:
    """Those of the files that rows name."""
    return [_stored(row) for row in session.scalars(select(FileRow).where(FileRow.id.in_(list(file_ids))))]


def cases(session: Session, kind: str) -> set[str]:
    """Every case of this kind ("inbox") that has a file."""
    return set(session.scalars(select(FileRow.case).where(FileRow.case.like(f"{kind}:%")).distinct()))


def used_bytes(session: Session, person_id: int) -> int:
    """How much room the files of a person take."""
    total = select(func.coalesce(func.sum(FileRow.size), 0)).where(FileRow.person_id == person_id)
    return int(session.execute(total).scalar_one())


def exported(session: Session, person_id: int) -> list[dict[str, Any]]:
    """Every file that a person handed in anywhere, as JSON-able facts; the bytes are read by their ids."""
    mine = select(FileRow).where(FileRow.person_id == person_id).order_by(FileRow.created_at, FileRow.id)
    names = ("id", "case", "name", "mime", "size", "sha256", "created_at")
    return [{name: getattr(row, name) for name in names} for row in session.scalars(mine)]


def delete_case(session: Session, case: str, now: int) -> int:
    """Forgets a case's files; a job removes the bytes once this is committed. Returns how many there were."""
    gone = session.scalars(delete(FileRow).where(FileRow.case == case).returning(FileRow.id)).all()
    return _remove_later(session, gone, now)


def delete_drafts(session: Session, now: int, *, before: int | None = None, person_id: int | None = None) -> int:
    """Forgets files that wait for their case: those from before a moment, or those of one person."""
    waiting = delete(FileRow).where(FileRow.case.like(f"{_DRAFT}:%"))
    if before is not None:
        waiting = waiting.where(FileRow.created_at < before)
    if person_id is not None:
        waiting = waiting.where(FileRow.case == _draft_case(person_id))
    return _remove_later(session, session.scalars(waiting.returning(FileRow.id)).all(), now)


def unnamed(session: Session, file_ids: Sequence[str]) -> set[str]:
    """Those ids that no row names."""
    named: set[str] = set()
    for start in range(0, len(file_ids), _BATCH):
        some = file_ids[start : start + _BATCH]
        named |= set(session.scalars(select(FileRow.id).where(FileRow.id.in_(some))))
    return set(file_ids) - named


def _remove_later(session: Session, file_ids: Sequence[str], now: int) -> int:
    for start in range(0, len(file_ids), _BATCH):
        jobs.add(session, REMOVE_JOB, {"ids": list(file_ids[start : start + _BATCH])}, now=now)
    return len(file_ids)


def _stored(row: FileRow) -> Stored:
    return Stored(row.id, row.case, row.person_id, row.name, row.mime, row.size, row.sha256, row.created_at)
