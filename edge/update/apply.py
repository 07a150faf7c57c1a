"""Installs what was fetched, tries it, keeps it or takes it back. Every step is on disk before the next begins."""

import contextlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.rules.release import Part, ReleaseError, part_of
from edge.update import health, install, order, signed
from edge.update.progress import Progress, load, save

_log = logging.getLogger(__name__)
READY = "ready.json"
_POWER = "the power went away during the trial"
_OTHER_S = 600.0  # how long the playbook may be at it


@dataclass(frozen=True)
class Node:
    """Where things are. `fetched` belongs to the agent's user, `home` and `own` to root alone."""

    home: Path  # releases, and the links `current` and `good`
    fetched: Path
    own: Path  # progress and a copy of the archive
    key: Path
    config: Path
    python: str = "/usr/bin/python3"
    part: str = ""
    patience_s: float = 120.0
    settle_s: float = 10.0
    usual_s: float = 10.0  # how long to look what is well before

    @property
    def file(self) -> Path:
        """How far the update is; others may read it."""
        return self.own / "progress.json"

    @property
    def by_hand(self) -> Path:
        """The same for the playbook's trial: a file of its own, for the hub's orders are told by the other."""
        return self.own / "playbook.json"


def apply(node: Node, services: health.Services) -> int:
    """Takes what was fetched; 0 when the node is well afterwards, on the new release or on the old one again."""
    with contextlib.ExitStack() as turn:
        try:
            turn.enter_context(install.alone(node.home, _OTHER_S))
        except (ReleaseError, OSError) as error:
            if (wanted := _taken(node)) is not None:  # only that is told: the files may be the other one's
                save(node.file, Progress(wanted.id, "refused", text=str(error)[:200]))
            return 0
        return _apply(node, services)


def _taken(node: Node) -> order.Order | None:
    """The order, for once; None when there is none or it was obeyed already."""
    wanted, before = order.load(node.fetched, READY), load(node.file)
    (node.fetched / READY).unlink(missing_ok=True)
    return None if wanted is None or (before.id == wanted.id and before.is_over) else wanted


def _apply(node: Node, services: health.Services) -> int:
    if (wanted := _taken(node)) is None:
        return 0
    said = Progress(wanted.id, "installing", 60)
    try:
        part, archive = _own_copy(node)
        # Back to the good one: what is in use may have come by a play that ended before anybody tried it.
        said = replace(said, old=install.linked(node.home, install.GOOD), new=part.release)
        if install.linked(node.home, install.CURRENT) == said.old == said.new:
            return _end(node, replace(said, state="done", percent=100, text="it is in use already"))
        _refuse_older(node, part)
        save(node.file, said)
        _install(node, part, archive, lambda percent: save(node.file, replace(said, percent=percent)))
    except (ReleaseError, OSError) as error:
        return _end(node, replace(said, state="refused", text=str(error)))
    # The order came over the broker: whatever is the matter with it this moment, the new release must reach it.
    wanted_well = health.usual(services, node.usual_s) | {health.BROKER}
    said = replace(said, state="trial", percent=90)
    gone = trial(node, services, node.file, said, wanted_well)
    if gone:
        return _end(node, replace(said, state="rolled_back", text=not_well(gone)))
    _end(node, replace(said, state="done", percent=100))
    install.prune(node.home)
    return 0


def recover(node: Node, services: health.Services | None) -> None:
    """After a power cut or the death of `apply`: what was half done is taken back; services that run begin anew."""
    if services is None and load(node.by_hand).state == "trial":  # the machine started: no playbook is at work
        if good := install.linked(node.home, install.GOOD):
            install.switch(node.home, install.CURRENT, good)
        save(node.by_hand, replace(load(node.by_hand), state="rolled_back", text=_POWER))
    said = load(node.file)
    if said.state == "trial":
        if said.old:
            install.switch(node.home, install.CURRENT, said.old)
        if services is not None:
            services.restart()
        _end(node, replace(said, state="rolled_back", text=_POWER))
    elif said.state == "installing":
        save(node.file, replace(said, state="interrupted", text="it begins again"))


def _own_copy(node: Node) -> tuple[Part, Path]:
    """Manifest, signature and archive in root's own directory, verified there."""
    for name in (signed.MANIFEST, signed.SIGNATURE):
        (node.own / name).write_bytes(signed.read(node.fetched / name, 1 << 20))
    part = signed.verified(node.own, node.key, node.part or signed.own_part())
    install.check_room(node.home, part)
    archive = node.own / "part.tar"
    signed.copy_verified(node.fetched / f"{part.name}.tar", archive, part)
    return part, archive


def _refuse_older(node: Node, part: Part) -> None:
    """A signature stays valid for ever, so an old release with a known hole must not come back by it."""
    present = installed(node.home, part.name)
    if present is not None and part.made < present.made:
        raise ReleaseError(f"{part.release} is older than the release in use; the playbook can go back to it")


def installed(home: Path, name: str) -> Part | None:
    """The release in use as its manifest describes it; None when it came without one."""
    try:
        return part_of(json.loads((home / install.CURRENT / signed.MANIFEST).read_text()), name)
    except (OSError, ValueError):
        return None


def _install(node: Node, part: Part, archive: Path, show: Callable[[int], None]) -> None:
    if not install.is_complete(node.home, part.release):
        install.install(node.home, part, archive, node.python)
    show(80)
    (node.home / part.release / signed.MANIFEST).write_bytes((node.own / signed.MANIFEST).read_bytes())
    install.check_configuration(node.home, part.release, node.config)
    archive.unlink(missing_ok=True)


def trial(node: Node, services: health.Machine, file: Path, said: Progress, wanted: frozenset[str]) -> frozenset[str]:
    """The switch to `said.new`. What was well before must be well again, else `said.old` is back; what was not."""
    save(file, said)
    install.switch(node.home, install.CURRENT, said.new)
    services.restart()
    gone = health.missing(services, wanted, node.patience_s, node.settle_s)
    if gone:
        install.switch(node.home, install.CURRENT, said.old)
        services.restart()
    else:
        install.switch(node.home, install.GOOD, said.new)
    return gone


def not_well(gone: frozenset[str]) -> str:
    """What a trial found."""
    return f"not well with it: {', '.join(sorted(gone))}"


def _end(node: Node, said: Progress) -> int:
    for name in ("part.tar", signed.MANIFEST, signed.SIGNATURE):
        (node.own / name).unlink(missing_ok=True)
    save(node.file, replace(said, text=said.text[:200]))
    _log.info("update %s: %s %s", said.id, said.state, said.text)
    return 0
