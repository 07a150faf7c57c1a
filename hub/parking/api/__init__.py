"""Parking's door: the car parks and bays as they are now."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge import wire
from hub.core.db import Session
from hub.ingest.api import Stored
from hub.parking import rules, store
from hub.parking.rules import STATES, BayState, Reading, history

__all__ = [
    "BayNow",
    "Retention",
    "SiteNow",
    "Sums",
    "Total",
    "apply",
    "bay_ids",
    "bays",
    "by_hour_of_week",
    "directory",
    "keep_sums",
    "seed",
    "sites",
    "sites_json",
    "snapshot",
    "sum_up",
    "tidy",
    "today",
    "total",
]

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


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
    """All car parks together; `roomiest` is the one with most free bays, updated_at in ms or None.

    `silent`: bays of which nothing is known now.
    """

    free: int
    measured: int
    capacity: int
    roomiest: SiteNow | None
    updated_at: int | None
    silent: int = 0


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
    """Lets readings change their bays, by event time; called in the transaction that stores them.

    The result does not depend on the order of arrival: a late reading may move the beginning of the present state.
    """
    found = [message for message in messages if message.kind == "bay"]
    if not found:
        return
    readings: dict[str, list[Reading]] = {}
    for message in found:
        trusted = rules.trusted_ms(message.body.get("repeat_s"))
        reading = Reading(str(message.body["state"]), message.ts, message.outbox, message.seq, trusted)
        readings.setdefault(str(message.body["bay"]), []).append(reading)
    before = store.states(session, sorted(readings))
    store.add_readings(session, [_row(message) for message in found])
    changed, touched = {}, []
    for bay, new in readings.items():
        new.sort(key=lambda reading: reading.order)
        known = before.get(bay)
        state = _after_all(session, bay, known.state if known else None, new)
        if known is None or state != known.state:
            changed[bay] = state
        if known is not None:
            moments = [reading.ts for reading in new] + ([known.state.ts] if known.state else [])
            touched += [(known.site, hour) for hour in history.touched(moments)]
    store.save_states(session, changed)
    store.mark_dirty(session, touched)


def _row(message: Stored) -> dict[str, object]:
    boot = message.body.get("boot", "")
    place = {"bay": message.body["bay"], "ts": message.ts, "outbox": message.outbox, "seq": message.seq}
    trusted = rules.trusted_ms(message.body.get("repeat_s"))
    return {**place, "state": message.body["state"], "boot": boot, "trusted_ms": trusted}


def _after_all(session: Session, bay: str, present: BayState | None, new: Sequence[Reading]) -> BayState:
    """The state after readings in order; with a late one among them its beginning is looked up in the history."""
    late = present is not None and new[0].order < present.order
    state = present
    for reading in new:
        state = rules.after(state, reading) or state
    assert state is not None  # noqa: S101 (`new` is never empty)
    if late:
        return replace(state, since=store.began(session, bay, state.state, state.order))
    return state


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
        silent=sum(site.unknown + site.faulty for site in sites),
        updated_at=max((site.updated_at for site in sites if site.updated_at is not None), default=None),
    )


def bays(session: Session, now: int, site: str | None = None) -> list[BayNow]:
    """Every bay, or those of one car park."""
    return [
        BayNow(row.id, row.node, row.site, rules.shown(row.state, row.ts, now, row.trusted_ms), row.since)
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


@dataclass(frozen=True)
class Sums:
    """Hours that were summed up anew, and the marks that they answer."""

    hours: Mapping[tuple[str, int], Mapping[str, int]]  # (site, hour) -> state -> ms
    marks: Mapping[tuple[str, int], int]


def sum_up(session: Session, now: int, most: int = 400) -> Sums:
    """Sums up the hours that new readings changed, without writing."""
    marks = store.dirty(session, most)
    sums: dict[tuple[str, int], dict[str, int]] = {}
    for site in sorted({site for site, _ in marks}):
        bays = store.bay_ids(session, site)
        for start, end in history.runs([hour for name, hour in marks if name == site]):
            found = store.marks(session, bays, start, end)
            for hour in range(start, end, HOUR_MS):
                spent = [history.time_in_states(one, hour, hour + HOUR_MS, now) for one in found.values()]
                sums[site, hour] = {state: sum(one[state] for one in spent) for state in STATES}
    return Sums(sums, marks)


def keep_sums(session: Session, sums: Sums) -> None:
    """Keeps what `sum_up` found; hours that changed meanwhile stay marked."""
    for (site, hour), spent in sums.hours.items():
        store.save_hour(session, site, hour, spent)
    store.clean(session, sums.marks)


def today(session: Session, site: str, start_of_day: int, now: int) -> list[float | None]:
    """Mean occupied share (0 to 1) of each hour of the day so far; None where nothing was measured."""
    found = {hour: (free, taken) for hour, free, taken in store.hours(session, site, start_of_day, now + HOUR_MS)}
    shares: list[float | None] = []
    for hour in range(start_of_day, now + 1, HOUR_MS):
        free, taken = found.get(hour - hour % HOUR_MS, (0, 0))
        shares.append(taken / (free + taken) if free + taken else None)
    return shares


def by_hour_of_week(session: Session, site: str | None, start: int, end: int, zone: ZoneInfo) -> list[float | None]:
    """Mean occupied share (0 to 1) of the 168 hours of the week (Monday 0 h first, local time) over a span (ms)."""
    return history.by_hour_of_week(store.hours(session, site, start, end), zone)


@dataclass(frozen=True)
class Retention:
    """How many days readings and hours are kept."""

    readings: int = 400
    hours: int = 5 * 366


def tidy(session: Session, now: int, keep: Retention = Retention(), bays: Sequence[str] | None = None) -> None:
    """Takes out repetitions of two to nine days ago and what is too old, of some bays or of all."""
    for bay in store.bay_ids(session) if bays is None else bays:
        store.compact(session, bay, now - 9 * DAY_MS, now - 2 * DAY_MS)
        store.forget(session, bay, now - keep.readings * DAY_MS, now - keep.hours * DAY_MS)


def bay_ids(session: Session) -> list[str]:
    """Every bay of the town."""
    return store.bay_ids(session)
