"""`stadtknoten-edge enrol CODE` and `renew`: the technician's side of a node's certificate."""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

import tomlkit

from edge import enrolment, files
from edge.config import load, parse
from edge.section import ConfigError

_STATE = Path("/var/lib/stadtknoten")
CONFIG = Path("/etc/stadtknoten/node.toml")


def enrol(arguments: list[str]) -> int:
    """Fetches the first certificate and writes it into the configuration; 0 done, 1 refused, 2 wrong file."""
    options = _enrol_parser().parse_args(arguments)
    known = _known(options.config)
    hub = options.hub or known.get("node", {}).get("hub", "")
    state = options.state or Path(known.get("state", {}).get("directory", _STATE))
    if not hub:
        print(f"stadtknoten-edge: {options.config} names no hub: say --hub https://... too", file=sys.stderr)
        return 2
    try:
        identity = enrolment.enrol(hub, options.code, state, options.name)
        _write(options.config, hub, state, identity)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    except (enrolment.EnrolmentError, OSError) as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 1
    print(f"This node is {identity.name} now, written to {options.config}. For the agent to take it: ", end="")
    print("sudo systemctl restart stadtknoten-edge")
    return 0


def renew(arguments: list[str]) -> int:
    """Fetches a new certificate before the old one ends; the agent takes it with its next connection."""
    options = _renew_parser().parse_args(arguments)
    try:
        config = load(options.config)
        enrolment.renew(config.hub, config.state.directory, config.name)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    except (enrolment.EnrolmentError, OSError, ValueError) as error:
        print(f"stadtknoten-edge: the certificate was not renewed: {error}", file=sys.stderr)
        return 1
    return 0


def _renew_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stadtknoten-edge renew", description="Fetch a new certificate.")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE.toml", help=f"default {CONFIG}")
    return parser


def _enrol_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge enrol",
        description="Turns a one-time code (stadtknoten-hub node enrol NAME) into this node's own certificate. The "
        "private key is made here and stays here.",
    )
    parser.add_argument("code", metavar="CODE", help="such as 7KQF-2M9X-RT4C-5D0E-91AA-81F2-A07C-3B9D")
    parser.add_argument("--name", default="", help="refuse a code for another node (default: take the code's name)")
    parser.add_argument("--hub", default="", metavar="URL", help="the hub, https://... (default: the configuration's)")
    parser.add_argument("--config", type=Path, default=CONFIG, metavar="FILE.toml", help=f"default {CONFIG}")
    parser.add_argument("--state", type=Path, metavar="DIR", help=f"default: the configuration's, else {_STATE}")
    return parser


def _known(file: Path) -> dict[str, dict[str, Any]]:
    """The sections of a configuration that may be half or missing: before its first certificate a node has no more."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: section for name, section in found.items() if isinstance(section, dict)}


def _write(file: Path, hub: str, state: Path, identity: enrolment.Identity) -> None:
    """Name, broker and certificate into the configuration, which is made when there is none."""
    document = tomlkit.parse(file.read_text()) if file.exists() else tomlkit.document()
    wanted = {
        "node": {"name": identity.name, "hub": hub},
        "state": {"directory": str(state)},
        "broker": {
            "url": identity.broker,
            "ca_file": str(state / enrolment.AUTHORITY),
            "cert_file": str(state / enrolment.CERTIFICATE),
        },
    }
    for name, values in wanted.items():
        if name not in document:
            document[name] = tomlkit.table()
        document[name].update(values)
    text = tomlkit.dumps(document)
    parse(tomlkit.parse(text).unwrap())
    file.parent.mkdir(parents=True, exist_ok=True)
    files.replace(file, text.encode())
