"""The nodes of the town and what each said last."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.core.db import Session
from hub.fleet import rules, store

_SAID: Mapping[str, Any] = {  # what a status may say and what stands for it when it did not
    **dict.fromkeys(("clients", "waiting", "temperature_c", "memory_mb", "uptime_s", "synced", "load_percent")),
    **dict.fromkeys(("clock_offset_ms", "throttled", "disk_free_mb", "disk_written_mb", "disk_worn_percent")),
    **dict.fromkeys(("battery_mv", "wifi_open")),
    **dict.fromkeys(("software", "protocol", "refused_why", "outbox", "wifi_radio"), ""),
    **dict.fromkeys(("config_v", "refused_v", "wifi_v"), 0),
}


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
        accepts=row.accepts,
        bays=tuple(str(bay) for bay in said.get("bays", ())),
        certificate_until=said.get("certificate_until_ms"),
        ring=row.ring,
        site=row.site,
        wifi_held=said.get("wifi_held") is True,
        **{name: said.get(name, default) for name, default in _SAID.items()},
    )
