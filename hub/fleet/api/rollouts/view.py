"""A rollout as pages and the command line show it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.fleet import rules, store
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.rollout import DONE, Member, Pace
from hub.fleet.store import rollouts

ACTIVE_STATES = ("running", "paused", "halted")


@dataclass(frozen=True)
class NodeProgress:
    """One node of a rollout."""

    node: str
    ring: int
    state: str
    step: str
    percent: int
    text: str
    online: bool
    changed_at: int | None
    seen_at: int | None


@dataclass(frozen=True)
class RolloutNow:
    """A rollout as pages show it; `well_at`: when the next ring may begin; `waits_for`: nodes that are away and without
    which nothing goes on; times in ms."""

    id: int
    release: str
    state: str
    ring: int
    percent: int
    started_at: int
    started_by: str
    changed_at: int
    soak_ms: int
    well_at: int | None
    waits_for: Sequence[str]
    nodes: Sequence[NodeProgress]

    def count(self, state: str, ring: int | None = None) -> int:
        """How many nodes are in a state."""
        return sum(one.state == state and ring in (None, one.ring) for one in self.nodes)


def last_rollouts(session: Session, now: int, limit: int = 5) -> list[RolloutNow]:
    """The newest first."""
    online = {row.id: row for row in store.nodes(session)}
    return [rollout_now(session, row, online, now) for row in rollouts.last_rollouts(session, limit)]


def rollout_now(session: Session, row: rollouts.Rollout, nodes: Mapping[str, store.Node], now: int) -> RolloutNow:
    """One of them as it is now."""
    parts = rollouts.rollout_nodes(session, row.id)
    verdict = rollout_rules.judge([member(part, nodes, now) for part in parts], row.ring, pace(row), now)
    return RolloutNow(
        id=row.id,
        release=row.release,
        state=row.state,
        ring=row.ring,
        percent=rollout_rules.percent([(part.state, part.percent) for part in parts]),
        started_at=row.started_at,
        started_by=row.started_by,
        changed_at=row.changed_at,
        soak_ms=row.soak_ms,
        well_at=verdict.well_at if row.state == "running" else None,
        waits_for=verdict.waits_for if row.state in ACTIVE_STATES else (),
        nodes=[_progress(part, nodes.get(part.node), now) for part in parts],
    )


def _progress(part: rollouts.RolloutNode, node: store.Node | None, now: int) -> NodeProgress:
    return NodeProgress(
        part.node,
        part.ring,
        part.state,
        part.step,
        part.percent,
        part.text,
        is_online(node, now),
        part.changed_at,
        node.last_seen if node is not None else None,
    )


def member(part: rollouts.RolloutNode, nodes: Mapping[str, store.Node], now: int) -> Member:
    node = nodes.get(part.node)
    if node is None:  # taken out of the town's data
        return Member(part.node, part.ring, DONE, True, now, 0)
    return Member(part.node, part.ring, part.state, is_online(node, now), node.last_seen, part.changed_at)


def is_online(node: store.Node | None, now: int) -> bool:
    return node is not None and rules.is_online(json.loads(node.status).get("state"), node.last_seen, now, node.role)


def pace(row: rollouts.Rollout) -> Pace:
    return Pace(row.soak_ms, row.at_once)
