"""python -m edge.update fetch|apply|recover|use: the steps of an update, for units, the agent or the playbook."""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.update.apply import Node

STATE, OWN = Path("/var/lib/stadtknoten"), Path("/var/lib/stadtknoten-update")
HOME, KEY = Path("/opt/stadtknoten/node"), Path("/opt/stadtknoten/release.pub")
CONFIG = Path("/etc/stadtknoten/node.toml")


def main(arguments: list[str] | None = None) -> int:
    """Runs one step; 0 done."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    if options.step == "fetch":
        return _fetch(options)
    os.umask(0o022)  # the agent reads how far it is, every service runs what is installed
    from edge.update import apply, health

    node = _node(options)
    if options.step == "use":
        return _use(options, node)
    services = health.Services(options.systemctl, health.UNITS, options.config, options.state)
    if options.step == "apply":
        return apply.apply(node, services)
    apply.recover(node, None if options.step == "recover" else services)
    return 0


def _node(options: argparse.Namespace) -> "Node":
    from edge.update import apply

    return apply.Node(
        options.home,
        options.state / "update",
        options.own,
        options.key,
        options.config,
        options.python,
        options.part,
        options.patience,
        options.settle,
        options.usual,
    )


def _use(options: argparse.Namespace, node: "Node") -> int:
    """Prints "changed" or "unchanged", or says in a sentence why the release is not in use."""
    from edge.rules.release import ReleaseError
    from edge.update import health, use

    services: health.Machine = health.HubServices(options.systemctl, health.HUB_UNITS, options.ready)
    if not options.ready:
        services = health.Services(options.systemctl, health.UNITS, options.config, options.state)
    config = None if options.ready else options.config
    try:
        print(use.use(node, services, options.release, config=config, now=options.now))
    except (ReleaseError, OSError) as error:
        unit = "stadtknoten-hub-web" if options.ready else "stadtknoten-edge"
        print(f"{error}. Look why: sudo journalctl -u {unit} -n 50", file=sys.stderr)
        return 1
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from edge.update import apply, fetch, order, signed

    directory = options.state / "update"
    wanted = order.load(directory)
    if wanted is None:
        return 0
    if not fetch.Fetch(directory, options.key).run(wanted, options.part or signed.own_part()):
        return 1
    order.save(directory, wanted, apply.READY)  # the unit stadtknoten-update.path waits for it
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge.update", description=__doc__)
    parser.add_argument("step", choices=("fetch", "apply", "recover", "take-back", "use"))
    parser.add_argument("--release", default="", metavar="NAME", help="use: what lies in --home and shall be in use")
    parser.add_argument("--state", type=Path, default=STATE, help="the agent's directory")
    parser.add_argument("--own", type=Path, default=OWN)
    parser.add_argument("--home", type=Path, default=HOME)
    parser.add_argument("--key", type=Path, default=KEY)
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--python", default="/usr/bin/python3")
    parser.add_argument("--part", default="", help="default: what fits this machine")
    parser.add_argument("--systemctl", default="systemctl")
    parser.add_argument("--patience", type=float, default=120.0, metavar="SECONDS")
    parser.add_argument("--settle", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--usual", type=float, default=10.0, metavar="SECONDS", help="look so long what is well before")
    parser.add_argument("--ready", default="", metavar="URL", help="use: this is the hub, which answers there")
    parser.add_argument("--now", action="store_true", help="use: try it, whatever it says of this node's file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
