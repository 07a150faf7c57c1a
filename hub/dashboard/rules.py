"""What the control room concludes and how its pictures are drawn. Times are milliseconds UTC."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

DAY = 86_400_000
BAY_STATES = ("occupied", "free", "unknown", "faulty")
GAP_PATIENCE = 600_000  # a younger gap may still close by itself: its messages are on their way
TWIN = "two_nodes_one_name"  # the fleet's code for two living nodes under one name
_ONE_BY_ONE = 3  # so many silent nodes are named, more become one line


@dataclass(frozen=True)
class Attention:
    """One thing that needs a person; `kind` names the sentence, `level` is danger or warning."""

    kind: str
    level: str
    subject: str = ""
    count: int = 0
    since: int | None = None
    text: str = ""


@dataclass(frozen=True)
class NodeLine:
    """One node as far as it may need a person; `state` as the fleet calls it."""

    label: str
    state: str
    last_seen: int | None = None


@dataclass(frozen=True)
class AlarmLine:
    """Something a node or the hub raised; `text` comes from outside."""

    node: str
    code: str
    text: str
    at: int


@dataclass(frozen=True)
class GapLine:
    """Numbers that a node used but that never arrived."""

    node: str
    outbox: str
    first: int
    last: int
    since: int

    @property
    def count(self) -> int:
        """How many messages are missing."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Findings:
    """What the conclusions are drawn from; the counts are those of the last 24 hours."""

    nodes: Sequence[NodeLine] = ()
    alarms: Sequence[AlarmLine] = ()
    gaps: Sequence[GapLine] = ()
    refused: int = 0
    quarantined: int = 0
    faulty_bays: int = 0
    feedback: int = 0
    tasks: int = 0
    tasks_since: int | None = None
    certificates: Sequence[tuple[str, int]] = ()  # the hub's own that end soon: name, when


@dataclass(frozen=True)
class Balance:
    """Where every message is that the nodes ever numbered.

    `numbered` is the sum of the highest numbers in the ledgers. The heaps are counted apart from it, so the sum can
    fail: `stored`, `aside` (quarantined, waiting
    for a clock, or refused with a readable number), `skipped` (a node said that it dropped
    them), `underway` (young gaps, still in a node's outbox) and `overdue` (gaps that did not close in time).
    """

    numbered: int
    stored: int
    aside: int
    skipped: int
    underway: int
    overdue: int

    @property
    def lost(self) -> int:
        """Numbers that are nowhere, or did not come in time; 0 when all is well."""
        heaps = self.stored + self.aside + self.skipped + self.underway + self.overdue
        return max(self.numbered - heaps, 0) + self.overdue

    @property
    def dropped(self) -> int:
        """Not used, with a reason that is known."""
        return self.aside + self.skipped


def balance(numbered: int, counters: Mapping[str, Mapping[str, int]], gaps: Sequence[GapLine], now: int) -> Balance:
    """The balance out of the ledgers' sum, ingest's counters (name -> detail -> count) and the open gaps."""
    totals = {name: sum(details.values()) for name, details in counters.items()}
    overdue = sum(gap.count for gap in gaps if now - gap.since >= GAP_PATIENCE)
    return Balance(
        numbered=numbered,
        stored=totals.get("stored", 0),
        aside=totals.get("quarantined", 0) + totals.get("numbered", 0) + totals.get("held", 0),
        skipped=totals.get("skipped", 0),
        underway=sum(gap.count for gap in gaps) - overdue,
        overdue=overdue,
    )


@dataclass(frozen=True)
class Crystal:
    """One cube of the stack: a state and its place in the grid."""

    state: str
    column: int
    row: int


@dataclass(frozen=True)
class Frame:
    """A map section: degrees onto a picture of `width` x `height`."""

    west: float
    east: float
    south: float
    north: float
    width: int
    height: int

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a point lies in the picture, y downwards; the town is small enough for a flat map."""
        x = (lon - self.west) / (self.east - self.west) * self.width
        y = (self.north - lat) / (self.north - self.south) * self.height
        return round(x, 1), round(y, 1)

    def shows(self, lon: float, lat: float) -> bool:
        """True when the point lies in the picture."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


