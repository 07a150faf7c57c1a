"""Looking for a place to park: how far it is, what it costs now and for a planned stay, how long one may stay."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.parking.api import SiteNow, bills, limits, tariffs
from hub.parking.api.bills import Derivation, RefusedError
from hub.parking.rules import search as rules
from hub.parking.rules.search import SORTS, Ranked
from hub.parking.rules.stays import MINUTE

__all__ = ["HOUR", "LENGTHS", "SORTS", "Hit", "Offer", "Place", "hits", "longest", "offer", "place", "places"]

LENGTHS = (30, 60, 120, 240, 480, 1440)  # minutes that people plan to stay
HOUR = 60
_SAME_M = 60  # places nearer than that are one on the list


@dataclass(frozen=True)
class Place:
    """Somewhere that people want to go."""

    id: str
    name: Mapping[str, str]
    lat: float
    lon: float


@dataclass(frozen=True)
class Offer:
    """What a stay of `minutes` from now costs; cents None = not possible (`reason`: max_stay, residents_only) or
    not known (unknown). `limit`: minutes that are allowed, 0 = no limit is known.
    """

    minutes: int
    cents: int | None
    reason: str = ""
    limit: int = 0
    why: Derivation | None = None


@dataclass(frozen=True)
class Hit:
    """A car park in the list; `metres` and `minutes` on foot, None without a place to go to."""

    site: SiteNow
    hour: Offer
    planned: Offer | None
    metres: int | None
    minutes: int | None


def places(town_dir: Path) -> Sequence[Place]:
    """Where people go in this town, by name: offices, sights, stations of its data; one for each spot."""
    return _places(town_dir)


@lru_cache(maxsize=8)
def _places(town_dir: Path) -> tuple[Place, ...]:
    offices = json.loads((town_dir / "offices.json").read_text())["offices"]
    nodes = json.loads((town_dir / "nodes.json").read_text())["nodes"]
    offices.sort(key=lambda one: one["kind"] != "town_hall")  # the name by which people know that spot
    spots = [*offices, *(node for node in nodes if node.get("role") == "wifi")]
    found: list[Place] = []
    for one in spots:
        if all(rules.way_m(one["lat"], one["lon"], known.lat, known.lon) > _SAME_M for known in found):
            found.append(Place(one["id"], one["name"], one["lat"], one["lon"]))
    return tuple(sorted(found, key=lambda place: place.name["de"]))


def place(town_dir: Path, name: str) -> Place | None:
    """A place by its id."""
    return next((one for one in places(town_dir) if one.id == name), None)


def hits(found: Sequence[SiteNow], goal: Place | None, minutes: int, sort: str, now: int) -> list[Hit]:
    """The list in the chosen order; `minutes` of the planned stay, 0 = none."""
    made = [_hit(site, goal, minutes, now) for site in found]
    return rules.ordered(made, sort, _rank)


def _hit(site: SiteNow, goal: Place | None, minutes: int, now: int) -> Hit:
    metres = rules.way_m(goal.lat, goal.lon, site.facts["lat"], site.facts["lon"]) if goal is not None else None
    walk = rules.walking_minutes(metres) if metres is not None else None
    hour = offer(site.facts, HOUR, now)
    planned = offer(site.facts, minutes, now) if minutes and minutes != HOUR else hour if minutes else None
    return Hit(site, hour, planned, metres, walk)


def _rank(hit: Hit) -> Ranked:
    price = hit.planned or hit.hour
    return Ranked(hit.metres, price.cents, hit.site.free if hit.site.measured else None)


def offer(facts: Mapping[str, Any], minutes: int, now: int) -> Offer:
    """What a stay from now costs at a car park of the town's data."""
    tariff, end = facts.get("tariff") or {}, now + minutes * MINUTE
    limit = longest(facts, now)
    if name := tariff.get("name"):
        try:
            found = bills.bill(name, now, end)
        except RefusedError as error:
            return Offer(minutes, None, error.reason, error.minutes)
        return Offer(minutes, found.cents, limit=limit, why=bills.derivation(found))
    if not tariff.get("free"):
        return Offer(minutes, None, "unknown", limit)
    if limit and limits.minutes_within(facts.get("applies"), now, end) > limit:
        return Offer(minutes, None, "max_stay", limit)
    return Offer(minutes, 0, limit=limit)


def longest(facts: Mapping[str, Any], now: int) -> int:
    """Minutes that one may stay, 0 = no limit is known."""
    name = (facts.get("tariff") or {}).get("name")
    if name:
        return tariffs.max_stay(name, now) or 0
    return int(facts.get("max_stay_min") or 0)
