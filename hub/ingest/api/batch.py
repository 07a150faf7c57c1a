"""One batch of messages in one transaction: judged by number, dated by a clock that is believed, stored once."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from edge import wire
from hub.core import events
from hub.core.db import Session
from hub.ingest import rules, store
from hub.ingest.api.events import (
    AnswerReceived,
    BackupReceived,
    Body,
    Directory,
    Incoming,
    MessagesStored,
    SessionReceived,
    StatusReceived,
    Stored,
)
from hub.radio import api as radio

_OWN = "node/"
Key = tuple[str, str]  # node, outbox
Boot = tuple[str, str]  # node, boot


class _RefusedError(ValueError):
    """The message breaks the contract or comes from a stranger; the text is the reason."""


@dataclass(frozen=True)
class _Numbered:
    """A durable message with its number; body None = refused, only the number counts."""

    node: str
    outbox: str
    seq: int
    kind: str
    body: Body | None
    message: Incoming


class Batch:
    """Stores one batch of messages; `worker` has counters of its own."""

    def __init__(self, incoming: Sequence[Incoming], directory: Directory, now: int, worker: int = 0) -> None:
        self._incoming = incoming
        self._directory = directory
        self._now, self._worker = now, worker

    def store(self, session: Session) -> dict[Key, int]:
        """(node, outbox) -> highest contiguous number, to be told after the commit; may run again after a lost one."""
        self._begin()
        store.writing(session)
        own = [message for message in self._incoming if message.topic.startswith(_OWN)]
        durable = [item for message in own if (item := self._parse(message)) is not None]
        others = (message for message in self._incoming if not message.topic.startswith(_OWN))
        for message in sorted(others, key=lambda one: one.topic):  # the order in which their rows are locked
            durable += self._translate(session, message)
        # Rows are locked in one order by every worker: ledgers, clocks, messages, counters, then what events change.
        before = store.ledgers(session, {(item.node, item.outbox) for item in durable}, self._now)
        after = dict(before)
        self._clocks.update(store.clocks(session, set(self._said) | set(map(_boot, durable))))
        self._learn(session)
        for item in durable:
            self._judge(after, item)
        for key, ledger in after.items():
            if ledger != before[key] or key in self._tally:
                store.save_ledger(session, key, before[key], ledger, self._tally[key], self._now)
        self._write(session, len(durable))
        return {key: ledger.contiguous for key, ledger in after.items()}

    def refuse_only(self, session: Session, message: Incoming, reason: str) -> None:
        """Keeps one message aside without looking at it."""
        self._begin()
        self._set_aside("refused", reason, "", message)
        self._write(session, 0)

    def _begin(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._tally: dict[Key, Counter[str]] = defaultdict(Counter)
        self._aside: list[dict[str, object]] = []
        self._new: list[Stored] = []
        self._held: list[dict[str, object]] = []
        self._said: dict[Boot, rules.Offset] = {}
        self._clocks: dict[Boot, rules.Offset] = {}
        self._fleeting: list[object] = []

    def _write(self, session: Session, received: int) -> None:
        store.add_messages(session, [_row(item) for item in self._new])
        store.add_held(session, self._held)
        store.keep_aside(session, self._aside)
        store.count(session, self._counts, self._worker)
        store.count_minute(session, self._now, received, self._worker)
        for event in self._fleeting:
            events.announce(session, event)
        if self._new:
            events.announce(session, MessagesStored(tuple(self._new)))

    def _parse(self, message: Incoming) -> _Numbered | None:
        """The numbered message, or None for one that is only announced and for what cannot be numbered."""
        node, kind = "", ""
        try:
            side, version, node, kind = wire.split(message.topic)
            self._check_sender(side, version, node, kind)
            body = wire.decode(kind, message.payload)
            self._check_bay(node, kind, body)
        except ValueError as error:
            return self._refuse(message, node, kind, str(error))
        self._hear_clock(node, kind, body, message)
        if kind not in wire.DURABLE_KINDS:
            self._fleeting.append(_fleeting(node, kind, body, message))
            return None
        return _Numbered(node, str(body.get("outbox", "")), int(str(body["seq"])), kind, body, message)

    def _translate(self, session: Session, message: Incoming) -> list[_Numbered]:
        """An uplink of somebody else's sensor as messages of our own contract."""
        try:
            found = radio.translate(session, message.topic, message.payload, message.received_at)
        except radio.RadioError as error:
            self._set_aside("refused", str(error), "", message)
            return []
        numbered = []
        for one in found:
            body: Body | None = one.body
            if one.node not in self._directory or one.body.get("bay", "") not in {"", *self._directory[one.node]}:
                self._set_aside("refused", "unknown bay", one.node, message)
                body = None
            seq = _int(one.body["seq"])
            numbered.append(_Numbered(one.node, str(one.body["outbox"]), seq, one.kind, body, message))
        return numbered

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

    def _refuse(self, message: Incoming, node: str, kind: str, reason: str) -> _Numbered | None:
        """Keeps the message aside; its number, where it can be read, counts as received."""
        self._set_aside("refused", reason, node, message)
        number = wire.readable_seq(message.payload) if kind in wire.DURABLE_KINDS and node in self._directory else None
        return _Numbered(node, *number, kind, None, message) if number else None

    def _hear_clock(self, node: str, kind: str, body: Body, message: Incoming) -> None:
        """What the message says of its node's clock: exact, or when it came minus how long the node was up.

        Only a status was surely sent the moment it came; a reading may have waited since a boot of yesterday.
        """
        boot, up, synced = body.get("boot"), body.get("up_ms"), body.get("synced") is True
        if not isinstance(boot, str) or not isinstance(up, int):
            return
        if not synced and (kind != "status" or message.retained):
            return
        said = rules.Offset((wire.parse_ms(str(body["ts"])) if synced else message.received_at) - up, synced)
        known = self._said.get((node, boot))
        if rules.distrust(said.ms + up, self._now) is None and rules.learn(known, said):
            self._said[node, boot] = said

    def _learn(self, session: Session) -> None:
        """Keeps better clocks, and dates the messages that waited for them."""
        news = {boot: said for boot, said in sorted(self._said.items()) if rules.learn(self._clocks.get(boot), said)}
        for boot, said in news.items():
            store.save_clock(session, boot, said, self._now)
        self._clocks |= news
        for held in store.release(session, news):
            ts = held_up_ms(held) + self._clocks[held.node, held.boot].ms
            body = json.loads(held.body)
            self._new.append(Stored(held.node, held.kind, held.outbox, held.seq, ts, held.received_at, body))
            store.add_to_sums(session, (held.node, held.outbox), {"held": -1, "stored": 1})
            self._counts["held", "waiting"] -= 1
            self._counts["stored", held.kind] += 1

    def _judge(self, ledgers: dict[Key, rules.Ledger], item: _Numbered) -> None:
        key = (item.node, item.outbox)
        ledgers[key], is_new = ledgers[key].accept(item.seq)
        if item.body is None:
            self._counts["numbered", "refused"] += int(is_new)  # the control room's balance needs this heap
            self._tally[key]["aside"] += int(is_new)
            return
        if not is_new:
            self._counts["duplicate", item.kind] += 1
            self._tally[key]["duplicates"] += 1
            return
        if item.kind == "skip":
            self._skip(ledgers, key, item)
            return
        ts = self._moment(item)
        if ts is None:
            self._hold(key, item)
            return
        reason = rules.distrust(ts, self._now)
        if reason:
            self._set_aside("quarantined", reason, item.node, item.message)
            self._tally[key]["aside"] += 1
            return
        self._keep(key, item, ts)

    def _skip(self, ledgers: dict[Key, rules.Ledger], key: Key, item: _Numbered) -> None:
        """Closes the numbers that the node gave up; its clock does not matter for that."""
        body = item.body or {}
        ledgers[key], skipped = ledgers[key].close(_int(body["from"]), _int(body["to"]))
        self._counts["skipped", "messages"] += skipped
        self._tally[key]["skipped"] += skipped
        self._keep(key, item, item.message.received_at)

    def _keep(self, key: Key, item: _Numbered, ts: int) -> None:
        received = item.message.received_at
        self._counts["stored", item.kind] += 1
        self._tally[key]["stored"] += 1
        self._tally[key]["late"] += int(received - ts > rules.LATE_MS)
        self._new.append(Stored(item.node, item.kind, item.outbox, item.seq, ts, received, item.body or {}))

    def _moment(self, item: _Numbered) -> int | None:
        """When it was (ms): as said, repaired when the node's clock was not set, None when nobody knows yet."""
        body = item.body or {}
        ts, up = wire.parse_ms(str(body["ts"])), body.get("up_ms")
        if body.get("synced") is not False or not isinstance(up, int) or not isinstance(body.get("boot"), str):
            return ts
        offset = self._clocks.get(_boot(item))
        if offset is None:
            return None
        self._counts["repaired", item.kind] += int(abs(up + offset.ms - ts) > rules.LATE_MS)
        return up + offset.ms

    def _hold(self, key: Key, item: _Numbered) -> None:
        row = {"node": item.node, "boot": _boot(item)[1], "outbox": item.outbox, "seq": item.seq, "kind": item.kind}
        body = json.dumps(item.body, separators=(",", ":"))
        self._held.append({**row, "received_at": item.message.received_at, "body": body})
        self._counts["held", "waiting"] += 1
        self._tally[key]["held"] += 1

    def _set_aside(self, verdict: str, reason: str, node: str, message: Incoming) -> None:
        self._counts[verdict, reason[:80]] += 1
        self._aside.append(aside_row(verdict, reason, node, message))


def aside_row(verdict: str, reason: str, node: str, message: Incoming) -> dict[str, object]:
    """A message as it is kept aside, cut short."""
    return {
        "verdict": verdict,
        "reason": reason[:80],
        "node": node[:63],
        "topic": message.topic[:200],
        "payload": message.payload[: store.MAX_KEPT_BYTES],
        "size": len(message.payload),
        "received_at": message.received_at,
    }


def held_up_ms(held: store.Held) -> int:
    """The monotonic clock of a message that waits for its wall clock."""
    return int(json.loads(held.body)["up_ms"])


def _fleeting(node: str, kind: str, body: Body, message: Incoming) -> object:
    if kind == "session":
        return SessionReceived(node, str(body["device"]), wire.parse_ms(str(body["until"])))
    if kind == "answer":
        return AnswerReceived(node, message.received_at, body)
    if kind == "backup":
        return BackupReceived(node, message.received_at, body)
    return StatusReceived(node, message.received_at, body)


def _boot(item: _Numbered) -> Boot:
    return item.node, str((item.body or {}).get("boot", ""))


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