def core(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points without the far ones (over three times the middle distance): a map of the town, not of the county."""
    if not points:
        return []
    lon, lat = median(point[0] for point in points), median(point[1] for point in points)
    distances = [math.hypot((x - lon) * math.cos(math.radians(lat)), y - lat) for x, y in points]
    reach = 3 * median(distances)
    return [point for point, distance in zip(points, distances, strict=True) if distance <= reach]


def headline(attentions: Sequence[Attention]) -> str:
    """The name of the page's title: calm, one, two ... twelve, many."""
    names = ("calm", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return names[len(attentions)] if len(attentions) < len(names) else "many"


def ago(at: int, now: int) -> tuple[int, str]:
    """How long ago, in the largest whole unit: (number, "s" | "min" | "h" | "d"); never negative."""
    seconds = max(now - at, 0) // 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return seconds // size, unit
    return seconds, "s"


def attentions(found: Findings, now: int) -> list[Attention]:
    """Everything that needs a person, dangers first."""
    items = [*_silent(found.nodes), *_alarms(found.alarms)]
    old = [gap for gap in found.gaps if now - gap.since >= GAP_PATIENCE]
    if old:
        missing, since = sum(gap.count for gap in old), min(gap.since for gap in old)
        items.append(Attention("missing", "danger", count=missing, since=since))
    for name, until in found.certificates:
        left = (until - now) // DAY
        items.append(Attention("certificate", "danger" if left < 7 else "warning", name, left))
    if found.tasks:
        items.append(Attention("tasks", "warning", count=found.tasks, since=found.tasks_since))
    for kind, count in (
        ("refused", found.refused),
        ("quarantined", found.quarantined),
        ("faulty", found.faulty_bays),
        ("feedback", found.feedback),
    ):
        if count:
            items.append(Attention(kind, "warning", count=count))
    return attention_order(items)


def _silent(nodes: Sequence[NodeLine]) -> list[Attention]:
    """Nodes that reported once and are silent now; those that were never switched on need nobody."""
    silent = [node for node in nodes if node.state == "silent"]
    if len(silent) <= _ONE_BY_ONE:
        return [Attention("silent", "danger", node.label, since=node.last_seen) for node in silent]
    return [Attention("many_silent", "danger", count=len(silent), since=min(node.last_seen or 0 for node in silent))]


def _alarms(alarms: Sequence[AlarmLine]) -> list[Attention]:
    """One line for each node and code, with its newest text and the time of its first."""
    groups: dict[tuple[str, str], list[AlarmLine]] = {}
    for alarm in sorted(alarms, key=lambda alarm: alarm.at):
        groups.setdefault((alarm.node, alarm.code), []).append(alarm)
    return [
        Attention("twin" if code == TWIN else "alarm", "danger", node, len(group), group[0].at, group[-1].text or code)
        for (node, code), group in groups.items()
    ]


def crystals(counts: Mapping[str, int], columns: int = 10, rows: int = 5) -> list[Crystal]:
    """The stack of cubes for all bays; a state that exists has at least one cube, so that one fault stays visible."""
    total, cells = sum(counts.get(state, 0) for state in BAY_STATES), columns * rows
    if total == 0:
        return []
    exact = {state: counts.get(state, 0) * cells / total for state in BAY_STATES}
    shown = {state: max(math.floor(exact[state]), 1 if exact[state] > 0 else 0) for state in BAY_STATES}
    while sum(shown.values()) < cells:
        shown[max(BAY_STATES, key=lambda state: exact[state] - shown[state])] += 1
    while sum(shown.values()) > cells:
        shown[max(BAY_STATES, key=lambda state: shown[state])] -= 1
    states = [state for state in BAY_STATES for _ in range(shown[state])]
    return [Crystal(state, number % columns, number // columns) for number, state in enumerate(states)]


def sparkline(values: Sequence[int | None], width: int = 600, height: int = 54) -> str:
    """An SVG path through `values`, oldest first; None interrupts the line, a gap is never bridged."""
    known = [value for value in values if value is not None]
    if len(values) < 2 or not known:
        return ""
    top, step = max(*known, 1), width / (len(values) - 1)
    path, pen_down = [], False
    for number, value in enumerate(values):
        if value is not None:
            y = height - 2 - value / top * (height - 4)
            path.append(f"{'L' if pen_down else 'M'}{number * step:.0f} {y:.1f}")
        pen_down = value is not None
    return "".join(path)


def frame_around(points: Iterable[tuple[float, float]], width: int, height: int, margin: float = 0.12) -> Frame | None:
    """The section with the picture's proportions that shows all (lon, lat) points; None without any."""
    found = list(points)
    if not found:
        return None
    lons, lats = [lon for lon, _ in found], [lat for _, lat in found]
    middle_lon, middle_lat = (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
    narrow = math.cos(math.radians(middle_lat))  # a degree of longitude is shorter than one of latitude
    high = max(max(lats) - min(lats), (max(lons) - min(lons)) * narrow * height / width, 0.002) * (1 + 2 * margin)
    wide = high * width / height / narrow
    return Frame(
        middle_lon - wide / 2, middle_lon + wide / 2, middle_lat - high / 2, middle_lat + high / 2, width, height
    )


def path_of(frame: Frame, line: Sequence[Sequence[float]], *, closed: bool) -> str:
    """An SVG path through (lon, lat) pairs."""
    places = [frame.place(point[0], point[1]) for point in line]
    return "M" + "L".join(f"{x} {y}" for x, y in places) + ("z" if closed else "")


def attention_order(attentions: Iterable[Attention]) -> list[Attention]:
    """Dangers first, then the oldest."""
    return sorted(attentions, key=lambda item: (item.level != "danger", item.since is None, item.since or 0))
