"""The fleet: the nodes that are looked for, the map with all of them, what fell silent together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.core.db import Session
from hub.dashboard import rules
from hub.dashboard.api.pictures import NARROW, WIDE, Picture, Pin, shapes
from hub.fleet import api as fleet

_CELL = 26  # SVG units; nodes that are closer are drawn as one
_WORST = fleet.overview.STATES


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
        picture=_picture(found, lines, town_dir, *WIDE),
        small_picture=_picture(found, lines, town_dir, *NARROW),
    )


def _picture(
    found: Sequence[fleet.Line], lines: Sequence[fleet.Line], town_dir: Path, width: int, height: int
) -> Picture | None:
    """The map of the town's core, the same section whatever is looked for; far nodes are named below it."""
    frame = rules.frame_around(rules.core([(line.lon, line.lat) for line in lines]), width, height)
    if frame is None:
        return None
    inside = [line for line in found if frame.shows(line.lon, line.lat)]
    outside = [line.label for line in found if not frame.shows(line.lon, line.lat)]
    return Picture(width, height, shapes(frame, town_dir / "map.geojson"), _pins(inside, frame), outside)


def _pins(lines: Sequence[fleet.Line], frame: rules.Frame) -> list[Pin]:
    cells: dict[tuple[int, int], list[tuple[fleet.Line, float, float]]] = {}
    for line in lines:
        x, y = frame.place(line.lon, line.lat)
        cells.setdefault((int(x // _CELL), int(y // _CELL)), []).append((line, x, y))
    return [_pin(members) for members in cells.values()]


def _pin(members: Sequence[tuple[fleet.Line, float, float]]) -> Pin:
    worst, x, y = min(members, key=lambda one: _WORST.index(one[0].state))
    names = ", ".join(line.label for line, _x, _y in members[:5]) + (" …" if len(members) > 5 else "")
    return Pin(names, worst.state, x, y, fill=min(worst.share or 0.0, 1.0), count=len(members))
