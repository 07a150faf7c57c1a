"""What a rollout would do, before anybody begins it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.fleet import store
from hub.fleet.api.rollouts.view import is_online
from hub.fleet.gateway.releases import Releases
from hub.fleet.rules import release as release_rules
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.release import Release

_CHOSEN = {"canary": rollout_rules.CANARY, "early": rollout_rules.EARLY}  # the others are drawn


class RolloutError(ValueError):
    """What cannot be done with rollouts now; `reason` is running, none, state, nobody, canary or skip;
    of a single node: unable, current, busy or updating."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Plan:
    """What a rollout would do: ring -> nodes, who is left out, and what changes, a line each.

    `up_to_date` have this release or a newer one.
    """

    release: Release
    rings: Mapping[int, Sequence[str]]
    up_to_date: Sequence[str]
    unable: Sequence[str]
    changes: Sequence[str]

    @property
    def by_section(self) -> Mapping[str, Sequence[str]]:
        """The same by heading: release, package, [table of node.toml]."""
        return release_rules.grouped(self.changes)


def plan(session: Session, releases: Releases, release: Release, now: int, canary: str = "") -> Plan:
    """The "what would change" report; RolloutError for a canary that cannot be one."""
    nodes = store.nodes(session)
    said = {row.id: json.loads(row.status).get("release", "") for row in nodes}
    chosen = {row.id: _CHOSEN[row.ring] for row in nodes if row.ring in _CHOSEN}
    has_it = release.installed | releases.newer(release.name)
    able = [name for name, now in said.items() if now and now not in has_it]
    if canary and canary not in able:
        raise RolloutError("canary", f"{canary} cannot be the canary: it must be a node that needs this release")
    drawn = rollout_rules.rings(able, canary, chosen, [row.id for row in nodes if is_online(row, now)])
    rings = {ring: sorted(name for name in able if drawn[name] == ring) for ring in rollout_rules.RINGS}
    present = {now for name, now in said.items() if name in drawn}
    known = [found for name in releases.names() if (found := releases.load(name)).installed & present]
    olds: list[Release | None] = [*known] or [None]
    lines = [line for old in olds for line in release_rules.changes(old, release)]
    return Plan(
        release=release,
        rings=rings,
        up_to_date=sorted(name for name, now in said.items() if now in has_it),
        unable=sorted(name for name, now in said.items() if not now),
        changes=list(dict.fromkeys(lines)),
    )
