"""A new release goes through the town in rings: one canary, a tenth, everybody. Pure; times in ms.

Which nodes are told next, when a ring was well for long enough, when everything stops.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

CANARY, EARLY, ALL = RINGS = (0, 1, 2)
EARLY_SHARE = 0.10
TOLERATED = {CANARY: 0.0, EARLY: 0.05, ALL: 0.05}  # share of a ring that may fail before everything stops
SILENT_MS = 6 * 3600_000  # told, and nothing new for so long: it counts as failed
GONE_MS = 10 * 60_000  # done, and then not heard of for so long: it counts as failed
TELL_AGAIN_MS = 10 * 60_000
STUCK_MS = 3600_000  # nothing goes on for so long, because of nodes that are away
WAITING, WORKING, DONE, FAILED, SKIPPED = "waiting", "working", "done", "failed", "skipped"


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
    """What to do now. `well_at`: from then on the next ring may begin, None when nobody knows yet; `waits_for`: nodes
    that are away and without which nothing goes on."""

    ring: int
    tell: tuple[str, ...] = ()
    failed: Mapping[str, str] | None = None  # node -> gone or silent: counts as failed from now on
    halt: bool = False
    over: bool = False
    well_at: int | None = None
    waits_for: tuple[str, ...] = ()


def rings(
    names: Sequence[str],
    canary: str = "",
    chosen: Mapping[str, int] | None = None,
    online: Collection[str] | None = None,
) -> dict[str, int]:
    """Every node's ring: always the same for the same names; `canary` and `chosen` count more than the draw.

    With `online`, one of those is a canary unless somebody named `canary`: from a node that is away nobody learns.
    """
    found = {name: ring for name, ring in (chosen or {}).items() if name in names and ring in RINGS}
    if canary in names:
        found = {name: EARLY if ring == CANARY else ring for name, ring in found.items()} | {canary: CANARY}
    drawn = sorted((name for name in set(names) if name not in found), key=_lot)
    canaries = {name for name, ring in found.items() if ring == CANARY}
    present = [name for name in drawn if online is None or name in online]
    if drawn and not canaries:
        found[drawn.pop(drawn.index(present[0]) if present else 0)] = CANARY
    elif present and online is not None and canary not in canaries and canaries.isdisjoint(online):
        found[drawn.pop(drawn.index(present[0]))] = CANARY
    missing = round(len(set(names)) * EARLY_SHARE) - sum(ring == EARLY for ring in found.values())
    early = set(drawn[: max(missing, 1 if drawn and EARLY not in found.values() and len(set(names)) > 2 else 0)])
    return found | {name: EARLY if name in early else ALL for name in drawn}


def judge(members: Sequence[Member], ring: int, pace: Pace, now: int) -> Verdict:
    """The next step of a rollout that is in `ring`; who was set aside is left out of everything."""
    members = [member for member in members if member.state != SKIPPED]
    failed = {member.node: why for member in members if (why := _why_failed(member, pace, now))}
    states = {member.node: FAILED if member.node in failed else member.state for member in members}
    if any(_too_many([member for member in members if member.ring == one], states, one) for one in RINGS):
        awaited = _waits_for([one for one in members if one.ring <= ring], states)
        return Verdict(ring, failed=failed, halt=True, waits_for=awaited)
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
    well_at = well_at if ring != ALL else None
    awaited = () if well_at is not None else _waits_for([one for one in members if one.ring <= ring], states)
    return Verdict(ring, tell, failed, over=over, well_at=well_at, waits_for=awaited)


def is_stuck(verdict: Verdict, since: int, now: int) -> bool:
    """Whether people should be told: nothing has gone on `since`, and nodes that are away are the reason."""
    return not verdict.halt and bool(verdict.waits_for) and now - since >= STUCK_MS


def may_be_skipped(member: Member) -> bool:
    """Who failed, or is away and has not ended."""
    return member.state == FAILED or (member.state in (WAITING, WORKING) and not member.online)


def successor(members: Sequence[Member], ring: int) -> str:
    """Who takes the place in a ring whose last node was set aside; "" when somebody is left there, or nobody can."""
    if ring == ALL or any(member.ring == ring and member.state != SKIPPED for member in members):
        return ""
    able = [member for member in members if member.ring > ring and member.state == WAITING]
    return min(able, key=lambda member: (not member.online, _lot(member.node))).node if able else ""


def percent(states: Sequence[tuple[str, int]]) -> int:
    """How far a whole rollout is, out of (state, percent of that node); 100 only when every node has ended."""
    if not states:
        return 0
    parts = [100 if state in (DONE, FAILED, SKIPPED) else min(99, max(0, part)) for state, part in states]
    return sum(parts) // len(parts)


def _lot(name: str) -> str:
    """A draw that nobody can influence and that is the same tomorrow."""
    return hashlib.sha256(name.encode()).hexdigest()


def _waits_for(reached: Sequence[Member], states: Mapping[str, str]) -> tuple[str, ...]:
    left = [member for member in reached if states[member.node] in (WAITING, WORKING)]
    return () if any(member.online for member in left) else tuple(member.node for member in left)


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
