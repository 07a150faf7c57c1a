"""Which reading counts, and what a car park's bays add up to."""

from collections.abc import Iterable
from dataclasses import dataclass

STALE_MS = 35 * 60_000  # a living sensor repeats its state at least every 30 minutes, or says how often it does
STATES = ("free", "occupied", "unknown", "faulty")
LONGEST_REPEAT_S = 7 * 86_400


@dataclass(frozen=True)
class BayState:
    """A bay's state and when it began; `ts` and `seq` belong to the newest reading (event time, ms)."""

    state: str
    since: int
    ts: int
    outbox: str
    seq: int
    trusted_ms: int = STALE_MS

    @property
    def order(self) -> tuple[int, str, int]:
        """The place of the newest reading in the bay's history: the same for everybody who stores it."""
        return self.ts, self.outbox, self.seq


@dataclass(frozen=True)
class Reading:
    """One reading of a bay."""

    state: str
    ts: int
    outbox: str
    seq: int
    trusted_ms: int = STALE_MS

    @property
    def order(self) -> tuple[int, str, int]:
        """Its place in the bay's history."""
        return self.ts, self.outbox, self.seq


def after(present: BayState | None, reading: Reading) -> BayState | None:
    """The state after a reading, or None when a newer one is known already: late messages never overwrite.

    Two readings of one moment are ordered by outbox and number, so that the order of arrival does not matter.
    """
    if present is not None and reading.order <= present.order:
        return None
    same = present is not None and present.state == reading.state
    since = present.since if present is not None and same else reading.ts
    return BayState(reading.state, since, reading.ts, reading.outbox, reading.seq, reading.trusted_ms)


def trusted_ms(repeat_s: object) -> int:
    """How long a reading is believed: one and a half times the sensor's own pace, and at least 35 minutes."""
    said = repeat_s if isinstance(repeat_s, int) and not isinstance(repeat_s, bool) else 0
    return max(STALE_MS, min(said, LONGEST_REPEAT_S) * 1500 + 5 * 60_000)


def shown(state: str, ts: int | None, now: int, trusted_ms: int = STALE_MS) -> str:
    """What people see: a bay that has been silent for too long is unknown."""
    if ts is None or (state != "faulty" and now - ts > trusted_ms):
        return "unknown"
    return state


def count(states: Iterable[str]) -> dict[str, int]:
    """How many bays are in each state."""
    totals = dict.fromkeys(STATES, 0)
    for state in states:
        totals[state] += 1
    return totals


def fullness(free: int, occupied: int, faulty: int, capacity: int) -> str:
    """The word for a car park: few means at most one bay in five is free; js/live.js says the same."""
    measured = free + occupied
    if measured == 0:
        return "broken" if capacity and faulty == capacity else "unknown"
    if free == 0:
        return "full"
    return "few" if free * 5 <= measured else "free"
