"""The fleet: the nodes that are looked for, the map with all of them, what fell silent together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hub.core.db import Session
from hub.dashboard import rules
from hub.dashboard.api.pictures import NARROW, WIDE, Picture, Pin, shapes
from hub.fleet import api as fleet

_CELL = 26  # SVG units; nodes that are closer are drawn as one
_WORST = fleet.overview.STATES
Positions = tuple[tuple[str, float, float], ...]  # (node, lon, lat)


@dataclass(frozen=True)
class FleetView:
    """Everything that /admin/knoten shows; `lines` is one page of `found` nodes out of `total`."""

    now: int
    lines: Sequence[fleet.Line]
    found: int
    total: int
    pages: int
    page: int
    states: Mapping[str, int]
    rings: Mapping[str, int]
    outages: Sequence[fleet.OutageNow]
    picture: Picture | None
    small_picture: Picture | None


def fleet_view(session: Session, wanted: fleet.Wanted, now: int, language: str, town_dir: Path) -> FleetView:
    """The page's contents."""
    lines = fleet.lines(session, now, language)
    found = fleet.overview.matching(lines, wanted, now)
    where = tuple((line.id, line.lon, line.lat) for line in lines)
    pages = fleet.overview.pages(len(found))
    return FleetView(
        now=now,
        lines=fleet.overview.page_of(found, wanted.page),
        found=len(found),
        total=len(lines),
        pages=pages,
        page=min(max(wanted.page, 1), pages),
        states=Counter(line.state for line in lines),
        rings=Counter(line.ring for line in lines),
        outages=fleet.outages_now(session),
        picture=_picture(found, where, town_dir, *WIDE),
        small_picture=_picture(found, where, town_dir, *NARROW),
    )


def _picture(found: Sequence[fleet.Line], where: Positions, town_dir: Path, width: int, height: int) -> Picture | None:
    """The map of the town's core, the same section whatever is looked for; far nodes are named below it."""
    frame, places = _places(where, width, height)
    if frame is None:
        return None
    cells: dict[tuple[int, int], list[fleet.Line]] = {}
    outside = []
    for line in found:
        place = places.get(line.id)
        if place is None:
            outside.append(line.label)
        else:
            cells.setdefault((int(place[0] // _CELL), int(place[1] // _CELL)), []).append(line)
    pins = [_pin(members, places) for members in cells.values()]
    return Picture(width, height, shapes(frame, town_dir / "map.geojson"), pins, outside)


@lru_cache(maxsize=4)
def _places(where: Positions, width: int, height: int) -> tuple[rules.Frame | None, Mapping[str, tuple[float, float]]]:
    """The section, and where in it each node is that it shows; worked out once, because nodes seldom move."""
    frame = rules.frame_around(rules.core([(lon, lat) for _name, lon, lat in where]), width, height)
    if frame is None:
        return None, {}
    return frame, {name: frame.place(lon, lat) for name, lon, lat in where if frame.shows(lon, lat)}


def _pin(members: Sequence[fleet.Line], places: Mapping[str, tuple[float, float]]) -> Pin:
    worst = min(members, key=lambda line: _WORST.index(line.state))
    names = ", ".join(line.label for line in members[:5]) + (" …" if len(members) > 5 else "")
    return Pin(names, worst.state, *places[worst.id], fill=min(worst.share or 0.0, 1.0), count=len(members))
