"""The table of devices that want notices."""

from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from hub.core.db import Base, Session
from hub.core.rows import touched

_BigId = BigInteger().with_variant(Integer(), "sqlite")


class SubscriptionRow(Base):
    """A browser that wants notices for a person; `browser` is the SHA-256 of its cookie, `session_id` the log-in there.

    One row for each endpoint: who switches notices on in the browser of somebody else takes it over.
    """

    __tablename__ = "push_subscription"

    id: Mapped[int] = mapped_column(_BigId, Identity(), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(1000), unique=True)
    p256dh: Mapped[str] = mapped_column(String(100))
    auth: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int] = mapped_column(ForeignKey("account_person.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[str] = mapped_column(String(24), index=True)
    browser: Mapped[str] = mapped_column(String(64), index=True)
    device: Mapped[str] = mapped_column(String(60), default="", server_default="")
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger, index=True)
    last_ok_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


def put(session: Session, values: dict[str, object]) -> int:
    """Stores a subscription, in the place of what its endpoint had before; returns its id."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    fresh = {"last_ok_at": 0, "failures": 0, **values}
    statement = dialect.insert(SubscriptionRow).values(fresh)
    changed = statement.on_conflict_do_update(index_elements=["endpoint"], set_=fresh)
    return int(session.execute(changed.returning(SubscriptionRow.id)).scalar_one())


def of_person(session: Session, person_id: int) -> Sequence[SubscriptionRow]:
    """A person's devices, the newest first."""
    mine = select(SubscriptionRow).where(SubscriptionRow.person_id == person_id)
    return session.scalars(mine.order_by(SubscriptionRow.id.desc())).all()


def one(session: Session, person_id: int, subscription_id: int) -> SubscriptionRow | None:
    """A person's device."""
    mine = select(SubscriptionRow).where(SubscriptionRow.id == subscription_id, SubscriptionRow.person_id == person_id)
    return session.scalars(mine).first()


def of_browser(session: Session, browser: str) -> SubscriptionRow | None:
    """The subscription of the browser with this cookie."""
    return session.scalars(select(SubscriptionRow).where(SubscriptionRow.browser == browser)).first()


def remove(session: Session, person_id: int, ids: Collection[int]) -> int:
    """Forgets some of a person's devices; returns how many were theirs."""
    gone = delete(SubscriptionRow).where(SubscriptionRow.person_id == person_id, SubscriptionRow.id.in_(ids))
    return touched(session, gone)


def remove_of_browser(session: Session, browser: str) -> None:
    """Forgets what a browser had."""
    session.execute(delete(SubscriptionRow).where(SubscriptionRow.browser == browser))


def remove_of_sessions(session: Session, session_ids: Collection[str]) -> None:
    """Forgets the devices whose log-in was ended."""
    session.execute(delete(SubscriptionRow).where(SubscriptionRow.session_id.in_(session_ids)))


def bind(session: Session, session_ids: Collection[str], new_id: str, now: int) -> None:
    """The same person logged in again in the same browser."""
    change = update(SubscriptionRow).where(SubscriptionRow.session_id.in_(session_ids))
    session.execute(change.values(session_id=new_id, seen_at=now))


def succeeded(session: Session, subscription_id: int, now: int) -> None:
    """A notice was taken."""
    change = update(SubscriptionRow).where(SubscriptionRow.id == subscription_id)
    session.execute(change.values(last_ok_at=now, failures=0))


def failed(session: Session, subscription_id: int, most: int) -> None:
    """A notice was not taken; after `most` in a row the device is forgotten."""
    change = update(SubscriptionRow).where(SubscriptionRow.id == subscription_id)
    session.execute(change.values(failures=SubscriptionRow.failures + 1))
    session.execute(
        delete(SubscriptionRow).where(SubscriptionRow.id == subscription_id, SubscriptionRow.failures >= most)
    )


def forget_unseen(session: Session, before: int) -> int:
    """Forgets devices that nobody used since; returns how many."""
    return touched(session, delete(SubscriptionRow).where(SubscriptionRow.seen_at < before))
