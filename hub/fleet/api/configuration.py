"""Configurations of nodes: every version is kept, with who made it; an older one can come back as a new one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge import wire
from hub.core import audit
from hub.core.db import Session
from hub.fleet import store
from hub.fleet.rules.configuration import BLOCK_MS, RINGS, Difference, Problem, differences, problem
from hub.fleet.store.orders import ConfigVersion, NodeConfig

KEEP = object()
VERSIONS_SHOWN = 20
_NONSENSE_V = 1 << 40


class UnknownNodeError(ValueError):
    """There is no such node."""


class ConfigProblemError(ValueError):
    """A configuration that a node would refuse; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.kind}: {problem.subject}")
        self.problem = problem


class ConfigConflictError(ValueError):
    """Somebody else changed the configuration since the form was opened."""


@dataclass(frozen=True)
class By:
    """Who acts: the name that pages show, the name of the audit log, and when (ms)."""

    who: str
    actor: str
    now: int


@dataclass(frozen=True)
class ConfigNow:
    """What a node shall use; `rules`, `bays` and `wifi` as the node takes them."""

    v: int
    rules: Mapping[str, Any]
    bays: Mapping[str, Mapping[str, float]]
    set_at: int | None
    set_by: str
    wifi: Mapping[str, Any]


@dataclass(frozen=True)
class VersionNow:
    """One version and what it changed; reason changed, returned (to `of_version`), blocked or unblocked."""

    v: int
    set_at: int
    set_by: str
    reason: str
    of_version: int | None
    changes: Sequence[Difference]
    body: Mapping[str, Any]


@dataclass(frozen=True)
class BlockNow:
    """A device that a node shuts out until then."""

    id: int
    device: str
    until: int
    set_at: int
    set_by: str


def set_config(
    session: Session,
    node: str,
    rules: Mapping[str, float],
    bays: Mapping[str, Mapping[str, float]],
    by: By,
    base: int | None = None,
) -> int:
    """The next version with other rules and thresholds; ConfigProblemError when the node would refuse it, and
    ConfigConflictError when `base` is given and is no longer the newest version."""
    wanted = _rules_part(rules, bays)
    row = _row(session, node, base)
    return _next(session, row, {**_parts(row), **wanted}, by)


def set_wifi(session: Session, node: str, wifi: Mapping[str, Any], by: By, base: int | None = None) -> int:
    """The next version with other WiFi settings; ConfigProblemError (kind wifi) for what a node would refuse."""
    wanted = _wifi_part(wifi)
    row = _row(session, node, base)
    return _next(session, row, {**_parts(row), **wanted}, by)


def roll_back(session: Session, node: str, v: int, by: By, base: int | None = None) -> int:
    """An older version as the newest one; blocked devices and firmware stay as they are."""
    row, wanted = _row(session, node, base), _version_part(session, node, v)
    return _next(session, row, {**_parts(row), **wanted}, by, "returned", v)


def would_set_config(
    session: Session,
    node: str,
    rules: Mapping[str, float],
    bays: Mapping[str, Mapping[str, float]],
    base: int | None = None,
) -> list[Difference]:
    """What `set_config` would change, with the same refusals; nothing is written."""
    return _would(session, node, _rules_part(rules, bays), base)


def would_set_wifi(session: Session, node: str, wifi: Mapping[str, Any], base: int | None = None) -> list[Difference]:
    """The same of `set_wifi`."""
    return _would(session, node, _wifi_part(wifi), base)


def would_roll_back(session: Session, node: str, v: int, base: int | None = None) -> list[Difference]:
    """The same of `roll_back`."""
    return _would(session, node, _version_part(session, node, v), base)


def offer_firmware(session: Session, node: str, offer: Mapping[str, object], by: By) -> int:
    """The next version of a wireless sensor's configuration, with this firmware; everything else stays."""
    row = _row(session, node, None)
    return _next(session, row, {**_parts(row), "firmware": dict(offer)}, by, "firmware")


def config_now(session: Session, node: str) -> ConfigNow:
    """A node's configuration; version 0 when the hub never said anything."""
    row = store.config_to_read(session, node)
    if row is None:
        return ConfigNow(0, {}, {}, None, "", {})
    body = {**_EMPTY, **json.loads(row.body)}
    bays = {entry["id"]: {key: value for key, value in entry.items() if key != "id"} for entry in body["bays"]}
    return ConfigNow(row.v, body["rules"], bays, row.set_at, row.set_by, body["wifi"])


def versions_now(session: Session, node: str, limit: int = VERSIONS_SHOWN) -> list[VersionNow]:
    """The newest versions, each with what it changed."""
    rows = store.versions(session, node, limit + 1)
    bodies = [json.loads(row.body) for row in rows] + ([{}] if len(rows) <= limit else [])
    return [
        VersionNow(
            row.v, row.set_at, row.set_by, row.reason, row.of_version, differences(bodies[number + 1], body), body
        )
        for number, (row, body) in enumerate(zip(rows[:limit], bodies, strict=False))
    ]


def block(session: Session, node: str, device: str, by: By) -> int:
    """Shuts a device out for a day; ConfigProblemError (kind device) unless it is a device's number."""
    said = "".join(device.lower().split())
    if not wire.is_device(said):
        raise ConfigProblemError(Problem("device", device[:40]))
    row = _row(session, node, None)
    store.add_block(session, node, said, by.now + BLOCK_MS, by.now, by.who)
    return _next(session, row, _parts(row), by, "blocked")


