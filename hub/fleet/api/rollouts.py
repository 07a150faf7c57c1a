"""Rollouts: a signed release goes to the nodes in rings, stops at failures, and everybody sees how far it is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge import wire
from hub.core import audit
from hub.core.db import Database, Session
from hub.fleet import rules, store
from hub.fleet.api import configuration
from hub.fleet.api.alerts import notify
from hub.fleet.api.configuration import By
from hub.fleet.api.remote import Publish
from hub.fleet.gateway.releases import Releases
from hub.fleet.rules import release as release_rules
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.release import Release
from hub.fleet.rules.rollout import DONE, FAILED, WAITING, WORKING, Member, Pace
from hub.fleet.store import rollouts

SOAK_MINUTES, AT_ONCE = 30, 20
_CHOSEN = {"canary": rollout_rules.CANARY, "early": rollout_rules.EARLY}  # the others are drawn
KEEP_MS = 400 * 24 * 3600 * 1000
__all__ = [
    "ACTIVE_STATES",
    "NodeProgress",
    "Plan",
    "Release",
    "Releases",
    "RolloutError",
    "RolloutNow",
    "firmware_of",
    "forget_old",
    "last_rollouts",
    "offer_firmware",
    "pause_rollout",
    "plan",
    "resume_rollout",
    "start_rollout",
    "stop_rollout",
    "turn_rollout",
]

_WORDS = {"gone": "not heard of since the update", "silent": "told, and no word for hours"}
ENDED = ("done", "refused", "rolled_back")
ACTIVE_STATES = ("running", "paused", "halted")


class RolloutError(ValueError):
    """What cannot be done with rollouts now; `reason` is running, none, paused, nobody or canary."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


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


@dataclass(frozen=True)
class RolloutNow:
    """A rollout as pages show it; `well_at`: when the next ring may begin; times in ms."""

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
    nodes: Sequence[NodeProgress]

    def count(self, state: str, ring: int | None = None) -> int:
        """How many nodes are in a state."""
        return sum(one.state == state and ring in (None, one.ring) for one in self.nodes)


@dataclass(frozen=True)
class Plan:
    """What a rollout would do: ring -> nodes, who is left out, and what changes, a line each."""

    release: Release
    rings: Mapping[int, Sequence[str]]
    up_to_date: Sequence[str]
    unable: Sequence[str]
    changes: Sequence[str]


def plan(session: Session, releases: Releases, release: Release, canary: str = "") -> Plan:
    """The "what would change" report; RolloutError for a canary that cannot be one."""
    nodes = store.nodes(session)
    said = {row.id: json.loads(row.status).get("release", "") for row in nodes}
    chosen = {row.id: _CHOSEN[row.ring] for row in nodes if row.ring in _CHOSEN}
    able = [name for name, now in said.items() if now and now not in release.installed]
    if canary and canary not in able:
        raise RolloutError("canary", f"{canary} cannot be the canary: it must be a node that needs this release")
    drawn = rollout_rules.rings(able, canary, chosen)
    rings = {ring: sorted(name for name in able if drawn[name] == ring) for ring in rollout_rules.RINGS}
    present = {now for name, now in said.items() if name in drawn}
    known = [found for name in releases.names() if (found := releases.load(name)).installed & present]
    olds: list[Release | None] = [*known] or [None]
    lines = [line for old in olds for line in release_rules.changes(old, release)]
    return Plan(
        release=release,
        rings=rings,
        up_to_date=sorted(name for name, now in said.items() if now in release.installed),
        unable=sorted(name for name, now in said.items() if not now),
        changes=list(dict.fromkeys(lines)),
    )


