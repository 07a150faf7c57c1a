"""The ledgers of the nodes' outboxes: the highest number, the gaps below it, and the sums for the proof."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hub.core.db import Session
from hub.ingest.rules import Ledger, Range
from hub.ingest.store.tables import Gap, Outbox

TALLY = ("stored", "duplicates", "late", "aside", "skipped", "held")


@dataclass(frozen=True)
class OpenGap:
    """A range of messages that is missing."""

    node: str
    outbox: str
    first: int
    last: int
    opened_at: int


@dataclass(frozen=True)
class OutboxSums:
    """What became of every number of one outbox; moments in ms."""

    outbox: str
    highest: int
    stored: int
    duplicates: int
    late: int
    aside: int
    skipped: int
    held: int
    first_seen: int
    last_seen: int


def ledgers(session: Session, keys: Iterable[tuple[str, str]], now: int) -> dict[tuple[str, str], Ledger]:
    """The ledgers of the outboxes, locked until the end of the transaction; a new one is made for an unknown outbox."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    found: dict[tuple[str, str], Ledger] = {}
    for node, outbox in sorted(keys):  # sorted: two workers lock in the same order
        fresh = {"node": node, "outbox": outbox, "highest": 0, "first_seen": now, "last_seen": now}
        fresh |= dict.fromkeys(TALLY, 0)
        session.execute(dialect.insert(Outbox).values(fresh).on_conflict_do_nothing())
        where = (Outbox.node == node, Outbox.outbox == outbox)
        highest = session.execute(select(Outbox.highest).where(*where).with_for_update()).scalar_one()
        still_open = (Gap.node == node, Gap.outbox == outbox, Gap.closed_at.is_(None))
        gaps = session.execute(select(Gap.first, Gap.last).where(*still_open).order_by(Gap.first)).all()
        found[node, outbox] = Ledger(highest, tuple((first, last) for first, last in gaps))
    return found


def save_ledger(
    session: Session, key: tuple[str, str], before: Ledger, after: Ledger, tally: Mapping[str, int], now: int
) -> None:
    """Writes what changed in one ledger and adds the tally to its sums; a gap that shrank keeps its age."""
    node, outbox = key
    where = (Outbox.node == node, Outbox.outbox == outbox)
    sums = {name: getattr(Outbox, name) + count for name, count in tally.items() if count}
    session.execute(update(Outbox).where(*where).values(highest=after.highest, last_seen=now, **sums))
    gone, made = set(before.gaps) - set(after.gaps), set(after.gaps) - set(before.gaps)
    for first, last in gone:
        _close(session, key, (first, last), now)
    for piece in made:
        opened = _age(session, key, piece, gone) or now
        row = {"node": node, "outbox": outbox, "first": piece[0], "last": piece[1], "opened_at": opened}
        session.execute(insert(Gap).values(**row, closed_at=None))


def _close(session: Session, key: tuple[str, str], gap: Range, now: int) -> None:
    where = (Gap.node == key[0], Gap.outbox == key[1], Gap.first == gap[0], Gap.last == gap[1])
    session.execute(update(Gap).where(*where, Gap.closed_at.is_(None)).values(closed_at=now))


def _age(session: Session, key: tuple[str, str], piece: Range, gone: set[Range]) -> int | None:
    """When the gap was opened that `piece` is a rest of."""
    for first, last in gone:
        if first <= piece[0] and piece[1] <= last:
            where = (Gap.node == key[0], Gap.outbox == key[1], Gap.first == first, Gap.last == last)
            return session.execute(select(func.max(Gap.opened_at)).where(*where)).scalar()
    return None


def outboxes(session: Session, node: str) -> list[OutboxSums]:
    """Every outbox that a node ever had, the newest first."""
    rows = session.execute(select(Outbox).where(Outbox.node == node).order_by(Outbox.last_seen.desc())).scalars()
    names = (*TALLY, "outbox", "highest", "first_seen", "last_seen")
    return [OutboxSums(**{name: getattr(row, name) for name in names}) for row in rows]


def add_to_sums(session: Session, key: tuple[str, str], changes: Mapping[str, int]) -> None:
    """Moves messages from one heap to another, e.g. held -1, stored +1."""
    sums = {name: getattr(Outbox, name) + count for name, count in changes.items()}
    session.execute(update(Outbox).where(Outbox.node == key[0], Outbox.outbox == key[1]).values(**sums))


def open_gaps(session: Session, limit: int, node: str | None = None) -> list[OpenGap]:
    """What is missing now, oldest first; of all nodes or of one."""
    query = select(Gap).where(Gap.closed_at.is_(None)).order_by(Gap.opened_at).limit(limit)
    rows = session.execute(query.where(Gap.node == node) if node else query).scalars()
    return [OpenGap(row.node, row.outbox, row.first, row.last, row.opened_at) for row in rows]


def closed_gaps(session: Session, node: str, limit: int) -> Sequence[tuple[str, int, int, int, int]]:
    """(outbox, first, last, opened_at, closed_at) of gaps that were filled late, newest first."""
    columns = (Gap.outbox, Gap.first, Gap.last, Gap.opened_at, Gap.closed_at)
    query = select(*columns).where(Gap.node == node, Gap.closed_at.is_not(None)).order_by(Gap.closed_at.desc())
    return [(row[0], row[1], row[2], row[3], row[4] or 0) for row in session.execute(query.limit(limit))]


def numbered(session: Session) -> int:
    """The sum of the highest numbers of all outboxes."""
    return int(session.execute(select(func.sum(Outbox.highest))).scalar() or 0)


def missing(session: Session) -> int:
    """How many messages are known to be missing."""
    total = session.execute(select(func.sum(Gap.last - Gap.first + 1)).where(Gap.closed_at.is_(None))).scalar()
    return int(total or 0)


def forget_gaps(session: Session, before: int) -> None:
    """Deletes gaps that were closed before a moment."""
    session.execute(delete(Gap).where(Gap.closed_at < before))
