"""Rollouts: a signed release goes to the nodes in rings, stops at failures, and everybody sees how far it is."""

from hub.fleet.api.rollouts.control import (
    forget_old,
    pause_rollout,
    resume_rollout,
    skip_node,
    start_rollout,
    stop_rollout,
)
from hub.fleet.api.rollouts.firmware import firmware_of, offer_firmware
from hub.fleet.api.rollouts.keep import prune_releases
from hub.fleet.api.rollouts.plan import Plan, RolloutError, plan
from hub.fleet.api.rollouts.round import turn_rollout
from hub.fleet.api.rollouts.single import stop_update, update_node, updates_now, would_update
from hub.fleet.api.rollouts.view import ACTIVE_STATES, NodeProgress, RolloutNow, last_rollouts
from hub.fleet.gateway.releases import Releases
from hub.fleet.rules.release import Release

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
    "prune_releases",
    "resume_rollout",
    "skip_node",
    "start_rollout",
    "stop_rollout",
    "stop_update",
    "turn_rollout",
    "update_node",
    "updates_now",
    "would_update",
]
