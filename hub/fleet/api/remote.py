"""Commands for nodes, and what the broker is told of them and of configurations; nodes answer."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge import wire
from hub.core import audit
from hub.core.db import Database, Session
from hub.fleet import store
from hub.fleet.api.configuration import By, UnknownNodeError, message
from hub.fleet.store.orders import Command

COMMAND_MS = 2 * 60_000  # a command that comes later is not obeyed
TELL_AGAIN_MS = 10 * 60_000
Publish = Callable[[str, bytes, bool], bool]  # topic, payload, retain -> whether the broker took it


@dataclass(frozen=True)
class CommandNow:
    """A command and what became of it; ok None = no answer (yet)."""

    name: str
    asked_at: int
    asked_by: str
    ok: bool | None
    answer: str


def command(session: Session, node: str, name: str, by: By) -> str:
    """Asks a node for something and returns the command's id; ValueError for anything but the four."""
    if name not in wire.COMMANDS:
        raise ValueError(f"no such command: {name}")
    if node not in store.names(session):
        raise UnknownNodeError(node)
    identity = "c-" + secrets.token_hex(6)
    moments = {"asked_at": by.now, "until": by.now + COMMAND_MS}
    store.add_command(session, Command(id=identity, node=node, name=name, asked_by=by.who, answer="", **moments))
    said = {"actor": by.actor, "subject": f"node:{node}"}
    audit.note(session, "fleet.commanded", now=by.now, details={"command": name}, **said)
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
        configs = [(row.node, row.v, message(session, row, now)) for row in store.configs_to_tell(session)]
        commands = [
            (row.id, row.node, row.name, row.asked_at, row.until) for row in store.commands_to_tell(session, now)
        ]
    for node, version, payload in configs:
        if publish(wire.down(node, "config"), payload, True):
            database.write(lambda session, n=node, v=version: store.mark_config_told(session, n, v, now))  # type: ignore[misc]
    for identity, node, name, asked_at, until in commands:
        body: dict[str, object] = {"id": identity, "name": name}
        body |= {"ts": wire.format_ms(asked_at), "until": wire.format_ms(until)}
        if publish(wire.down(node, "command"), wire.encode("command", body), False):
            database.write(lambda session, i=identity: store.mark_command_told(session, i, now))  # type: ignore[misc]


def tell_again(session: Session, now: int) -> None:
    """What a node has neither taken nor refused for ten minutes is told anew: the broker may have lost it."""
    told = store.configs_told_before(session, now - TELL_AGAIN_MS)
    if not told:
        return
    said = {row.id: json.loads(row.status) for row in store.standing(session)}
    judged = {node: (status.get("config_v"), status.get("refused_v")) for node, status in said.items()}
    lost = [node for node, v in told if v not in judged.get(node, ())]
    if lost:
        store.tell_config_again(session, lost)