def start_rollout(
    session: Session, wanted: Plan, who: str, now: int, actor: str, canary: str = "", soak_minutes: int = SOAK_MINUTES
) -> int:
    """Begins; RolloutError when one is running already or nobody needs it."""
    nodes = {row.id: json.loads(row.status).get("release", "") for row in store.nodes(session)}
    if not any(wanted.rings.values()):
        raise RolloutError("nobody", f"no node needs {wanted.release.name}")
    row = rollouts.Rollout(
        release=wanted.release.name,
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


def last_rollouts(session: Session, now: int, limit: int = 5) -> list[RolloutNow]:
    """The newest first."""
    online = {row.id: row for row in store.nodes(session)}
    return [_now(session, row, online, now) for row in rollouts.last_rollouts(session, limit)]


def forget_old(session: Session, now: int) -> None:
    """Deletes what ended more than a year ago."""
    rollouts.forget_rollouts(session, now - KEEP_MS)


def firmware_of(releases: Releases, release: Release, public_url: str) -> dict[str, str]:
    """What a sensor's configuration says of the release's firmware; ValueError when it holds none."""
    file = releases.file(release.name, release_rules.FIRMWARE_OFFER)
    if file is None or release_rules.FIRMWARE not in release.files:
        raise ValueError(f"{release.name} holds no firmware; build it with `make bundle`")
    said = json.loads(file.read_text())
    url = f"{public_url.rstrip('/')}/api/fleet/releases/{release.name}/{release_rules.FIRMWARE}"
    return {name: str(said[name]) for name in ("version", "sha256", "signature")} | {"url": url}


def offer_firmware(
    session: Session, offer: Mapping[str, str], sensors: Sequence[str], now: int, actor: str
) -> list[str]:
    """Offers it to these sensors, or to all that run firmware; returns whom. ValueError for one that does not."""
    said = {row.id: json.loads(row.status) for row in store.nodes(session)}
    able = [name for name, status in said.items() if "battery_mv" in status]
    if strangers := [name for name in sensors if name not in able]:
        raise ValueError(f"{', '.join(strangers)}: no wireless sensor of ours")
    told = [name for name in sensors or able if said[name].get("software") != offer["version"]]
    for name in told:
        configuration.offer_firmware(session, name, offer, By("", actor, now))
    return told


def turn_rollout(database: Database, publish: Publish, public_url: str, channels: tuple[str, ...], now: int) -> None:
    """The worker's round: takes in what nodes say, judges, and tells the next ones."""
    with database.read() as session:
        if not rollouts.has_active_rollout(session):
            return
    for node, body in database.write(lambda session: _step(session, public_url, channels, now)):
        if publish(wire.down(node, "update"), wire.encode("update", body), False):
            database.write(lambda session, n=node, i=str(body["id"]): _mark_told(session, n, i, now))  # type: ignore[misc]


def _step(
    session: Session, public_url: str, channels: tuple[str, ...], now: int
) -> list[tuple[str, dict[str, object]]]:
    """Changes the rows; returns whom to tell what."""
    row = rollouts.active_rollout(session)
    if row is None:
        return []
    parts = rollouts.rollout_nodes(session, row.id)
    nodes = {node.id: node for node in store.nodes(session)}
    for part in parts:
        if part.node in nodes:
            _take_in(part, row, json.loads(nodes[part.node].status), now)
    if row.state != "running":
        return []
    verdict = rollout_rules.judge([_member(part, nodes, now) for part in parts], row.ring, _pace(row), now)
    for part in parts:
        if part.node in (verdict.failed or {}):
            part.state, part.text, part.changed_at = FAILED, _WORDS[(verdict.failed or {})[part.node]], now
        if part.node in verdict.tell:
            part.state, part.tries, part.changed_at = WORKING, part.tries + 1, now
    row.ring = verdict.ring
    if verdict.halt or verdict.over:
        row.state, row.changed_at = ("halted", now) if verdict.halt else ("done", now)
        row.active = None if verdict.over else row.active
        notify(session, channels, f"rollout_{row.state}", _news(row, parts), now)
    url = f"{public_url.rstrip('/')}/api/fleet/releases/{row.release}"
    due = [part for part in parts if part.state == WORKING and _is_due(part, now)]
    return [(part.node, {"id": _order(part), "url": url, "ts": wire.format_ms(now)}) for part in due]


def _news(row: rollouts.Rollout, parts: Sequence[rollouts.RolloutNode]) -> str:
    """In German, as all alerts."""
    failed = [part.node for part in parts if part.state == FAILED]
    if row.state == "done":
        share = f"{len(parts) - len(failed)} von {len(parts)} Knoten haben sie"
        return f"Die Verteilung von {row.release} ist fertig, {share}."
    names = ", ".join(failed[:5])
    return f"Die Verteilung von {row.release} hält an: {len(failed)} Knoten kamen nicht zurecht ({names})."


def _is_due(part: rollouts.RolloutNode, now: int) -> bool:
    """Not told yet, or told and no word of it: the broker may have lost it."""
    return part.told_at is None or (not part.step and now - part.told_at > rollout_rules.TELL_AGAIN_MS)


def _take_in(part: rollouts.RolloutNode, row: rollouts.Rollout, status: Mapping[str, Any], now: int) -> None:
    """What a node says of itself becomes its line; its own word of its end counts, and the release that it runs."""
    said = status.get("update") or {}
    if part.state != WORKING or said.get("id") != _order(part):
        return
    step, percent, text = str(said.get("state", ""))[:16], said.get("percent", 0), str(said.get("text", ""))[:200]
    percent = min(100, max(0, percent)) if isinstance(percent, int) else 0
    if (step, percent, text) == (part.step, part.percent, part.text):
        return
    part.step, part.percent, part.text, part.changed_at = step, percent, text, now
    if step in ENDED:
        part.state = DONE if step == "done" else FAILED
    row.changed_at = now


def _mark_told(session: Session, node: str, order: str, now: int) -> None:
    row = rollouts.active_rollout(session)
    for part in rollouts.rollout_nodes(session, row.id) if row is not None else ():
        if part.node == node and _order(part) == order:
            part.told_at = now


def _order(part: rollouts.RolloutNode) -> str:
    """The order's id: another one for each try."""
    return f"r{part.rollout}-{part.tries}"


def _member(part: rollouts.RolloutNode, nodes: Mapping[str, store.Node], now: int) -> Member:
    node = nodes.get(part.node)
    if node is None:  # taken out of the town's data
        return Member(part.node, part.ring, DONE, True, now, 0)
    return Member(part.node, part.ring, part.state, _is_online(node, now), node.last_seen, part.changed_at)


def _is_online(node: store.Node | None, now: int) -> bool:
    return node is not None and rules.is_online(json.loads(node.status).get("state"), node.last_seen, now, node.role)


def _pace(row: rollouts.Rollout) -> Pace:
    return Pace(row.soak_ms, row.at_once)


def _now(session: Session, row: rollouts.Rollout, nodes: Mapping[str, store.Node], now: int) -> RolloutNow:
    parts = rollouts.rollout_nodes(session, row.id)
    verdict = rollout_rules.judge([_member(part, nodes, now) for part in parts], row.ring, _pace(row), now)
    lines = [
        NodeProgress(
            part.node,
            part.ring,
            part.state,
            part.step,
            part.percent,
            part.text,
            _is_online(nodes.get(part.node), now),
            part.changed_at,
        )
        for part in parts
    ]
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
        nodes=lines,
    )


def _active(session: Session, *states: str) -> rollouts.Rollout:
    row = rollouts.active_rollout(session)
    if row is None:
        raise RolloutError("none", "no rollout is running")
    if row.state not in states:
        raise RolloutError("state", f"the rollout is {row.state}")
    return row


def _note(session: Session, action: str, row: rollouts.Rollout, actor: str, now: int) -> None:
    audit.note(session, action, actor=actor, subject="rollout", now=now, details={"version": row.release})
