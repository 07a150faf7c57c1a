"""Begin, hold, go on, end: what a person does with a rollout. At most one is active, the database sees to it."""

import json

from hub.core import audit
from hub.core.db import Session
from hub.fleet import store
from hub.fleet.api.rollouts.aside import set_aside
from hub.fleet.api.rollouts.plan import Plan, RolloutError
from hub.fleet.api.rollouts.view import member
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.rollout import FAILED, WAITING
from hub.fleet.store import rollouts

SOAK_MINUTES, AT_ONCE = 30, 20
KEEP_MS = 400 * 24 * 3600 * 1000


def start_rollout(
    session: Session, wanted: Plan, who: str, now: int, actor: str, canary: str = "", soak_minutes: int = SOAK_MINUTES
) -> int:
    """Begins; RolloutError when one is running already or nobody needs it."""
    nodes = {row.id: json.loads(row.status).get("release", "") for row in store.nodes(session)}
    if not any(wanted.rings.values()):
        raise RolloutError("nobody", f"no node needs {wanted.release.name}")
    row = rollouts.Rollout(
        release=wanted.release.name,
        installed=" ".join(sorted(wanted.release.installed)),
        state="running",
        ring=rollout_rules.CANARY,
        canary=canary,
        soak_ms=soak_minutes * 60_000,
        at_once=AT_ONCE,
        active=rollouts.ACTIVE,
        started_at=now,
        started_by=who,
        changed_at=now,
    )
    identity = rollouts.add_rollout(session, row)
    if identity is None:
        raise RolloutError("running", "a rollout is running already; stop it first")
    for ring, names in wanted.rings.items():
        for name in names:
            session.add(rollouts.RolloutNode(rollout=identity, node=name, ring=ring, state=WAITING, old=nodes[name]))
    _note(session, "fleet.rollout-started", row, actor, now)
    return identity


def pause_rollout(session: Session, now: int, actor: str) -> None:
    """Nobody else is told; who is at it goes on. RolloutError when none is running."""
    row = _active(session, "running")
    row.state, row.changed_at = "paused", now
    _note(session, "fleet.rollout-paused", row, actor, now)


def resume_rollout(session: Session, now: int, actor: str) -> None:
    """Goes on; nodes that failed are asked once more. RolloutError when there is nothing to resume."""
    row = _active(session, "paused", "halted")
    row.state, row.changed_at = "running", now
    for one in rollouts.rollout_nodes(session, row.id):
        if one.state == FAILED:
            one.state, one.step, one.percent, one.text, one.told_at = WAITING, "", 0, "", None
    _note(session, "fleet.rollout-resumed", row, actor, now)


def stop_rollout(session: Session, now: int, actor: str) -> None:
    """Ends it; what is installed stays. RolloutError when there is none."""
    row = _active(session, "running", "paused", "halted")
    row.state, row.active, row.changed_at = "stopped", None, now
    _note(session, "fleet.rollout-stopped", row, actor, now)


def skip_node(session: Session, node: str, now: int, actor: str) -> None:
    """Sets a node aside that is away or failed, so that the rest goes on; the last of a ring is replaced by another.

    RolloutError when there is no such node in it, or the node can be reached.
    """
    row = _active(session, "running", "paused", "halted")
    parts = {part.node: part for part in rollouts.rollout_nodes(session, row.id)}
    nodes = {one.id: one for one in store.nodes(session)}
    if node not in parts or not rollout_rules.may_be_skipped(member(parts[node], nodes, now)):
        raise RolloutError("skip", f"{node} cannot be set aside: it is not in the rollout, at it, or can be reached")
    set_aside(parts[node], parts, nodes, now)
    row.changed_at = now
    audit.note(
        session,
        "fleet.rollout-skipped",
        actor=actor,
        subject=f"node:{node}",
        now=now,
        details={"version": row.release},
    )


def forget_old(session: Session, now: int) -> None:
    """Deletes what ended more than a year ago."""
    rollouts.forget_rollouts(session, now - KEEP_MS)


def _active(session: Session, *states: str) -> rollouts.Rollout:
    row = rollouts.active_rollout(session)
    if row is None:
        raise RolloutError("none", "no rollout is running")
    if row.state not in states:
        raise RolloutError("state", f"the rollout is {row.state}")
    return row


def _note(session: Session, action: str, row: rollouts.Rollout, actor: str, now: int) -> None:
    audit.note(session, action, actor=actor, subject="rollout", now=now, details={"version": row.release})
