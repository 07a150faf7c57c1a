"""The worker's round of a rollout: takes in what nodes say, judges, and tells the next ones."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from edge import wire
from hub.core.db import Database, Session
from hub.fleet import store
from hub.fleet.api.alerts import notify
from hub.fleet.api.remote import Publish
from hub.fleet.api.rollouts import words
from hub.fleet.api.rollouts.aside import set_aside_newer
from hub.fleet.api.rollouts.view import member, pace
from hub.fleet.gateway.releases import Releases
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.rollout import DONE, FAILED, WORKING
from hub.fleet.store import rollouts

_WORDS = {"gone": "not heard of since the update", "silent": "told, and no word for hours"}
ENDED = ("done", "refused", "rolled_back")


def turn_rollout(
    database: Database, publish: Publish, releases: Releases, public_url: str, channels: tuple[str, ...], now: int
) -> None:
    """The worker's round: takes in what nodes say, judges, and tells the next ones."""
    with database.read() as session:
        if not rollouts.has_open(session):
            return
        newer = {name: releases.newer(name) for name in rollouts.open_releases(session)}
    for node, body in database.write(lambda session: _step(session, newer, public_url, channels, now)):
        if publish(wire.down(node, "update"), wire.encode("update", body), False):
            database.write(lambda session, n=node, i=str(body["id"]): rollouts.mark_told(session, n, i, now))  # type: ignore[misc]


def _step(
    session: Session, newer: Mapping[str, Collection[str]], public_url: str, channels: tuple[str, ...], now: int
) -> list[tuple[str, dict[str, object]]]:
    """Changes the rows; returns whom to tell what."""
    town, single = rollouts.active_rollout(session), rollouts.open_updates(session)
    nodes = {node.id: node for node in store.nodes(session)}
    told: list[tuple[str, dict[str, object]]] = []
    for row in [*([town] if town is not None else []), *single]:
        parts = rollouts.rollout_nodes(session, row.id)
        for part in parts:
            if part.node in nodes:
                _take_in(part, row, json.loads(nodes[part.node].status), now)
        if row.state != "running":
            continue
        if row is town:
            set_aside_newer(parts, nodes, newer.get(row.release, ()), now)
        busy = {one.node for one in single} if row is town else set()
        _judge(session, row, parts, nodes, busy, channels, now)
        url = f"{public_url.rstrip('/')}/api/fleet/releases/{row.release}"
        due = [part for part in parts if part.state == WORKING and _is_due(part, now)]
        told += [(part.node, {"id": part.asked, "url": url, "ts": wire.format_ms(now)}) for part in due]
    return told


def _judge(
    session: Session,
    row: rollouts.Rollout,
    parts: Sequence[rollouts.RolloutNode],
    nodes: Mapping[str, store.Node],
    busy: Collection[str],
    channels: tuple[str, ...],
    now: int,
) -> None:
    """Who failed, who is next (not who is `busy` with an update of its own), and whether it is over."""
    verdict = rollout_rules.judge([member(part, nodes, now) for part in parts], row.ring, pace(row), now)
    for part in parts:
        _carry_out(part, verdict, busy, now)
    if row.ring != verdict.ring:
        row.ring, row.changed_at = verdict.ring, now
    since = max(row.changed_at, *(part.changed_at or 0 for part in parts))
    if rollout_rules.is_stuck(verdict, since, now) and (row.stuck_at or 0) < since:
        row.stuck_at = now
        notify(session, channels, "rollout_stuck", words.stuck(row, verdict.waits_for), now)
    if verdict.halt or verdict.over:
        _end(session, row, parts, channels, now, halt=verdict.halt)


def _carry_out(part: rollouts.RolloutNode, verdict: rollout_rules.Verdict, busy: Collection[str], now: int) -> None:
    """What the verdict says of one node."""
    if why := (verdict.failed or {}).get(part.node):
        part.state, part.text, part.changed_at = FAILED, _WORDS[why], now
    if part.node in verdict.tell and part.node not in busy:
        part.state, part.tries, part.changed_at = WORKING, part.tries + 1, now
        part.asked = f"r-{secrets.token_hex(8)}"  # a hub brought back from a backup must not ask the same again


def _end(
    session: Session,
    row: rollouts.Rollout,
    parts: Sequence[rollouts.RolloutNode],
    channels: tuple[str, ...],
    now: int,
    *,
    halt: bool,
) -> None:
    """It is over, or at a halt; people are told."""
    failed = any(part.state == FAILED for part in parts)
    row.state, row.changed_at = ("halted" if halt else "done"), now
    if row.node:
        row.state, row.updating = ("failed" if failed else "done"), None
    elif not halt:
        row.active = None
    if failed or not row.node:
        notify(session, channels, f"rollout_{row.state}", words.news(row, parts), now)


def _is_due(part: rollouts.RolloutNode, now: int) -> bool:
    """Not told yet, or told and no word of it: the broker may have lost it."""
    return part.told_at is None or (not part.step and now - part.told_at > rollout_rules.TELL_AGAIN_MS)


def _take_in(part: rollouts.RolloutNode, row: rollouts.Rollout, status: Mapping[str, Any], now: int) -> None:
    """What a node says of itself becomes its line; its own word of its end counts, and the release that it runs."""
    said = status.get("update") or {}
    if part.state != WORKING or said.get("id") != part.asked:
        return
    step, percent, text = str(said.get("state", ""))[:16], said.get("percent", 0), str(said.get("text", ""))[:200]
    percent = min(100, max(0, percent)) if isinstance(percent, int) else 0
    if (step, percent, text) == (part.step, part.percent, part.text):
        return
    part.step, part.percent, part.text, part.changed_at = step, percent, text, now
    if step in ENDED:
        part.state = DONE if step == "done" else FAILED
    if part.state == DONE and row.installed and (runs := str(status.get("release", ""))) not in row.installed.split():
        part.state, part.text = FAILED, f"said done, but runs {runs or 'no release'}"[:200]
    row.changed_at = now
