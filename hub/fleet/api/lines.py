"""The fleet as a list: one line for each node, read in four queries however many there are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from hub.core.db import Session
from hub.fleet import rules, store
from hub.fleet.rules import overview
from hub.fleet.rules.overview import Line


@dataclass(frozen=True)
class OutageNow:
    """Nodes that fell silent together; `site` empty = more than one place."""

    site: str
    nodes: int
    text: str
    since: int
    opened_at: int


def lines(session: Session, now: int, language: str) -> list[Line]:
    """Every node."""
    alarms: dict[str, tuple[tuple[str, str], ...]] = {}
    for alarm in store.open_alarms(session):
        alarms[alarm.node] = (*alarms.get(alarm.node, ()), (alarm.code, alarm.text))
    backups, versions = store.last_backups(session), store.config_versions(session)
    return [
        _line(
            row,
            rules.is_online(None, row.last_seen, now, row.role),
            alarms.get(row.id, ()),
            backups.get(row.id),
            versions.get(row.id, 0),
            language,
        )
        for row in store.facts(session)
    ]


def outages_now(session: Session) -> list[OutageNow]:
    """What lasts, oldest first."""
    return [OutageNow(row.site, row.nodes, row.text, row.since, row.opened_at) for row in store.open_outages(session)]


@lru_cache(maxsize=8192)  # a node says something new once a minute, people look more often
def _line(
    row: Any, heard: bool, alarms: tuple[tuple[str, str], ...], backup: int | None, version: int, language: str
) -> Line:
    said = json.loads(row.status)
    online = heard and said.get("state") != "offline"
    capacity = row.capacity or said.get("capacity")
    clients = said.get("clients") if online else None
    share = clients / capacity if clients is not None and capacity else None
    return Line(
        *(row.id, row.name_en if language == "en" else row.name_de, row.role, row.site, row.ring),
        state=overview.state_of(row.last_seen, online, dict(alarms), share, said.get("wifi_open")),
        software=said.get("software", ""),
        clients=clients,
        capacity=capacity,
        power=overview.power_of(said.get("throttled")),
        certificate_until=said.get("certificate_until_ms"),
        last_seen=row.last_seen,
        backup_at=backup,
        config=_config(version, said),
        open=said.get("wifi_open"),
        has_file=row.role != rules.RADIO and "battery_mv" not in said,  # a sensor on a battery has none
        lat=row.lat,
        lon=row.lon,
        alarms=MappingProxyType(dict(alarms)),
        **{name: said.get(name) for name in ("uptime_s", "load_percent", "disk_free_mb", "disk_worn_percent")},
    )


def _config(version: int, said: Mapping[str, Any]) -> str:
    if not version:
        return "own"
    if said.get("config_v") == version:
        return "applied"
    return "refused" if said.get("refused_v") == version else "underway"
