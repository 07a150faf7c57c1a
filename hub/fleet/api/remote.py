"""Configuration and commands for nodes: kept first, told by the worker, answered by the node."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge import wire
from hub.core import audit
from hub.core.db import Database, Session
from hub.fleet import store
from hub.fleet.rules.configuration import Problem, problem
from hub.fleet.store.orders import Command, NodeConfig

COMMAND_MS = 2 * 60_000  # a command that comes later is not obeyed
TELL_AGAIN_MS = 10 * 60_000
Publish = Callable[[str, bytes, bool], bool]  # topic, payload, retain -> whether the broker took it


class UnknownNodeError(ValueError):
    """There is no such node."""


class ConfigProblemError(ValueError):
    """A configuration that a node would refuse; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.kind}: {problem.subject}")
        self.problem = problem


@dataclass(frozen=True)
class CommandNow:
    """A command and what became of it; ok None = no answer (yet)."""

    name: str
    asked_at: int
    asked_by: str
    ok: bool | None
    answer: str


@dataclass(frozen=True)
class ConfigNow:
    """What a node shall use; `rules` and `bays` as the node takes them."""

    v: int
    rules: Mapping[str, Any]
    bays: Mapping[str, Mapping[str, float]]
    set_at: int | None
    set_by: str


def set_config(
    session: Session,
    node: str,
    rules: Mapping[str, float],
    bays: Mapping[str, Mapping[str, float]],
    who: str,
    now: int,
    actor: str,
) -> int:
    """The next version of a node's configuration; ConfigProblemError when the node would refuse it."""
    if node not in store.names(session):
        raise UnknownNodeError(node)
    if (wrong := problem(rules, bays)) is not None:
        raise ConfigProblemError(wrong)
    row = store.config(session, node)
    version = row.v + 1 if row is not None else 1
    entries = [{"id": bay, **values} for bay, values in sorted(bays.items())]
    body: dict[str, object] = {"v": version, "ts": wire.format_ms(now), "rules": dict(rules), "bays": entries}
    if row is not None and "firmware" in (before := json.loads(row.body)):
        body["firmware"] = before["firmware"]
    _keep(session, node, row, body, who, now)
    details = {"version": version}
    audit.note(session, "fleet.configured", actor=actor, subject=f"node:{node}", now=now, details=details)
    return version


def offer_firmware(session: Session, node: str, offer: Mapping[str, object], now: int, actor: str) -> int:
    """The next version of a sensor's configuration, with this firmware; rules and thresholds stay."""
    row = store.config(session, node)
    before: dict[str, Any] = json.loads(row.body) if row is not None else {"rules": {}, "bays": []}
    version = row.v + 1 if row is not None else 1
    body = {**before, "v": version, "ts": wire.format_ms(now), "firmware": dict(offer)}
    _keep(session, node, row, body, row.set_by if row is not None else "", now)
    details = {"version": str(offer["version"])}
    audit.note(session, "fleet.firmware-offered", actor=actor, subject=f"node:{node}", now=now, details=details)
    return version


def _keep(session: Session, node: str, row: NodeConfig | None, body: dict[str, Any], who: str, now: int) -> None:
    wire.check("config", body)
    if row is None:
        row = NodeConfig(node=node)
        session.add(row)
    row.v, row.body, row.set_at, row.set_by, row.told_at = body["v"], json.dumps(body), now, who, None


def config_now(session: Session, node: str) -> ConfigNow:
    """A node's configuration; version 0 when the hub never said anything."""
    row = store.config(session, node)
    if row is None:
        return ConfigNow(0, {}, {}, None, "")
    body = json.loads(row.body)
    bays = {entry["id"]: {key: value for key, value in entry.items() if key != "id"} for entry in body["bays"]}
    return ConfigNow(row.v, body["rules"], bays, row.set_at, row.set_by)


def command(session: Session, node: str, name: str, who: str, now: int, actor: str) -> str:
    """Asks a node for something and returns the command's id; ValueError for anything but the three."""
    if name not in wire.COMMANDS:
        raise ValueError(f"no such command: {name}")
    if node not in store.names(session):
        raise UnknownNodeError(node)
    identity = "c-" + secrets.token_hex(6)
    row = Command(id=identity, node=node, name=name, asked_at=now, asked_by=who, until=now + COMMAND_MS, answer="")
    store.add_command(session, row)
    audit.note(session, "fleet.commanded", actor=actor, subject=f"node:{node}", now=now, details={"command": name})
    return identity


def answered(session: Session, node: str, body: Mapping[str, object]) -> None:
    """A node says what became of a command."""
    store.answer_command(session, node, str(body["id"]), body["ok"] is True, str(body["text"])[:200])


def commands_now(session: Session, node: str, limit: int = 5) -> list[CommandNow]:
    """The newest commands of a node."""
    rows = store.last_commands(session, node, limit)
    return [CommandNow(row.name, row.asked_at, row.asked_by, row.ok, row.answer) for row in rows]


def tell(database: Database, publish: Publish, now: int) -> None:
    """Hands configurations (retained) and commands to the broker; what it does not take is tried again."""
    with database.read() as session:
        configs = [(row.node, row.v, row.body) for row in store.configs(session) if _is_due(session, row, now)]
        commands = [
            (row.id, row.node, row.name, row.asked_at, row.until) for row in store.commands_to_tell(session, now)
        ]
    for node, version, text in configs:
        if publish(wire.down(node, "config"), text.encode(), True):
            database.write(lambda session, n=node, v=version: store.mark_config_told(session, n, v, now))  # type: ignore[misc]
    for identity, node, name, asked_at, until in commands:
        body: dict[str, object] = {"id": identity, "name": name}
        body |= {"ts": wire.format_ms(asked_at), "until": wire.format_ms(until)}
        if publish(wire.down(node, "command"), wire.encode("command", body), False):
            database.write(lambda session, i=identity: store.mark_command_told(session, i, now))  # type: ignore[misc]


def _is_due(session: Session, row: NodeConfig, now: int) -> bool:
    """New, or the node has neither taken nor refused it for ten minutes: the broker may have lost it."""
    if row.told_at is None:
        return True
    node = store.node_now(session, row.node)
    said = json.loads(node.status) if node is not None else {}
    return row.v not in (said.get("config_v"), said.get("refused_v")) and now - row.told_at > TELL_AGAIN_MS
