"""The fleet's door: the nodes of the town, what they said last, and the alarms."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge import wire
from hub.core.db import Session
from hub.fleet import rules, store
from hub.fleet.api.alerts import Send, judge_nodes, notify, send_notices
from hub.fleet.api.configuration import (
    BlockNow,
    By,
    ConfigConflictError,
    ConfigNow,
    ConfigProblemError,
    UnknownNodeError,
    VersionNow,
    block,
    blocks_now,
    config_now,
    roll_back,
    set_config,
    set_ring,
    set_wifi,
    tidy_blocks,
    unblock,
    versions_now,
    would_roll_back,
    would_set_config,
    would_set_wifi,
)
from hub.fleet.api.enrolment import EnrolmentRefusedError, NewCode, enrol, make_code, renew, revocation_list, revoke
from hub.fleet.api.history import (
    BackupNow,
    Happening,
    backups_now,
    figures_since,
    happenings,
    keep_backup,
    keep_figures,
    series,
)
from hub.fleet.api.lines import OutageNow, lines, outages_now
from hub.fleet.api.remote import CommandNow, answered, command, commands_now, tell, tell_again
from hub.fleet.api.rollouts import forget_old as forget_rollouts
from hub.fleet.api.snapshots import Snapshot, forget_snapshots, snapshot
from hub.fleet.gateway import Mail, Webhook
from hub.fleet.rules import Sighting, alerts, overview, wifi
from hub.fleet.rules.configuration import RINGS, Difference, Problem
from hub.fleet.rules.configuration import RULES as RULE_LIMITS
from hub.fleet.rules.history import KEEP_MS as KEEP_FIGURES_MS
from hub.fleet.rules.history import Series
from hub.fleet.rules.overview import Box, Line, Wanted
from hub.radio import api as radio

__all__ = [
    "KEEP_FIGURES_MS",
    "RINGS",
    "RULE_LIMITS",
    "AlarmNow",
    "BackupNow",
    "BlockNow",
    "Box",
    "By",
    "CommandNow",
    "ConfigConflictError",
    "ConfigNow",
    "ConfigProblemError",
    "Difference",
    "EnrolmentRefusedError",
    "Happening",
    "Line",
    "Mail",
    "NewCode",
    "NodeNow",
    "OutageNow",
    "Problem",
    "Send",
    "Series",
    "Snapshot",
    "UnknownNodeError",
    "VersionNow",
    "Wanted",
    "Webhook",
    "alarms",
    "answered",
    "backups_now",
    "block",
    "blocks_now",
    "command",
    "commands_now",
    "config_now",
    "enrol",
    "figures_since",
    "forget_snapshots",
    "happenings",
    "has_grants",
    "heard",
    "judge_nodes",
    "keep_backup",
    "lines",
    "make_code",
    "names",
    "node",
    "nodes",
    "notify",
    "outages_now",
    "overview",
    "portal_event",
    "raise_alarm",
    "remember_session",
    "renew",
    "revocation_list",
    "revoke",
    "roll_back",
    "seed",
    "send_notices",
    "series",
    "set_config",
    "set_ring",
    "set_wifi",
    "snapshot",
    "status",
    "take_grants",
    "tell",
    "tell_again",
    "tidy",
    "unblock",
    "versions_now",
    "wifi",
    "would_roll_back",
    "would_set_config",
    "would_set_wifi",
]

TWIN = "two_nodes_one_name"
OUTBOX_FULL = "outbox_full"
KEEP_ALARMS_MS = 90 * 24 * 3600 * 1000


@dataclass(frozen=True)
class NodeNow:
    """A node as the pages show it; `name` is {"de", "en"}, numbers are None when the node did not say."""

    id: str
    role: str
    name: Mapping[str, str]
    lat: float
    lon: float
    capacity: int
    assumed: bool
    online: bool
    last_seen: int | None
    clients: int | None
    waiting: int | None
    software: str
    protocol: str
    temperature_c: float | None
    memory_mb: float | None
    uptime_s: int | None
    synced: bool | None
    accepts: int
    bays: tuple[str, ...] = field(default=())
    clock_offset_ms: int | None = None
    throttled: int | None = None
    disk_free_mb: int | None = None
    disk_written_mb: int | None = None
    disk_worn_percent: int | None = None
    battery_mv: int | None = None
    certificate_until: int | None = None
    config_v: int = 0
    refused_v: int = 0
    refused_why: str = ""
    outbox: str = ""
    ring: str = "rest"
    site: str = ""
    load_percent: int | None = None
    wifi_v: int = 0
    wifi_open: bool | None = None
    wifi_held: bool = False
    wifi_radio: str = ""


@dataclass(frozen=True)
class AlarmNow:
    """An open alarm."""

    node: str
    code: str
    text: str
    opened_at: int
    last_at: int


def seed(session: Session, town_dir: Path) -> None:
    """Writes the nodes of nodes.json; what they reported stays."""
    entries = json.loads((town_dir / "nodes.json").read_text())["nodes"]
    for entry in entries:
        facts = {key: entry[key] for key in ("id", "role", "lat", "lon")}
        name = entry["name"]
        marks = {"capacity": entry.get("capacity", 0), "assumed": bool(entry.get("assumed", True))}
        marks["site"] = str(entry.get("uplink") or entry.get("site") or "")
        store.save_node(session, {**facts, "name_de": name["de"], "name_en": name["en"], **marks})
    session.flush()
    known = [entry["id"] for entry in entries]
    store.remove_others(session, known)
    store.forget_nodes(session, known)


def names(session: Session) -> frozenset[str]:
    """The nodes that may report."""
    return frozenset(store.names(session))


def nodes(session: Session, now: int) -> list[NodeNow]:
    """Every node, WiFi nodes first."""
    return [_node_now(row, now) for row in store.nodes(session)]


def node(session: Session, name: str, now: int) -> NodeNow | None:
    """One node, None for an unknown name."""
    row = store.node_now(session, name)
    return _node_now(row, now) if row is not None else None


def alarms(session: Session) -> list[AlarmNow]:
    """Open alarms, newest first."""
    return [AlarmNow(row.node, row.code, row.text, row.opened_at, row.last_at) for row in store.open_alarms(session)]


def status(session: Session, node: str, body: Mapping[str, object], at: int) -> None:
    """Keeps the latest status of a node and looks for a twin."""
    row = store.node(session, node)
    if row is None:
        return
    kept = _with_moments(body, at)
    row.status = json.dumps(kept)
    if body.get("state") != "offline":
        row.last_seen = at
        keep_figures(session, row, kept, at)
        _look_for_twin(session, row, str(body.get("outbox", "")), at)


def _with_moments(body: Mapping[str, object], at: int) -> dict[str, object]:
    """The status with what follows from when it came: how far the node's clock is off, in ms."""
    kept = dict(body)
    if body.get("synced") is True:
        kept["clock_offset_ms"] = wire.parse_ms(str(body["ts"])) - at
    until = body.get("certificate_until")
    if until is not None:
        kept["certificate_until_ms"] = wire.parse_ms(str(until))
    return kept


