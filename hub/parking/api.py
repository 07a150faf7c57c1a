"""Parking's door: the car parks and bays as they are now."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import wire
from hub.core.db import Session
from hub.core.timeseries import Point, TimeSeries
from hub.ingest.api import Stored
from hub.parking import rules, store
from hub.parking.rules import Reading

__all__ = [
    "BayNow",
    "SiteNow",
    "Total",
    "apply",
    "bays",
    "directory",
    "record",
    "seed",
    "sites",
    "sites_json",
    "snapshot",
    "today",
    "total",
]

MEASUREMENT = "parking_occupied_share"
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class SiteNow:
    """A car park now; `facts` is its entry in the town's data (names, tariff, marks), updated_at in ms or None."""

    id: str
    facts: Mapping[str, Any]
    capacity: int
    free: int
    occupied: int
    unknown: int
    faulty: int
    updated_at: int | None

    @property
    def measured(self) -> int:
        """Bays of which the state is known."""
        return self.free + self.occupied

    @property
    def fullness(self) -> str:
        """free, few, full, unknown or broken: the word beside the number."""
        return rules.fullness(self.free, self.occupied, self.faulty, self.capacity)


@dataclass(frozen=True)
class Total:
    """All car parks together; `roomiest` is the one with most free bays, updated_at in ms or None."""

    free: int
    measured: int
    capacity: int
    roomiest: SiteNow | None
    updated_at: int | None


@dataclass(frozen=True)
class BayNow:
    """A bay now; since in ms or None."""

    id: str
    node: str
    site: str
    state: str
    since: int | None


def seed(session: Session, town_dir: Path) -> None:
    """Writes the car parks and bays of the town's data; states that are known stay."""
    sites = json.loads((town_dir / "sites.json").read_text())["sites"]
    nodes = json.loads((town_dir / "nodes.json").read_text())["nodes"]
    store.save_sites(session, {site["id"]: json.dumps(site, ensure_ascii=False) for site in sites})
    boards = [node for node in nodes if node["role"] == "sensors"]
    store.save_bays(
        session, {bay: (board["site"], board["id"]) for board in boards for bay in _bay_range(*board["bays"])}
    )


def _bay_range(first: str, last: str) -> list[str]:
    """thermarium-001, thermarium-003 -> the three bays between, both included."""
    site, _, low = first.rpartition("-")
    return [f"{site}-{number:03d}" for number in range(int(low), int(last.rpartition("-")[2]) + 1)]


def directory(session: Session) -> dict[str, frozenset[str]]:
    """Which bays each node may report."""
    found: dict[str, set[str]] = {}
    for node, bay in store.directory(session):
        found.setdefault(node, set()).add(bay)
    return {node: frozenset(members) for node, members in found.items()}


def apply(session: Session, messages: Iterable[Stored]) -> None:
    """Lets readings change their bays, by event time; called in the transaction that stores them."""
    readings: dict[str, list[Reading]] = {}
    for message in messages:
        if message.kind == "bay":
            reading = Reading(str(message.body["state"]), message.ts, message.outbox, message.seq)
            readings.setdefault(str(message.body["bay"]), []).append(reading)
    if not readings:
        return
    before = store.states(session, sorted(readings))
    changed = {}
    for bay, new in readings.items():
        state = before.get(bay)
        for reading in sorted(new, key=lambda one: (one.ts, one.seq)):
            state = rules.after(state, reading) or state
        if state is not None and state != before.get(bay):
            changed[bay] = state
    store.save_states(session, changed)


def sites(session: Session, now: int) -> list[SiteNow]:
    """Every car park, in the order of the town's data."""
    counts: dict[str, dict[str, int]] = {}
    newest: dict[str, int] = {}
    for site, state, number, ts in store.totals(session, now):
        counts.setdefault(site, {})[state] = number
        if ts is not None:
            newest[site] = max(ts, newest.get(site, 0))
    return [
        SiteNow(
            id=site,
            facts=json.loads(facts),
            capacity=sum(counts.get(site, {}).values()),
            updated_at=newest.get(site),
            **{state: counts.get(site, {}).get(state, 0) for state in rules.STATES},
        )
        for site, facts in store.sites(session)
    ]


def total(found: Iterable[SiteNow]) -> Total:
    """What the car parks add up to."""
    sites = list(found)
    roomiest = max(sites, key=lambda site: site.free, default=None)
    return Total(
        free=sum(site.free for site in sites),
        measured=sum(site.measured for site in sites),
        capacity=sum(site.capacity for site in sites),
        roomiest=roomiest if roomiest is not None and roomiest.free else None,
        updated_at=max((site.updated_at for site in sites if site.updated_at is not None), default=None),
    )


def bays(session: Session, now: int, site: str | None = None) -> list[BayNow]:
    """Every bay, or those of one car park."""
    return [
        BayNow(row.id, row.node, row.site, rules.shown(row.state, row.ts, now), row.since)
        for row in store.bays(session, site)
    ]


def sites_json(found: Iterable[SiteNow]) -> dict[str, list[dict[str, object]]]:
    """The body of /api/parking/sites."""
    return {
        "sites": [
            {
                "id": site.id,
                "name": site.facts["name"]["de"],
                "lat": site.facts["lat"],
                "lon": site.facts["lon"],
                "capacity": site.capacity,
                "free": site.free,
                "occupied": site.occupied,
                "unknown": site.unknown,
                "faulty": site.faulty,
                "updated_at": wire.format_ms(site.updated_at) if site.updated_at is not None else None,
            }
            for site in found
        ]
    }


def snapshot(session: Session, now: int) -> bytes:
    """The encoded body of /api/parking/sites, which the live stream sends as well."""
    return json.dumps(sites_json(sites(session, now)), ensure_ascii=False, separators=(",", ":")).encode()


def record(series: TimeSeries, found: Iterable[SiteNow], now: int) -> None:
    """Writes the present occupied share (0 to 1) of each car park that is measured."""
    points = [Point(MEASUREMENT, site.id, now, site.occupied / site.measured) for site in found if site.measured]
    series.write(points)


def today(series: TimeSeries, site: str, start_of_day: int, now: int) -> list[float | None]:
    """Mean occupied share (0 to 1) of each hour of the day so far; None where nothing was measured."""
    hours = {point.hour_ms: point.mean for point in series.hourly(MEASUREMENT, site, start_of_day, now + HOUR_MS)}
    return [hours.get(hour - hour % HOUR_MS) for hour in range(start_of_day, now + 1, HOUR_MS)]
