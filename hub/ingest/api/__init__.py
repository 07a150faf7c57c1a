"""Ingest's door: store a batch, and what the control room and /metrics may ask."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge import wire
from hub.core.db import Session
from hub.ingest import rules, store
from hub.ingest.api.batch import Batch, aside_row
from hub.ingest.api.events import (
    AnswerReceived,
    BackupReceived,
    Directory,
    Incoming,
    MessagesStored,
    SessionReceived,
    StatusReceived,
    Stored,
)
from hub.ingest.api.export import Exporter, open_exporter
from hub.ingest.store import AsideRow, OpenGap, OutboxSums

__all__ = [
    "AnswerReceived",
    "AsideRow",
    "BackupReceived",
    "Batch",
    "Directory",
    "Exporter",
    "FilledGap",
    "Incoming",
    "MessagesStored",
    "OpenGap",
    "OutboxSums",
    "Proof",
    "SessionReceived",
    "StatusReceived",
    "Stored",
    "open_exporter",
]

DAY_MS = 24 * 3600 * 1000
KEEP_DAYS = 90
COUNTERS = ("stored", "duplicate", "refused", "quarantined", "skipped", "repaired", "held")


@dataclass(frozen=True)
class FilledGap:
    """A range that came late; moments in ms."""

    outbox: str
    first: int
    last: int
    opened_at: int
    closed_at: int


@dataclass(frozen=True)
class Proof:
    """One node's account: the sums of each outbox, what is missing, and what was filled late."""

    outboxes: Sequence[OutboxSums]
    gaps: Sequence[OpenGap]
    filled: Sequence[FilledGap]
    lost: int

    @property
    def received(self) -> int:
        """Numbers that arrived: stored, waiting for a clock, or put aside with a reason."""
        return sum(one.stored + one.held + one.aside for one in self.outboxes)


def refuse_unstorable(session: Session, message: Incoming) -> None:
    """Keeps aside a message that the database itself refused."""
    batch = Batch([], {}, message.received_at)
    batch.refuse_only(session, message, "cannot be stored")


def counters(session: Session) -> dict[str, dict[str, int]]:
    """Totals since the first start: name (stored, duplicate, refused, quarantined, skipped) -> detail -> count."""
    totals: dict[str, dict[str, int]] = {name: {} for name in COUNTERS}
    for (name, detail), value in store.counters(session).items():
        totals.setdefault(name, {})[detail] = value
    return totals


def per_minute(session: Session, now: int, minutes: int = 60) -> list[int]:
    """Durable messages received in each of the last whole minutes, oldest first."""
    last = now - now % 60_000
    found = store.minutes(session, last - minutes * 60_000)
    return [found.get(last - offset * 60_000, 0) for offset in range(minutes, 0, -1)]


def kept_aside(session: Session, limit: int = 50) -> list[AsideRow]:
    """The newest refused and quarantined messages."""
    return store.aside(session, limit)


def open_gaps(session: Session, limit: int = 50) -> list[OpenGap]:
    """Ranges of messages that have not come yet, oldest first."""
    return store.open_gaps(session, limit)


def numbered(session: Session) -> int:
    """How many messages the nodes have numbered so far: the sum of the highest numbers of all outboxes."""
    return store.numbered(session)


def missing(session: Session) -> int:
    """How many messages are known to be missing now."""
    return store.missing(session)


def proof(session: Session, node: str, now: int) -> Proof:
    """What became of every number that a node ever gave."""
    gaps = store.open_gaps(session, 10_000, node)
    return Proof(
        outboxes=store.outboxes(session, node),
        gaps=gaps,
        filled=[FilledGap(*row) for row in store.closed_gaps(session, node, 50)],
        lost=sum(gap.last - gap.first + 1 for gap in gaps if now - gap.opened_at >= rules.GAP_PATIENCE_MS),
    )


def overdue(session: Session, now: int) -> dict[str, int]:
    """node -> messages that are missing for over ten minutes."""
    found: dict[str, int] = {}
    for gap in store.open_gaps(session, 10_000):
        if now - gap.opened_at >= rules.GAP_PATIENCE_MS:
            found[gap.node] = found.get(gap.node, 0) + gap.last - gap.first + 1
    return found


def give_up_held(session: Session, now: int) -> None:
    """Puts readings aside whose node never knew the time within a day."""
    rows = store.held_before(session, now - rules.HELD_MS, 1000)
    asides = []
    for held in rows:
        message = Incoming(wire.up(held.node, held.kind), held.body.encode(), held.received_at)
        asides.append(aside_row("quarantined", "clock was never set", held.node, message))
        store.add_to_sums(session, (held.node, held.outbox), {"held": -1, "aside": 1})
    store.keep_aside(session, asides)
    if rows:
        store.count(session, {("held", "waiting"): -len(rows), ("quarantined", "clock was never set"): len(rows)})


def forget_old(session: Session, now: int, keep_days: int = KEEP_DAYS) -> int:
    """Deletes messages older than `keep_days`, some at a time; returns how many."""
    store.forget_clocks(session, now - keep_days * DAY_MS)
    return store.forget(session, now - keep_days * DAY_MS)