def heard(session: Session, latest: Mapping[str, tuple[str, int]]) -> None:
    """Durable messages came: node -> (outbox, ms)."""
    store.touch(session, {node: at for node, (_, at) in latest.items()})
    for node, (outbox, at) in latest.items():
        row = store.node(session, node)
        if row is not None:
            _look_for_twin(session, row, outbox, at)


def remember_session(session: Session, node: str, device: str, until: int) -> None:
    """A device accepted at `node` until then (ms); kept only until the other nodes were told."""
    store.add_grant(session, node, device, until)


def has_grants(session: Session) -> bool:
    """Whether `take_grants` would find something."""
    return store.has_grants(session)


def take_grants(session: Session, now: int, limit: int = 500) -> dict[str, list[tuple[str, int]]]:
    """WiFi node -> (device, until) that it shall be told now; what is given out here is deleted with the commit."""
    rows = store.grants(session, limit)
    if not rows:
        return {}
    store.forget_grants(session, rows[-1].id)
    sessions = [(row.node, row.device, row.until) for row in rows if rules.may_be_granted(row.until, now)]
    names = [row.id for row in store.nodes(session) if row.role == "wifi"]
    return {name: found for name in names if (found := rules.grants_for(name, sessions))}


def portal_event(session: Session, node: str, event: str) -> None:
    """Counts a visitor who accepted the terms; nothing else is kept of it."""
    row = store.node(session, node) if event == "accept" else None
    if row is not None:
        row.accepts += 1


