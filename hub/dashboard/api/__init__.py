"""The control room's contents, put together from the modules below."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.core.db import Session
from hub.dashboard import rules
from hub.dashboard.api.fleet import FleetView, fleet_pictures, fleet_view, found_in
from hub.dashboard.api.node import HistoryView, NodeView, history_view, node_view
from hub.dashboard.api.pictures import NARROW, WIDE, Picture, Pin, Shape, shapes
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.operations import api as operations
from hub.parking import api as parking

__all__ = [
    "AsideLine",
    "FleetView",
    "HistoryView",
    "NodeView",
    "Overview",
    "Picture",
    "Pin",
    "Shape",
    "fleet_pictures",
    "fleet_view",
    "found_in",
    "history_view",
    "node_view",
    "overview",
]

SHOWN = 20  # lines of a list
_LOOKED_AT = 500  # kept-aside messages that the count of the last day looks at
_ALL_GAPS = 100_000
_MAX_PAYLOAD = 240  # characters of a refused payload on the page


@dataclass(frozen=True)
class AsideLine:
    """A refused or quarantined message; `payload` is text from a stranger, cut short."""

    verdict: str
    reason: str
    node: str
    topic: str
    payload: str
    size: int
    at: int


@dataclass(frozen=True)
class Overview:
    """Everything that /admin shows; times in ms, counters name -> detail -> count since the first start."""

    now: int
    attentions: Sequence[rules.Attention]
    balance: rules.Balance
    per_minute: Sequence[int]
    line: str
    wifi: Sequence[rules.NodeLine]
    boards: Sequence[rules.NodeLine]
    bays: Mapping[str, int]
    crystals: Sequence[rules.Crystal]
    silent_sites: Sequence[str]
    counters: Mapping[str, Mapping[str, int]]
    aside: Sequence[AsideLine]
    gaps: Sequence[rules.GapLine]
    alarms: Sequence[rules.AlarmLine]
    tasks: int
    picture: Picture | None
    small_picture: Picture | None

    @property
    def headline(self) -> str:
        """The name of the title, see `rules.headline`."""
        return rules.headline(self.attentions)

    @property
    def clients(self) -> int:
        """Devices in the WiFi now, as far as the nodes say."""
        return sum(node.clients or 0 for node in self.wifi if node.online)

    @property
    def capacity(self) -> int:
        """Places of the nodes that are online."""
        return sum(node.capacity or 0 for node in self.wifi if node.online)


def overview(session: Session, now: int, language: str, town_dir: Path, feedback: int = 0) -> Overview:
    """The state of the town's technology at `now` (ms); `feedback` = reports on accessibility of the last week."""
    nodes = _nodes(session, now, language)
    gaps = [
        rules.GapLine(gap.node, gap.outbox, gap.first, gap.last, gap.opened_at) for gap in ingest.open_gaps(session)
    ]
    labels = {node.id: node.label for node in nodes}
    alarms = [
        rules.AlarmLine(labels.get(alarm.node, alarm.node), alarm.code, alarm.text, alarm.opened_at)
        for alarm in fleet.alarms(session)
        if alarm.code != "silent"  # the list of silent nodes says it already
    ]
    sites = parking.sites(session, now)
    bays = {state: sum(getattr(site, state) for site in sites) for state in rules.BAY_STATES}
    aside = ingest.kept_aside(session, _LOOKED_AT)
    lately = Counter(row.verdict for row in aside if now - row.received_at < rules.DAY)
    tasks, tasks_since = operations.open_tasks(session)
    found = rules.Findings(
        nodes, alarms, gaps, lately["refused"], lately["quarantined"], bays["faulty"], feedback, tasks, tasks_since
    )
    counters, per_minute = ingest.counters(session), ingest.per_minute(session, now)
    wifi = [node for node in nodes if node.role == "wifi"]
    return Overview(
        now=now,
        attentions=rules.attentions(found, now),
        balance=rules.balance(ingest.numbered(session), counters, gaps, now),
        per_minute=per_minute,
        line=rules.sparkline(per_minute),
        wifi=sorted(wifi, key=_worst_first),
        boards=sorted((node for node in nodes if node.role != "wifi"), key=_worst_first),
        bays=bays,
        crystals=rules.crystals(bays),
        silent_sites=[
            site.facts["name"][language] for site in sites if site.capacity and site.unknown == site.capacity
        ],
        counters=counters,
        aside=[_aside_line(row) for row in aside[:SHOWN]],
        gaps=gaps[:SHOWN],
        alarms=alarms[:SHOWN],
        tasks=tasks,
        picture=_picture(wifi, town_dir, *WIDE),
        small_picture=_picture(wifi, town_dir, *NARROW),
    )


def _nodes(session: Session, now: int, language: str) -> list[rules.NodeLine]:
    return [
        rules.NodeLine(
            id=node.id,
            label=node.name[language],
            role=node.role,
            online=node.online,
            last_seen=node.last_seen,
            clients=node.clients,
            capacity=node.capacity,
            software=node.software,
            protocol=node.protocol,
            waiting=node.waiting,
            lat=node.lat,
            lon=node.lon,
            bays=len(node.bays),
        )
        for node in fleet.nodes(session, now)
    ]


def _worst_first(node: rules.NodeLine) -> tuple[int, float, str]:
    return ("silent", "high", "good", "never").index(node.state), -(node.load or 0), node.label


def _aside_line(row: ingest.AsideRow) -> AsideLine:
    text = row.payload[: _MAX_PAYLOAD * 4].decode("utf-8", "replace")
    payload = "".join(character if character.isprintable() else "·" for character in text)[:_MAX_PAYLOAD]
    return AsideLine(row.verdict, row.reason, row.node, row.topic, payload, row.size, row.received_at)


def _picture(wifi: Sequence[rules.NodeLine], town_dir: Path, width: int, height: int) -> Picture | None:
    """The map of the town's core; nodes in far villages are named below it."""
    places = [(node, node.lon, node.lat) for node in wifi if node.lon is not None and node.lat is not None]
    frame = rules.frame_around(rules.core([(lon, lat) for _, lon, lat in places]), width, height)
    if frame is None:
        return None
    inside = [place for place in places if frame.shows(place[1], place[2])]
    pins = [
        Pin(node.label, node.state, *frame.place(lon, lat), fill=min(node.load or 0.0, 1.0))
        for node, lon, lat in inside
    ]
    outside = [place[0].label for place in places if place not in inside]
    return Picture(width, height, shapes(frame, town_dir / "map.geojson"), pins, outside)
