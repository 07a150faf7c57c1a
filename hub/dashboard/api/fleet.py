"""The fleet: the nodes that are looked for, the map with all of them, what fell silent together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from hub.core.db import Database
from hub.dashboard import rules
from hub.dashboard.api.pictures import NARROW, WIDE, Picture, Pin, shapes
from hub.fleet import api as fleet

_CELL, _ROOM = 32, 14  # SVG units: nodes that are closer are drawn as one; half of a mark, which stays in its cell
_EDGE = 0.000_001  # degrees around a group's section, so that rounding leaves nobody out
_WORST = fleet.overview.STATES
Positions = tuple[tuple[str, float, float], ...]  # (node, lon, lat)


@dataclass(frozen=True)
class FleetView:
    """Everything that /admin/knoten shows; `lines` is one page of `found`, the nodes that are looked for."""

    snapshot: fleet.Snapshot
    found: Sequence[fleet.Line]
    lines: Sequence[fleet.Line]
    pages: int
    page: int
    on_map: fleet.Wanted  # what the map depends on


def fleet_view(database: Database, wanted: fleet.Wanted, now: int, language: str) -> FleetView:
    """The page's contents."""
    snapshot = fleet.snapshot(database, now, language)
    found = found_in(snapshot, wanted)
    pages = fleet.overview.pages(len(found))
    return FleetView(
        snapshot=snapshot,
        found=found,
        lines=fleet.overview.page_of(found, wanted.page),
        pages=pages,
        page=min(max(wanted.page, 1), pages),
        on_map=replace(wanted, order=fleet.Wanted.order, down=False, page=1),
    )


def found_in(snapshot: fleet.Snapshot, wanted: fleet.Wanted) -> Sequence[fleet.Line]:
    """The nodes that are looked for, in order."""
    whole = replace(wanted, page=1)
    return snapshot.keep(whole, lambda: fleet.overview.matching(snapshot.lines, whole, snapshot.at))


def fleet_pictures(view: FleetView, town_dir: Path) -> list[Picture]:
    """The same section whatever is looked for; a section of it when one is wanted."""
    return pictures(view.found, view.found if view.on_map.box else view.snapshot.lines, town_dir)


def pictures(found: Sequence[fleet.Line], everybody: Sequence[fleet.Line], town_dir: Path) -> list[Picture]:
    """`found` in the town's core, for desktop and phone; the section is drawn around `everybody`. Far nodes are named
    below it."""
    where = tuple((line.id, line.lon, line.lat) for line in everybody)
    made = (_picture(found, where, town_dir, *size) for size in (WIDE, NARROW))
    return [picture for picture in made if picture is not None]


def _picture(found: Sequence[fleet.Line], where: Positions, town_dir: Path, width: int, height: int) -> Picture | None:
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
    pins = [_pin(members, cell, places) for cell, members in cells.items()]
    return Picture(width, height, shapes(frame, town_dir / "map.geojson"), pins, outside)


@lru_cache(maxsize=8)
def _places(where: Positions, width: int, height: int) -> tuple[rules.Frame | None, Mapping[str, tuple[float, float]]]:
    """The section, and where in it each node is that it shows; worked out once, because nodes seldom move."""
    frame = rules.frame_around(rules.core([(lon, lat) for _name, lon, lat in where]), width, height)
    if frame is None:
        return None, {}
    return frame, {name: frame.place(lon, lat) for name, lon, lat in where if frame.shows(lon, lat)}


def _pin(members: Sequence[fleet.Line], cell: tuple[int, int], places: Mapping[str, tuple[float, float]]) -> Pin:
    worst = min(members, key=lambda line: _WORST.index(line.state))
    names = ", ".join(line.label for line in members[:5]) + (" …" if len(members) > 5 else "")
    x, y = (_inside(at, number) for at, number in zip(places[worst.id], cell, strict=True))
    return Pin(
        names,
        worst.state,
        x,
        y,
        fill=min(worst.share or 0.0, 1.0),
        count=len(members),
        target=_box(members) if len(members) > 1 else worst.id,
        bad=sum(line.state in ("silent", "trouble") for line in members),
    )


def _inside(at: float, cell: int) -> float:
    """Where a mark is drawn, so that it does not cover its neighbour's."""
    return min(max(at, cell * _CELL + _ROOM), (cell + 1) * _CELL - _ROOM)


def _box(members: Sequence[fleet.Line]) -> str:
    lons, lats = [line.lon for line in members], [line.lat for line in members]
    return str(fleet.Box(min(lons) - _EDGE, min(lats) - _EDGE, max(lons) + _EDGE, max(lats) + _EDGE))
