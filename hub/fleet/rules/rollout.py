"""A new release goes through the town in rings: one canary, a tenth, everybody. Pure; times in ms.

Which nodes are told next, when a ring was well for long enough, when everything stops.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CANARY, EARLY, ALL = RINGS = (0, 1, 2)
EARLY_SHARE = 0.10
TOLERATED = {CANARY: 0.0, EARLY: 0.05, ALL: 0.05}  # share of a ring that may fail before everything stops
SILENT_MS = 6 * 3600_000  # told, and nothing new for so long: it counts as failed
GONE_MS = 10 * 60_000  # done, and then not heard of for so long: it counts as failed
TELL_AGAIN_MS = 10 * 60_000
WAITING, WORKING, DONE, FAILED = "waiting", "working", "done", "failed"


@dataclass(frozen=True)
class Member:
    """One node of a rollout; `changed_at`: when its update last made a step, `seen_at`: its last word."""

    node: str
    ring: int
    state: str = WAITING
    online: bool = True
    seen_at: int | None = None
    changed_at: int | None = None


@dataclass(frozen=True)
class Pace:
    """How long a ring must be well before the next begins, and how many nodes are at it at once."""

    soak_ms: int = 30 * 60_000
    at_once: int = 20


@dataclass(frozen=True)
class Verdict:
    """What to do now. `well_at`: from then on the next ring may begin, None when nobody knows yet."""

    ring: int
    tell: tuple[str, ...] = ()
    failed: Mapping[str, str] | None = None  # node -> gone or silent: counts as failed from now on
    halt: bool = False
    over: bool = False
    well_at: int | None = None


def rings(names: Sequence[str], canary: str = "", chosen: Mapping[str, int] | None = None) -> dict[str, int]:
    """Every node's ring: always the same for the same names; `canary` and `chosen` count more than the draw."""
    found = {name: ring for name, ring in (chosen or {}).items() if name in names and ring in RINGS}
    if canary in names:
        found = {name: EARLY if ring == CANARY else ring for name, ring in found.items()} | {canary: CANARY}
    drawn = sorted((name for name in set(names) if name not in found), key=_lot)
    if drawn and CANARY not in found.values():
        found[drawn.pop(0)] = CANARY
    missing = round(len(set(names)) * EARLY_SHARE) - sum(ring == EARLY for ring in found.values())
    early = set(drawn[: max(missing, 1 if drawn and EARLY not in found.values() and len(set(names)) > 2 else 0)])
    return found | {name: EARLY if name in early else ALL for name in drawn}


def judge(members: Sequence[Member], ring: int, pace: Pace, now: int) -> Verdict:
    """The next step of a rollout that is in `ring`."""
    failed = {member.node: why for member in members if (why := _why_failed(member, pace, now))}
    states = {member.node: FAILED if member.node in failed else member.state for member in members}
    if any(_too_many([member for member in members if member.ring == one], states, one) for one in RINGS):
        return Verdict(ring, failed=failed, halt=True)
    while True:
        inside = [member for member in members if member.ring == ring]
        well_at = _well_at(inside, states, pace)
        if ring == ALL or not (not inside or (well_at is not None and well_at <= now)):
            break
        ring += 1
    over = ring == ALL and all(state in (DONE, FAILED) for state in states.values())
    working = sum(state == WORKING for state in states.values())
    ready = [member for member in members if member.ring <= ring and states[member.node] == WAITING and member.online]
    room = max(0, pace.at_once - working)
    tell = tuple(member.node for member in sorted(ready, key=lambda member: (member.ring, _lot(member.node)))[:room])
    return Verdict(ring, tell, failed, over=over, well_at=well_at if ring != ALL else None)


def percent(states: Sequence[tuple[str, int]]) -> int:
    """How far a whole rollout is, out of (state, percent of that node); 100 only when every node has ended."""
    if not states:
        return 0
    parts = [100 if state in (DONE, FAILED) else min(99, max(0, part)) for state, part in states]
    return sum(parts) // len(parts)


def _lot(name: str) -> str:
    """A draw that nobody can influence and that is the same tomorrow."""
    return hashlib.sha256(name.encode()).hexdigest()


def _why_failed(member: Member, pace: Pace, now: int) -> str:
    since = member.changed_at or 0
    if member.state == WORKING and now - since > SILENT_MS:
        return "silent"
    watched = member.state == DONE and now - since <= pace.soak_ms + GONE_MS
    if watched and not member.online and now - max(member.seen_at or 0, since) > GONE_MS:
        return "gone"
    return ""


def _too_many(inside: Sequence[Member], states: Mapping[str, str], ring: int) -> bool:
    count = sum(states[member.node] == FAILED for member in inside)
    return count > int(len(inside) * TOLERATED[ring])


def _well_at(inside: Sequence[Member], states: Mapping[str, str], pace: Pace) -> int | None:
    """When everybody of the ring that can be reached has been done for long enough; None while one is not done."""
    done = [member.changed_at or 0 for member in inside if states[member.node] == DONE]
    pending = [member for member in inside if states[member.node] == WORKING]
    pending += [member for member in inside if states[member.node] == WAITING and member.online]
    return max(done) + pace.soak_ms if done and not pending else None
