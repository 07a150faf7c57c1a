"""What was with a node: its figures, everything that happened to it, copies of its own file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.core.db import Session
from hub.fleet import store
from hub.fleet.rules import history as rules
from hub.fleet.rules.history import KEEP_MS, Series
from hub.fleet.rules.rollout import DONE, FAILED
from hub.fleet.store import rollouts

MOST_BACKUPS = 10
_ENDS = {DONE: True, FAILED: False}


@dataclass(frozen=True)
class Happening:
    """Something that happened to a node; `kind` alarm, outage, command, config, update or backup; `until` None = it
    lasts or was a moment. `code` is the alarm's code, the command's name or the version; `who` is staff or ""."""

    at: int
    kind: str
    code: str
    text: str
    until: int | None = None
    who: str = ""
    ok: bool | None = None


@dataclass(frozen=True)
class BackupNow:
    """A copy of a node's own file: as it was from `at` on, compared the last time at `seen_at`."""

    at: int
    seen_at: int
    name: str
    digest: str
    text: str


def keep_figures(session: Session, row: store.Node, said: Mapping[str, object], at: int) -> None:
    """A row of figures every quarter of an hour; those of a fortnight stay."""
    found = rules.figures(said)
    if found and rules.is_due(row.sampled_at, at):
        row.sampled_at = at
        store.add_sample(session, row.id, at, json.dumps(found, separators=(",", ":")), at - KEEP_MS)


def keep_backup(session: Session, node: str, body: Mapping[str, object], at: int) -> None:
    """A node sent its own file."""
    if store.node_now(session, node) is not None:
        text = str(body["text"])
        digest = hashlib.sha256(text.encode()).hexdigest()
        store.keep_backup(session, node, str(body["name"])[:80], digest, text, at, MOST_BACKUPS)


def backups_now(session: Session, node: str) -> list[BackupNow]:
    """The copies of a node's file, newest first."""
    return [BackupNow(row.at, row.seen_at, row.name, row.digest, row.text) for row in store.backups(session, node)]


def figures_since(session: Session, node: str, since: int) -> list[tuple[int, dict[str, float]]]:
    """(moment, figures) of a node, oldest first."""
    return [(at, json.loads(text)) for at, text in store.samples(session, node, since)]


def series(session: Session, node: str, since: int, now: int) -> tuple[int, Sequence[Series]]:
    """(where the picture begins, the way of each figure since then), nothing older than `since`."""
    rows = figures_since(session, node, since)
    return rules.begins(rows, since), rules.series(rows, since, now)


def happenings(session: Session, node: str, site: str, since: int) -> list[Happening]:
    """Everything since a moment, the newest first."""
    found = [
        Happening(row.opened_at, "alarm", row.code, row.text, row.closed_at)
        for row in store.alarms_since(session, node, since)
    ]
    found += [
        Happening(row.opened_at, "outage", row.site, row.text, row.closed_at)
        for row in store.outages_since(session, since)
        if row.site in ("", site)
    ]
    found += [
        Happening(row.asked_at, "command", row.name, row.answer, who=row.asked_by, ok=row.ok)
        for row in store.commands_since(session, node, since)
    ]
    found += [
        Happening(row.set_at, "config", str(row.v), row.reason, who=row.set_by)
        for row in store.versions(session, node, 100)
        if row.set_at >= since
    ]
    found += [
        Happening(part.told_at or 0, "update", row.release, part.text, who=row.started_by, ok=_ENDS.get(part.state))
        for row, part in rollouts.parts_since(session, node, since)
    ]
    found += [
        Happening(row.at, "backup", row.name, row.digest[:12])
        for row in store.backups(session, node)
        if row.at >= since
    ]
    return sorted(found, key=lambda one: (-one.at, one.kind, one.code))