def raise_alarm(session: Session, node: str, code: str, text: str, at: int) -> None:
    """Opens or renews an alarm of a node."""
    store.raise_alarm(session, node, code[:40], text[:300], at)


def tidy(session: Session, now: int) -> None:
    """Closes alarms that have been quiet for an hour, deletes old ones."""
    for code in {row.code for row in store.open_alarms(session)} - alerts.CODES:  # those end with their cause
        store.close_alarms(session, code, now - rules.TWIN_QUIET_MS, now)
    store.forget_alarms(session, now - KEEP_ALARMS_MS)
    store.forget_orders(session, now - KEEP_ALARMS_MS)
    forget_rollouts(session, now)
    store.forget_history(session, now - KEEP_ALARMS_MS)
    store.forget_names(session, now - KEEP_ALARMS_MS)
    tidy_blocks(session, now)


def _look_for_twin(session: Session, row: store.Node, outbox: str, at: int) -> None:
    if not outbox or outbox.startswith(radio.OUTBOX):  # many radio sensors share one node
        return
    before = store.read_sightings(row)
    after = rules.remember(before, Sighting(outbox, at))
    store.write_sightings(row, after)
    if rules.are_twins(after, at):
        text = f"Zwei Geräte melden sich als „{row.id}“. Bitte eines davon umbenennen."
        store.raise_alarm(session, row.id, TWIN, text, at)


def _node_now(row: store.Node, now: int) -> NodeNow:
    said = json.loads(row.status)
    return NodeNow(
        id=row.id,
        role=row.role,
        name={"de": row.name_de, "en": row.name_en},
        lat=row.lat,
        lon=row.lon,
        capacity=row.capacity,
        assumed=row.assumed,
        online=rules.is_online(said.get("state"), row.last_seen, now, row.role),
        last_seen=row.last_seen,
        clients=said.get("clients"),
        waiting=said.get("waiting"),
        software=said.get("software", ""),
        protocol=said.get("protocol", ""),
        temperature_c=said.get("temperature_c"),
        memory_mb=said.get("memory_mb"),
        uptime_s=said.get("uptime_s"),
        synced=said.get("synced"),
        accepts=row.accepts,
        bays=tuple(str(bay) for bay in said.get("bays", ())),
        clock_offset_ms=said.get("clock_offset_ms"),
        throttled=said.get("throttled"),
        disk_free_mb=said.get("disk_free_mb"),
        disk_written_mb=said.get("disk_written_mb"),
        disk_worn_percent=said.get("disk_worn_percent"),
        battery_mv=said.get("battery_mv"),
        certificate_until=said.get("certificate_until_ms"),
        config_v=said.get("config_v", 0),
        refused_v=said.get("refused_v", 0),
        refused_why=said.get("refused_why", ""),
        outbox=said.get("outbox", ""),
        ring=row.ring,
        site=row.site,
        load_percent=said.get("load_percent"),
        wifi_v=said.get("wifi_v", 0),
        wifi_open=said.get("wifi_open"),
        wifi_held=said.get("wifi_held") is True,
        wifi_radio=said.get("wifi_radio", ""),
    )