def unblock(session: Session, node: str, key: int, by: By) -> int | None:
    """Lets a device in again; None when it was not blocked any more."""
    row = _row(session, node, None)
    if not store.remove_block(session, node, key):
        return None
    return _next(session, row, _parts(row), by, "unblocked")


def blocks_now(session: Session, node: str, now: int) -> list[BlockNow]:
    """The devices that a node shuts out."""
    return [BlockNow(row.id, row.device, row.until, row.set_at, row.set_by) for row in store.blocks(session, node, now)]


def set_ring(session: Session, node: str, ring: str, by: By) -> None:
    """Which updates the node gets first; ValueError for anything but a ring."""
    if ring not in RINGS:
        raise ValueError(ring)
    row = store.node(session, node)
    if row is None:
        raise UnknownNodeError(node)
    if row.ring != ring:
        row.ring = ring
        said = {"actor": by.actor, "subject": f"node:{node}"}
        audit.note(session, "fleet.ring-set", now=by.now, details={"ring": ring}, **said)


def message(session: Session, row: NodeConfig, now: int) -> bytes:
    """The configuration as it goes to the node, with the devices that are blocked now."""
    body = json.loads(row.body)
    blocked = [[one.device, one.until] for one in store.blocks(session, row.node, now)]
    wifi = {**(body.get("wifi") or {}), **({"blocked": blocked} if blocked else {})}
    body = {key: value for key, value in body.items() if key != "wifi"} | ({"wifi": wifi} if wifi else {})
    return wire.encode("config", body)


def tidy_blocks(session: Session, now: int) -> None:
    """Blocks that are over go, from the broker's memory too."""
    nodes = store.forget_blocks(session, now)
    if nodes:
        store.tell_config_again(session, nodes)


_EMPTY: Mapping[str, Any] = {"rules": {}, "bays": [], "wifi": {}}
_ACTIONS = {
    "changed": "fleet.configured",
    "returned": "fleet.config-returned",
    "blocked": "fleet.device-blocked",
    "unblocked": "fleet.device-unblocked",
    "firmware": "fleet.firmware-offered",
}


def _rules_part(rules: Mapping[str, float], bays: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    if (wrong := problem(rules, bays)) is not None:
        raise ConfigProblemError(wrong)
    return {"rules": dict(rules), "bays": [{"id": bay, **values} for bay, values in sorted(bays.items())]}


def _wifi_part(wifi: Mapping[str, Any]) -> dict[str, Any]:
    try:
        wire.check_wifi(dict(wifi))
    except wire.WireError as error:
        raise ConfigProblemError(Problem("wifi", str(error))) from None
    return {"wifi": dict(wifi)}


def _version_part(session: Session, node: str, v: int) -> dict[str, Any]:
    old = store.version(session, node, v)
    if old is None:
        raise UnknownNodeError(f"{node} {v}")
    kept = json.loads(old.body)
    return {name: kept.get(name) or empty for name, empty in _EMPTY.items()}


def _would(session: Session, node: str, wanted: Mapping[str, Any], base: int | None) -> list[Difference]:
    """Reads without a lock: what it finds may be over when it is sent, and then `base` says so."""
    if store.node_now(session, node) is None:
        raise UnknownNodeError(node)
    row = store.config_to_read(session, node)
    if base is not None and base != (row.v if row is not None else 0):
        raise ConfigConflictError(f"{node}: {base} is not the newest")
    before = json.loads(row.body) if row is not None else {}
    return differences(before, {**before, **wanted})


def _row(session: Session, node: str, base: int | None) -> NodeConfig:
    """The node's row, locked; a new one (version 0) is not in the database yet."""
    if store.node(session, node) is None:  # locks the node, so that two first versions come one after the other
        raise UnknownNodeError(node)
    row = store.config(session, node) or NodeConfig(node=node, v=0, body="{}", set_at=0, set_by="")
    if base is not None and base != row.v:
        raise ConfigConflictError(f"{node}: {base} is not {row.v}")
    return row


def _parts(row: NodeConfig) -> dict[str, Any]:
    body = json.loads(row.body)
    firmware = {"firmware": body["firmware"]} if "firmware" in body else {}
    return {name: body.get(name) or empty for name, empty in _EMPTY.items()} | firmware


def _reported(session: Session, node: str) -> int:
    """The version that the node uses: newer than ours when the hub was brought back from a backup."""
    row = store.node_now(session, node)
    said = json.loads(row.status).get("config_v") if row is not None else None
    return said if type(said) is int and said < _NONSENSE_V else 0


def _next(
    session: Session, row: NodeConfig, parts: Mapping[str, Any], by: By, reason: str = "changed", of: int | None = None
) -> int:
    is_first = row.v == 0
    version = max(row.v, _reported(session, row.node)) + 1
    body: dict[str, object] = {"v": version, "ts": wire.format_ms(by.now), **parts}
    wire.check("config", body)
    if is_first:
        session.add(row)
    row.v, row.body, row.set_at, row.set_by, row.told_at = version, json.dumps(body), by.now, by.who, None
    facts = {"set_at": by.now, "set_by": by.who, "reason": reason, "of_version": of}
    store.add_version(session, ConfigVersion(node=row.node, v=version, body=row.body, **facts))
    said = {"actor": by.actor, "subject": f"node:{row.node}"}
    if of is not None:
        audit.note(session, _ACTIONS[reason], now=by.now, details={"version": version, "of_version": of}, **said)
    else:
        audit.note(session, _ACTIONS[reason], now=by.now, details={"version": version}, **said)
    return version
