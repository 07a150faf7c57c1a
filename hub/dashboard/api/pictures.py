"""The town as a map in SVG units, and nodes on it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hub.dashboard import rules

WIDE, NARROW = (620, 340), (330, 290)  # desktop and phone, in SVG units
_LOOKS = {
    "town": "l-ort",
    "park": "l-park",
    "water": "l-see",
    "rail": "l-bahn",
    "road": "l-weg",
    "path": "l-weg l-weg--klein",
}


@dataclass(frozen=True)
class Shape:
    """A part of the map: CSS classes and SVG path."""

    look: str
    path: str


@dataclass(frozen=True)
class Pin:
    """A node on the map, or `count` that lie too close; `fill` is its load from 0 to 1, `target` the node or their
    section; `bad` of them are silent or have an alarm."""

    label: str
    state: str
    x: float
    y: float
    fill: float
    count: int = 1
    target: str = ""
    bad: int = 0


@dataclass(frozen=True)
class Picture:
    """The map with the nodes."""

    width: int
    height: int
    shapes: Sequence[Shape]
    pins: Sequence[Pin]
    outside: Sequence[str]


@lru_cache(maxsize=16)
def shapes(frame: rules.Frame, file: Path) -> tuple[Shape, ...]:
    """The town's map as SVG paths; drawn once, because neither town nor nodes move."""
    features = json.loads(file.read_text())["features"]
    return tuple(
        Shape(_LOOKS[feature["properties"]["kind"]], rules.path_of(frame, line, closed=closed))
        for feature in features
        if feature["properties"].get("kind") in _LOOKS
        for line, closed in _lines(feature["geometry"])
    )


def _lines(geometry: Mapping[str, Any]) -> list[tuple[Sequence[Sequence[float]], bool]]:
    """The lines of a GeoJSON geometry and whether each is closed; points have none."""
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "LineString":
        return [(coordinates, False)]
    if kind == "MultiLineString":
        return [(line, False) for line in coordinates]
    if kind == "Polygon":
        return [(line, True) for line in coordinates]
    if kind == "MultiPolygon":
        return [(line, True) for polygon in coordinates for line in polygon]
    return []
