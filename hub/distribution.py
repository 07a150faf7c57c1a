"""What the command line does about releases: take one in, show what it would change, send it through the town."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path

from edge import wire
from hub.core import audit
from hub.core.clock import now_ms
from hub.core.db import Database, Session, opened
from hub.fleet.api import rollouts
from hub.settings import Settings

RINGS = ("canary", "early (10 %)", "all others")


def _releases(settings: Settings) -> rollouts.Releases:
    return rollouts.Releases(settings.stored_releases_dir, settings.release_key)


def take_in(settings: Settings, wanted: str) -> rollouts.Release:
    """The release of that name, or that of a bundle's directory, which is verified and kept first; ValueError."""
    if Path(wanted).is_dir():
        return _releases(settings).take_in(Path(wanted))
    return _releases(settings).load(wanted)


def add(settings: Settings, bundle: str) -> str:
    """Keeps a bundle's release for later; those that nobody needs any more go."""
    found = take_in(settings, bundle)
    with opened(settings.database) as database:
        _prune(settings, database)
    return f"{found.name}: verified and kept, {len(found.files)} files for nodes and sensors"


def start(settings: Settings, wanted: str, canary: str, soak_minutes: int, *, dry_run: bool) -> str:
    """Begins a rollout, or only says what it would change; ValueError when it cannot begin."""
    found = take_in(settings, wanted)

    def begin(session: Session) -> rollouts.Plan:
        plan = rollouts.plan(session, _releases(settings), found, now_ms(), canary)
        if not dry_run:
            rollouts.start_rollout(session, plan, "", now_ms(), audit.CLI, canary, soak_minutes)
        return plan

    with opened(settings.database) as database:
        with _releases(settings).held():
            found = _releases(settings).load(found.name)  # still there
            plan = database.write(begin)
        _prune(settings, database)
    lines = [f"{RINGS[ring]:14} {', '.join(names) or '-'}" for ring, names in plan.rings.items()]
    lines += [f"{'up to date':14} {len(plan.up_to_date)}", f"{'cannot':14} {len(plan.unable)}: say no release"]
    ending = "Nothing was begun (--dry-run)." if dry_run else f"Begun: {found.name}. See: rollout show"
    for heading, changes in plan.by_section.items():
        lines += [f"{'settings ' if heading.startswith('[') else ''}{heading}", *(f"  {change}" for change in changes)]
    return "\n".join([*lines, ending])


def _prune(settings: Settings, database: Database) -> None:
    releases = _releases(settings)
    with releases.held(), database.read() as session:
        rollouts.prune_releases(session, releases)


def change(settings: Settings, action: str) -> str:
    """pause, resume or stop; ValueError when there is nothing to change."""
    work = {"pause": rollouts.pause_rollout, "resume": rollouts.resume_rollout, "stop": rollouts.stop_rollout}[action]
    with opened(settings.database) as database:
        database.write(partial(work, now=now_ms(), actor=audit.CLI))
    return show(settings, as_json=False)


def skip(settings: Settings, node: str) -> str:
    """Sets a node aside; ValueError when it cannot be."""
    with opened(settings.database) as database:
        database.write(partial(rollouts.skip_node, node=node, now=now_ms(), actor=audit.CLI))
    return show(settings, as_json=False)


def show(settings: Settings, *, as_json: bool) -> str:
    """The newest rollout with a bar, and every node that is not simply waiting."""
    with opened(settings.database) as database, database.read() as session:
        found = rollouts.last_rollouts(session, now_ms(), 1)
    if as_json:
        return json.dumps(asdict(found[0]) if found else {}, default=list)
    if not found:
        return "There was no rollout yet."
    one = found[0]
    bar = "#" * (one.percent * 30 // 100)
    lines = [
        f"{one.release}: {one.state}, ring {RINGS[one.ring]}, since {wire.format_ms(one.started_at)}",
        f"[{bar:30}] {one.percent} %  {one.count('done')} of {len(one.nodes)} done, {one.count('failed')} failed",
    ]
    if one.waits_for:
        lines.append(f"waits for {', '.join(one.waits_for)}: cannot be reached (rollout skip NODE goes on without)")
    for part in one.nodes:
        if part.state != "waiting":
            reach = "" if part.online else " (offline)"
            lines.append(
                f"  {part.node:32} {part.step or part.state:12} {part.percent:3} %{reach} {part.text}".rstrip()
            )
    return "\n".join(lines)


def offer_firmware(settings: Settings, wanted: str, sensors: list[str]) -> str:
    """Offers the release's firmware to sensors; each verifies it, tries it and goes back by itself. ValueError."""
    found = take_in(settings, wanted)
    offer = rollouts.firmware_of(_releases(settings), found, settings.public_url)

    def write(session: Session) -> list[str]:
        return rollouts.offer_firmware(session, offer, sensors, now_ms(), audit.CLI)

    with opened(settings.database) as database:
        with _releases(settings).held():
            told = database.write(write)
        _prune(settings, database)
    return f"firmware {offer['version']} is offered to {len(told)}: {', '.join(told) or '-'}"
