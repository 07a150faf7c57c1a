"""A release for one node alone: the same signature, trial and way back as in a rollout, one at a time for a node."""

import json
from collections.abc import Sequence

from hub.core import audit
from hub.core.db import Session
from hub.fleet import store
from hub.fleet.api.configuration import By, UnknownNodeError
from hub.fleet.api.rollouts.plan import RolloutError
from hub.fleet.api.rollouts.view import RolloutNow, rollout_now
from hub.fleet.rules import release as release_rules
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.release import Release
from hub.fleet.rules.rollout import WAITING, WORKING
from hub.fleet.store import rollouts


def update_node(session: Session, node: str, release: Release, by: By) -> None:
    """Begins; RolloutError when the node runs it, cannot be updated, or is at something else."""
    town = rollouts.active_rollout(session)  # locked: the worker tells nobody meanwhile
    old = _runs(session, node)
    if not old:
        raise RolloutError("unable", f"{node} does not say which release it has")
    if old in release.installed:
        raise RolloutError("current", f"{node} runs {release.name} already")
    parts = rollouts.rollout_nodes(session, town.id) if town is not None else []
    if any(part.node == node and part.state == WORKING for part in parts):
        raise RolloutError("busy", f"{node} is at an update of the rollout")
    row = _begun(node, release, by)
    identity = rollouts.add_rollout(session, row)
    if identity is None:
        raise RolloutError("updating", f"{node} is at an update already")
    session.add(
        rollouts.RolloutNode(rollout=identity, node=node, ring=rollout_rules.ALL, state=WAITING, tries=0, old=old)
    )
    _note(session, "fleet.update-started", row, by)


def _begun(node: str, release: Release, by: By) -> rollouts.Rollout:
    return rollouts.Rollout(
        release=release.name,
        installed=" ".join(sorted(release.installed)),
        state="running",
        ring=rollout_rules.ALL,
        canary="",
        soak_ms=0,
        at_once=1,
        node=node,
        updating=node,
        started_at=by.now,
        started_by=by.who,
        changed_at=by.now,
    )


def stop_update(session: Session, node: str, by: By) -> None:
    """Ends it: nobody is told any more; what is installed stays. RolloutError when there is none."""
    row = rollouts.open_update(session, node)
    if row is None:
        raise RolloutError("none", f"{node} is at no update")
    row.state, row.updating, row.changed_at = "stopped", None, by.now
    _note(session, "fleet.update-stopped", row, by)


def updates_now(session: Session, node: str, now: int, limit: int = 3) -> list[RolloutNow]:
    """The newest of one node alone."""
    nodes = {row.id: row for row in store.nodes(session)}
    return [rollout_now(session, row, nodes, now) for row in rollouts.last_updates(session, node, limit)]


def would_update(session: Session, node: str, releases: Sequence[Release], wanted: Release) -> list[str]:
    """What it would change, a line each; the node's own release is looked for among `releases`."""
    runs = _runs(session, node)
    return release_rules.changes(next((one for one in releases if runs in one.installed), None), wanted)


def _runs(session: Session, node: str) -> str:
    row = store.node_now(session, node)
    if row is None:
        raise UnknownNodeError(node)
    return str(json.loads(row.status).get("release") or "")


def _note(session: Session, action: str, row: rollouts.Rollout, by: By) -> None:
    details = {"version": row.release}
    audit.note(session, action, actor=by.actor, subject=f"node:{row.node}", now=by.now, details=details)
