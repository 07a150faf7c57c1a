"""The playbook's way to a release that lies here already: tried like one from the hub, kept or taken back."""

from dataclasses import replace
from pathlib import Path

from edge.rules.release import ReleaseError
from edge.update import health, install
from edge.update.apply import Node, not_well, trial
from edge.update.progress import Progress, save

_OTHER_S = 300.0  # how long an update of the hub may be at it


def use(node: Node, services: health.Machine, release: str, *, config: Path | None, now: bool) -> str:
    """ "changed" or "unchanged"; ReleaseError with a sentence when the release is not in use afterwards.

    A release that cannot read this node's file as it is comes into use without a restart, unless `now`: the playbook
    is about to write the file, and tries it then. When the power goes before, `recover` takes it back.
    """
    with install.alone(node.home, _OTHER_S):
        if install.linked(node.home, install.CURRENT) == install.linked(node.home, install.GOOD) == release:
            return "unchanged"
        if not install.is_complete(node.home, release):
            raise ReleaseError(f"{release} is not installed here")
        if not install.linked(node.home, install.GOOD) or not services.active():
            for link in (install.CURRENT, install.GOOD):  # nothing runs that could become worse
                install.switch(node.home, link, release)
            install.prune(node.home)
        elif config is not None and not now and not _reads(node, release, config):
            save(node.by_hand, _trial_of(node, release))
            install.switch(node.home, install.CURRENT, release)
        else:
            _try(node, services, release)
        return "changed"


def _reads(node: Node, release: str, config: Path) -> bool:
    try:
        install.check_configuration(node.home, release, config)
    except ReleaseError:
        return False
    return True


def _trial_of(node: Node, release: str) -> Progress:
    node.own.mkdir(exist_ok=True)
    return Progress("playbook", "trial", 90, old=install.linked(node.home, install.GOOD), new=release)


def _try(node: Node, services: health.Machine, release: str) -> None:
    wanted = health.usual(services, node.usual_s) | services.always
    said = _trial_of(node, release)
    gone = trial(node, services, node.by_hand, said, wanted)
    end = replace(said, state="rolled_back", text=not_well(gone)) if gone else replace(said, state="done", percent=100)
    save(node.by_hand, end)
    if gone:
        raise ReleaseError(f"{release} is {not_well(gone)}. {said.old} is in use again")
    install.prune(node.home)
