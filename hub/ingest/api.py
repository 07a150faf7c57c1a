"""Ingest's door: store a batch, and what the control room and /metrics may ask."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge import wire
from hub.core import events
from hub.core.db import Session
from hub.ingest import rules, store
from hub.ingest.store import AsideRow, OpenGap

__all__ = [
    "AsideRow",
    "Batch",
    "Directory",
    "Incoming",
    "MessagesStored",
    "OpenGap",
    "SessionReceived",
    "StatusReceived",
    "Stored",
]

Directory = Mapping[str, frozenset[str]]  # node -> the bays that it may report
Body = dict[str, object]
DAY_MS = 24 * 3600 * 1000
KEEP_DAYS = 90
COUNTERS = ("stored", "duplicate", "refused", "quarantined", "skipped")


@dataclass(frozen=True)
class Incoming:
    """A message as the broker delivered it."""

    topic: str
    payload: bytes
    received_at: int  # ms


@dataclass(frozen=True)
class Stored:
    """A durable message that is now in the database."""

    node: str
    kind: str
    outbox: str
    seq: int
    ts: int  # ms, the moment of the reading
    received_at: int  # ms
    body: Body


@dataclass(frozen=True)
class MessagesStored:
    """Announced once a batch, in its transaction, with every message that was new."""

    messages: Sequence[Stored]


@dataclass(frozen=True)
class StatusReceived:
    """Announced for each status message; it is latest-only and not stored by ingest."""

    node: str
    received_at: int
    body: Body


@dataclass(frozen=True)
class SessionReceived:
    """A visitor accepted at a node: the device's hash of the day and the session's end (ms); ingest keeps nothing."""

    node: str
    device: str
    until: int


class _RefusedError(ValueError):
    """The message breaks the contract or comes from a stranger; the text is the reason."""


class Batch:
    """Stores one batch of messages in one transaction."""

    def __init__(self, incoming: Sequence[Incoming], directory: Directory, now: int) -> None:
        self._incoming = incoming
        self._directory = directory
        self._now = now

    def store(self, session: Session) -> dict[tuple[str, str], int]:
        """(node, outbox) -> highest contiguous number, to be told after the commit; may run again after a lost one."""
        self._begin()
        parsed = [self._parse(session, message) for message in self._incoming]
        durable = [item for item in parsed if item is not None]
        before = store.ledgers(session, {(item.node, item.outbox) for item in durable}, self._now)
        after = dict(before)
        for item in durable:
            self._judge(after, item)
        for key, ledger in after.items():
            if ledger != before[key]:
                store.save_ledger(session, key, before[key], ledger, self._now)
        self._write(session, len(durable))
        return {key: ledger.contiguous for key, ledger in after.items()}

    def refuse_only(self, session: Session, message: Incoming, reason: str) -> None:
        """Keeps one message aside without looking at it."""
        self._begin()
        self._set_aside("refused", reason, "", message)
        self._write(session, 0)

    def _begin(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._aside: list[dict[str, object]] = []
        self._new: list[Stored] = []

    def _write(self, session: Session, received: int) -> None:
        store.add_messages(session, [_row(item) for item in self._new])
        store.keep_aside(session, self._aside)
        store.count(session, self._counts)
        store.count_minute(session, self._now, received)
        if self._new:
            events.announce(session, MessagesStored(tuple(self._new)))

    def _parse(self, session: Session, message: Incoming) -> "_Numbered | None":
        """The numbered message, or None for a status, a session and for what cannot be numbered."""
        node, kind = "", ""
        try:
            side, version, node, kind = wire.split(message.topic)
            self._check_sender(side, version, node, kind)
            body = wire.decode(kind, message.payload)
            self._check_bay(node, kind, body)
        except ValueError as error:
            return self._refuse(message, node, kind, str(error))
        if kind == "session":
            until = wire.parse_ms(str(body["until"]))
            events.announce(session, SessionReceived(node, str(body["device"]), until))
            return None
        if kind == "status":
            events.announce(session, StatusReceived(node, message.received_at, body))
            return None
        return _Numbered(node, str(body.get("outbox", "")), int(str(body["seq"])), kind, body, message)

    def _check_sender(self, side: str, version: str, node: str, kind: str) -> None:
        if (side, version) != ("node", f"v{wire.VERSION}"):
            raise _RefusedError("unknown version")
        if kind not in wire.UP_KINDS:
            raise _RefusedError("unknown kind")
        if node not in self._directory:
            raise _RefusedError("unknown node")

    def _check_bay(self, node: str, kind: str, body: Body) -> None:
        if kind == "bay" and body["bay"] not in self._directory[node]:
            raise _RefusedError("unknown bay")

    def _refuse(self, message: Incoming, node: str, kind: str, reason: str) -> "_Numbered | None":
        """Keeps the message aside; its number, where it can be read, counts as received."""
        self._set_aside("refused", reason, node, message)
        number = wire.readable_seq(message.payload) if kind in wire.DURABLE_KINDS and node in self._directory else None
        return _Numbered(node, *number, kind, None, message) if number else None

    def _judge(self, ledgers: dict[tuple[str, str], rules.Ledger], item: "_Numbered") -> None:
        key = (item.node, item.outbox)
        ledgers[key], is_new = ledgers[key].accept(item.seq)
        if item.body is None:
            self._counts["numbered", "refused"] += int(is_new)  # the control room's balance needs this heap
            return
        if not is_new:
            self._counts["duplicate", item.kind] += 1
            return
        ts = wire.parse_ms(str(item.body["ts"]))
        reason = rules.distrust(ts, self._now)
        if reason:
            self._set_aside("quarantined", reason, item.node, item.message)
            return
        if item.kind == "skip":
            ledgers[key], skipped = ledgers[key].close(_int(item.body["from"]), _int(item.body["to"]))
            self._counts["skipped", "messages"] += skipped
        self._counts["stored", item.kind] += 1
        received = item.message.received_at
        self._new.append(Stored(item.node, item.kind, item.outbox, item.seq, ts, received, item.body))

    def _set_aside(self, verdict: str, reason: str, node: str, message: Incoming) -> None:
        self._counts[verdict, reason[:80]] += 1
        self._aside.append(
            {
                "verdict": verdict,
                "reason": reason[:80],
                "node": node[:63],
                "topic": message.topic[:200],
                "payload": message.payload[: store.MAX_KEPT_BYTES],
                "size": len(message.payload),
                "received_at": message.received_at,
            }
        )


@dataclass(frozen=True)
class _Numbered:
    """A durable message with its number; body None = refused, only the number counts."""

    node: str
    outbox: str
    seq: int
    kind: str
    body: Body | None
    message: Incoming


def _int(value: object) -> int:
    return value if isinstance(value, int) else int(str(value))


def _row(item: Stored) -> dict[str, object]:
    return {
        "node": item.node,
        "outbox": item.outbox,
        "seq": item.seq,
        "kind": item.kind,
        "ts": item.ts,
        "received_at": item.received_at,
        "body": json.dumps(item.body, separators=(",", ":")),
    }


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


def forget_old(session: Session, now: int) -> int:
    """Deletes messages older than 90 days; returns how many."""
    return store.forget(session, now - KEEP_DAYS * DAY_MS)
