"""Installs what was fetched, tries it, keeps it or takes it back. Every step is on disk before the next begins."""

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

    @property
    def file(self) -> Path:
        """How far the update is; others may read it."""
        return self.own / "progress.json"


def apply(node: Node, services: health.Services) -> int:
    """Takes what was fetched; 0 when the node is well afterwards, on the new release or on the old one again."""
    wanted = order.load(node.fetched, READY)
    (node.fetched / READY).unlink(missing_ok=True)
    if wanted is None or ((before := load(node.file)).id == wanted.id and before.is_over):
        return 0
    said = Progress(wanted.id, "installing", 60)
    try:
        part, archive = _own_copy(node)
        said = replace(said, old=install.linked(node.home, install.CURRENT), new=part.release)
        if said.old == said.new:
            return _end(node, replace(said, state="done", percent=100, text="it is in use already"))
        _refuse_older(node, part)
        save(node.file, said)
        _install(node, part, archive, lambda percent: save(node.file, replace(said, percent=percent)))
    except (ReleaseError, OSError) as error:
        return _end(node, replace(said, state="refused", text=str(error)))
    return _try(node, services, replace(said, state="trial", percent=90))


def recover(node: Node, services: health.Services | None) -> None:
    """After a power cut or the death of `apply`: what was half done is taken back; services that run begin anew."""
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
    install.check_configuration(node.home, part, node.config)
    archive.unlink(missing_ok=True)


def _try(node: Node, services: health.Services, said: Progress) -> int:
    """The switch. What was well before must be well again, or the old release is back."""
    wanted = services.well()
    save(node.file, said)
    install.switch(node.home, install.CURRENT, said.new)
    services.restart()
    gone = health.missing(services, wanted, node.patience_s, node.settle_s)
    if not gone:
        install.switch(node.home, install.GOOD, said.new)
        _end(node, replace(said, state="done", percent=100))
        install.prune(node.home)
        return 0
    install.switch(node.home, install.CURRENT, said.old)
    services.restart()
    return _end(node, replace(said, state="rolled_back", text=f"not well with it: {', '.join(sorted(gone))}"))


def _end(node: Node, said: Progress) -> int:
    for name in ("part.tar", signed.MANIFEST, signed.SIGNATURE):
        (node.own / name).unlink(missing_ok=True)
    save(node.file, replace(said, text=said.text[:200]))
    _log.info("update %s: %s %s", said.id, said.state, said.text)
    return 0
