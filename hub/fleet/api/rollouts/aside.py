"""A node of a rollout is set aside: the rest goes on without it."""

import json
from collections.abc import Collection, Mapping, Sequence

from hub.fleet import store
from hub.fleet.api.rollouts.view import member
from hub.fleet.rules import rollout as rollout_rules
from hub.fleet.rules.rollout import SKIPPED, WAITING
from hub.fleet.store import rollouts


def set_aside(
    part: rollouts.RolloutNode, parts: Mapping[str, rollouts.RolloutNode], nodes: Mapping[str, store.Node], now: int
) -> None:
    """The last of a ring is replaced by another."""
    part.state, part.changed_at = SKIPPED, now
    next_one = rollout_rules.successor([member(one, nodes, now) for one in parts.values()], part.ring)
    if next_one:
        parts[next_one].ring = part.ring


def set_aside_newer(
    parts: Sequence[rollouts.RolloutNode], nodes: Mapping[str, store.Node], newer: Collection[str], now: int
) -> None:
    """Who got one of the `newer` releases while it waited would refuse this one, and that is no failure."""
    by_name = {part.node: part for part in parts}
    for part in parts:
        node = nodes.get(part.node)
        if part.state == WAITING and node is not None and json.loads(node.status).get("release") in newer:
            set_aside(part, by_name, nodes, now)
            part.text = "has a newer release"
