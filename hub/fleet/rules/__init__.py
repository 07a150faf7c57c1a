"""When a node counts as online, and when two nodes live under one name."""

from collections.abc import Sequence
from dataclasses import dataclass

MINUTE_MS = 60_000
RADIO = "radio"  # role of a node that is no device: other makers' sensors report under its name
RADIO_SILENT_MS = 36 * 60 * MINUTE_MS
SILENT_MS = 3 * MINUTE_MS  # a living node sends its status every minute
TWIN_WINDOW_MS = 15 * MINUTE_MS
TWIN_QUIET_MS = 60 * MINUTE_MS


@dataclass(frozen=True)
class Sighting:
    """A message of one node that carried this outbox id at this moment (ms)."""

    outbox: str
    at: int


def is_online(state: str | None, last_seen: int | None, now: int, role: str = "") -> bool:
    """Heard of lately and not gone by its own last will; radio sensors speak as seldom as once a day."""
    silent_ms = RADIO_SILENT_MS if role == RADIO else SILENT_MS
    return state != "offline" and last_seen is not None and now - last_seen <= silent_ms


def are_twins(sightings: Sequence[Sighting], now: int) -> bool:
    """Two living nodes under one name: an outbox id comes back after another one (A, B, A) within the window.

    A node that was re-flashed changes from A to B once and is no twin.
    """
    recent = [sighting.outbox for sighting in sightings if now - sighting.at <= TWIN_WINDOW_MS]
    runs = [outbox for index, outbox in enumerate(recent) if index == 0 or outbox != recent[index - 1]]
    return len(runs) > len(set(runs))


def remember(sightings: Sequence[Sighting], new: Sighting) -> tuple[Sighting, ...]:
    """The sightings with `new`: only changes are kept, the last one with its newest moment, and at most eight."""
    if sightings and sightings[-1].outbox == new.outbox:
        return (*sightings[:-1], new)
    return (*sightings, new)[-8:]


LONGEST_SESSION_MS = 24 * 3600 * 1000


def may_be_granted(until: int, now: int) -> bool:
    """A session that is still running and not longer than a day; anything else a node made up."""
    return now < until <= now + LONGEST_SESSION_MS


def grants_for(node: str, sessions: Sequence[tuple[str, str, int]]) -> list[tuple[str, int]]:
    """(device, until) of what other nodes reported, out of (node, device, until): the longest of each device."""
    longest: dict[str, int] = {}
    for origin, device, until in sessions:
        if origin != node:
            longest[device] = max(until, longest.get(device, 0))
    return sorted(longest.items())
