"""`stadtknoten-edge doctor`: what is wrong with this node, and what to do."""

import argparse
import os
import sys
from pathlib import Path

from edge.doctor import as_json, as_list, examine
from edge.rules.checkup import Level, worst


def main(arguments: list[str]) -> int:
    """Prints the list; 0 well or only to look at, 1 something is bad."""
    options = _parser().parse_args(arguments)
    findings = examine(options.config)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(as_json(findings) if options.json else as_list(findings, colour=colour))
    return int(worst(findings) is Level.BAD)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge doctor",
        description="Looks at radio, ports, leases, gate, line, clock, certificate, broker, hub, disk and sensors. "
        "Changes nothing. Run it with sudo, otherwise some things are hidden. Exit code 1 when something is bad.",
    )
    parser.add_argument("--config", type=Path, default=Path("/etc/stadtknoten/node.toml"), metavar="FILE.toml")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser
