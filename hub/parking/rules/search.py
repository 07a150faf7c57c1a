"""Which car park is near, and in which order the list shows them; what is not known never comes first."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

SORTS = ("naehe", "preis", "frei")  # near, price, free bays; anything else is the town's own order
_EARTH_M = 6_371_000
_DETOUR = 1.3  # streets are no straight lines
_WALK_M_PER_MINUTE = 75  # 4.5 km/h

T = TypeVar("T")


@dataclass(frozen=True)
class Ranked:
    """What decides about a place in the list: metres on foot, cents of the stay, free bays; None = not known."""

    metres: int | None
    cents: int | None
    free: int | None


def way_m(lat: float, lon: float, other_lat: float, other_lon: float) -> int:
    """About how many metres one walks from one point to another (degrees)."""
    north = math.radians(other_lat - lat)
    east = math.radians(other_lon - lon) * math.cos(math.radians((lat + other_lat) / 2))
    return round(_EARTH_M * math.hypot(north, east) * _DETOUR)


def walking_minutes(metres: int) -> int:
    """Minutes on foot, at least one."""
    return max(1, -(-metres // _WALK_M_PER_MINUTE))


def ordered(found: Sequence[T], sort: str, rank: Callable[[T], Ranked]) -> list[T]:
    """The list in the order that somebody chose; equals stay in the order they had."""
    keys: dict[str, Callable[[Ranked], int | None]] = {
        "naehe": lambda one: one.metres,
        "preis": lambda one: one.cents,
        "frei": lambda one: -one.free if one.free is not None else None,
    }
    if sort not in keys:
        return list(found)

    def place(one: T) -> tuple[bool, int]:
        value = keys[sort](rank(one))
        return value is None, value or 0

    return sorted(found, key=place)
