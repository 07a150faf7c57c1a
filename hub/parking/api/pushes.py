"""Pushing the car parks to an aggregator, every five minutes: it forgets what is older than thirty."""

from collections.abc import Mapping
from typing import Any

from hub.parking.gateway import Aggregator, PushFailedError

__all__ = ["PUSH_EVERY_S", "PUSH_JOB", "PushFailedError", "push"]

PUSH_JOB = "parkapi push"
PUSH_EVERY_S = 300


def push(address: str, password: str | None, body: Mapping[str, Any]) -> None:
    """One POST of {"items": [...]}; PushFailedError when it was not taken."""
    Aggregator.from_address(address, password).push(body)
