"""Codes that were used, and parking fees that guests get back."""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from hub.core import rows
from hub.core.db import Session
from hub.core.rows import touched
from hub.till.store.tables import GrantRow, ScanRow


def scans(session: Session, token: str) -> Sequence[ScanRow]:
    """What a code was used for, the first use first."""
    return session.scalars(select(ScanRow).where(ScanRow.token == token).order_by(ScanRow.id)).all()


def add_scan(session: Session, token: str, purpose: str, till: str, ref: str, at: int) -> bool:
    """Uses a code for a purpose; False when it was used for that before."""
    return rows.insert_new(session, ScanRow, token=token, purpose=purpose, till=till, ref=ref, at=at)


def forget_scans(session: Session, before: int) -> int:
    """Forgets uses of codes that are over long since; how many."""
    return touched(session, delete(ScanRow).where(ScanRow.at < before))


def add_grant(session: Session, stay: str, till: str, site: str, owner: str, person_id: int | None, at: int) -> bool:
    """A stay's fee goes back; False when that was said before."""
    facts = {"stay": stay, "till": till, "site": site, "owner": owner, "person_id": person_id, "at": at}
    return rows.insert_new(session, GrantRow, **facts)


def grant(session: Session, stay: str, *, lock: bool = False) -> GrantRow | None:
    """What was said about a stay."""
    chosen = select(GrantRow).where(GrantRow.stay == stay).execution_options(populate_existing=True)
    return session.scalars(chosen.with_for_update() if lock else chosen).first()


def grants_of_visit(session: Session, till: str, owner: str, at: int) -> Sequence[GrantRow]:
    """What an owner was granted at a till at a moment, locked."""
    mine = select(GrantRow).where(GrantRow.owner == owner, GrantRow.till == till, GrantRow.at == at)
    ordered = mine.order_by(GrantRow.stay).with_for_update()
    return session.scalars(ordered.execution_options(populate_existing=True)).all()


def move_grant(session: Session, stay: str, till: str, at: int) -> None:
    """Another visit is the reason now."""
    session.execute(update(GrantRow).where(GrantRow.stay == stay).values(till=till, at=at))


def drop_grant(session: Session, stay: str) -> None:
    """It was no visit."""
    session.execute(delete(GrantRow).where(GrantRow.stay == stay))


def pay_grant(session: Session, stay: str, cents: int, now: int) -> bool:
    """The money went back; False when it had before."""
    mine = update(GrantRow).where(GrantRow.stay == stay, GrantRow.paid_at == 0).values(cents=cents, paid_at=now)
    return session.execute(mine.returning(GrantRow.stay)).first() is not None


def grants_of(session: Session, owner: str, limit: int) -> Sequence[GrantRow]:
    """What an owner got back, the newest first."""
    mine = select(GrantRow).where(GrantRow.owner == owner).order_by(GrantRow.at.desc(), GrantRow.stay)
    return session.scalars(mine.limit(limit)).all()


def known_grants(session: Session, stays: Sequence[str]) -> set[str]:
    """Which of these stays have been spoken about."""
    return set(session.scalars(select(GrantRow.stay).where(GrantRow.stay.in_(stays)))) if stays else set()


def forget_person(session: Session, person_id: int, owner: str) -> None:
    """The sums stay, without the person."""
    mine = (GrantRow.person_id == person_id) | (GrantRow.owner == owner)
    session.execute(update(GrantRow).where(mine).values(person_id=None, owner=""))
