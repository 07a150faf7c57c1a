"""The control room's contents, put together from the modules below."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hub.core.db import Session
from hub.dashboard import rules
from hub.dashboard.api.fleet import FleetView, fleet_pictures, fleet_view, found_in, pictures
from hub.dashboard.api.node import HistoryView, NodeView, history_view, node_view
from hub.dashboard.api.pictures import Picture, Pin, Shape
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.operations import api as operations
from hub.parking import api as parking

__all__ = [
    "AsideLine",
    "FleetView",
    "HistoryView",
    "NodeView",
    "Nodes",
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
_FEW = 8  # nodes of a kind that get a line here; the page of all nodes has the rest
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
class Nodes:
    """Nodes of one kind: how many there are in which state, and the few that are worth a line here, worst first."""

    states: Mapping[str, int]
    shown: Sequence[fleet.Line]
    clients: int  # devices in the WiFi now, as far as they say
    capacity: int  # places of those that are connected

    @property
    def count(self) -> int:
        """All of them."""
        return sum(self.states.values())

    @property
    def online(self) -> int:
        """Those that are connected."""
        return self.count - self.states.get("silent", 0) - self.states.get("never", 0)


@dataclass(frozen=True)
class Bays:
    """The car parks' bays: state -> how many, as cubes, and the names of car parks without any data."""

    counts: Mapping[str, int]
    crystals: Sequence[rules.Crystal]
    silent_sites: Sequence[str]


@dataclass(frozen=True)
class Overview:
    """Everything that /admin shows; times in ms, counters name -> detail -> count since the first start."""

    now: int
    attentions: Sequence[rules.Attention]
    balance: rules.Balance
    per_minute: Sequence[int]
    line: str
    wifi: Nodes
    boards: Nodes
    bays: Bays
    counters: Mapping[str, Mapping[str, int]]
    aside: Sequence[AsideLine]
    gaps: Sequence[rules.GapLine]
    tasks: int
    pictures: Sequence[Picture]  # desktop, phone

    @property
    def headline(self) -> str:
        """The name of the title, see `rules.headline`."""
        return rules.headline(self.attentions)


def overview(session: Session, now: int, language: str, town_dir: Path, feedback: int = 0) -> Overview:
    """The state of the town's technology at `now` (ms); `feedback` = reports on accessibility of the last week."""
    lines = fleet.overview.matching(fleet.lines(session, now, language), fleet.Wanted(), now)
    wifi = [line for line in lines if line.role == "wifi"]
    bays, aside = _bays(session, now, language), ingest.kept_aside(session, _LOOKED_AT)
    counted = rules.Findings(faulty_bays=bays.counts["faulty"], feedback=feedback)
    found = _findings(session, lines, aside, counted, now)
    counters, per_minute = ingest.counters(session), ingest.per_minute(session, now)
    return Overview(
        now=now,
        attentions=rules.attentions(found, now),
        balance=rules.balance(ingest.numbered(session), counters, found.gaps, now),
        per_minute=per_minute,
        line=rules.sparkline(per_minute),
        wifi=_nodes(wifi, ("never",)),
        boards=_nodes([line for line in lines if line.role != "wifi"], ("never", "good")),
        bays=bays,
        counters=counters,
        aside=[_aside_line(row) for row in aside[:SHOWN]],
        gaps=found.gaps[:SHOWN],
        tasks=found.tasks,
        pictures=pictures(wifi, wifi, town_dir),
    )


def _nodes(lines: Sequence[fleet.Line], without: Sequence[str]) -> Nodes:
    """`without`: states that get no line of their own."""
    return Nodes(
        states=Counter(line.state for line in lines),
        shown=[line for line in lines if line.state not in without][:_FEW],
        clients=sum(line.clients or 0 for line in lines),
        capacity=sum(line.capacity or 0 for line in lines if line.state not in ("silent", "never")),
    )


def _bays(session: Session, now: int, language: str) -> Bays:
    sites = parking.sites(session, now)
    counts = {state: sum(getattr(site, state) for site in sites) for state in rules.BAY_STATES}
    silent = [site.facts["name"][language] for site in sites if site.capacity and site.unknown == site.capacity]
    return Bays(counts, rules.crystals(counts), silent)


def _findings(
    session: Session, lines: Sequence[fleet.Line], aside: Sequence[ingest.AsideRow], base: rules.Findings, now: int
) -> rules.Findings:
    """What the conclusions are drawn from; `base` holds what is counted elsewhere."""
    labels = {line.id: line.label for line in lines}
    lately = Counter(row.verdict for row in aside if now - row.received_at < rules.DAY)
    tasks, tasks_since = operations.open_tasks(session)
    own = fleet.own_certificates(session)
    return replace(
        base,
        nodes=[rules.NodeLine(line.label, line.state, line.last_seen) for line in lines],
        alarms=[
            rules.AlarmLine(labels.get(alarm.node, alarm.node), alarm.code, alarm.text, alarm.opened_at)
            for alarm in fleet.alarms(session)
            if alarm.code != "silent"  # the list of silent nodes says it already
        ],
        gaps=[
            rules.GapLine(gap.node, gap.outbox, gap.first, gap.last, gap.opened_at) for gap in ingest.open_gaps(session)
        ],
        refused=lately["refused"],
        quarantined=lately["quarantined"],
        tasks=tasks,
        tasks_since=tasks_since,
        certificates=[(one.name, one.until) for one in own if fleet.certificates.is_due(one, now)],
    )


def _aside_line(row: ingest.AsideRow) -> AsideLine:
    text = row.payload[: _MAX_PAYLOAD * 4].decode("utf-8", "replace")
    payload = "".join(character if character.isprintable() else "·" for character in text)[:_MAX_PAYLOAD]
    return AsideLine(row.verdict, row.reason, row.node, row.topic, payload, row.size, row.received_at)
