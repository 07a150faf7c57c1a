"""What ingest takes in and what it announces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Directory = Mapping[str, frozenset[str]]  # node -> the bays that it may report
Body = dict[str, object]


@dataclass(frozen=True)
class Incoming:
    """A message as the broker delivered it."""

    topic: str
    payload: bytes
    received_at: int  # ms
    retained: bool = False  # the broker kept it: received_at says nothing about when it was sent


@dataclass(frozen=True)
class Stored:
    """A durable message that is now in the database."""

    node: str
    kind: str
    outbox: str
    seq: int
    ts: int  # ms, the moment of the reading; repaired when the node's clock was not set
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


@dataclass(frozen=True)
class BackupReceived:
    """A node sent its own configuration file; ingest keeps nothing."""

    node: str
    received_at: int
    body: Body


@dataclass(frozen=True)
class AnswerReceived:
    """What a node says has become of a command; ingest keeps nothing."""

    node: str
    received_at: int
    body: Body
