"""`stadtknoten-edge enrol CODE` and `renew`: the technician's side of a node's certificate."""

import argparse
import sys
from pathlib import Path

import tomlkit

from edge import enrolment, files
from edge.config import load, parse
from edge.section import ConfigError

_STATE = Path("/var/lib/stadtknoten")


def enrol(arguments: list[str]) -> int:
    """Fetches the first certificate and writes it into the configuration; 0 done, 1 refused, 2 wrong file."""
    options = _enrol_parser().parse_args(arguments)
    try:
        identity = enrolment.enrol(options.hub, options.code, options.state)
        _write(options.config, options.hub, options.state, identity)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    except (enrolment.EnrolmentError, OSError) as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 1
    print(f"This node is {identity.name} now. Written to {options.config}; start the agent to see it in the hub.")
    return 0


def renew(arguments: list[str]) -> int:
    """Fetches a new certificate before the old one ends; the agent takes it with its next connection."""
    parser = argparse.ArgumentParser(prog="stadtknoten-edge renew", description="Fetch a new certificate.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE.toml")
    try:
        config = load(parser.parse_args(arguments).config)
        enrolment.renew(config.hub, config.state.directory, config.name)
    except ConfigError as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    except (enrolment.EnrolmentError, OSError, ValueError) as error:
        print(f"stadtknoten-edge: the certificate was not renewed: {error}", file=sys.stderr)
        return 1
    return 0


def _enrol_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge enrol",
        description="Turns a one-time code (stadtknoten-hub node enrol NAME) into this node's own certificate. The "
        "private key is made here and stays here.",
    )
    parser.add_argument("code", metavar="CODE", help="such as 7KQF-2M9X-RT4C-81F2-A07C-3B9D")
    parser.add_argument("--hub", required=True, metavar="URL", help="the hub's address, https://...")
    parser.add_argument("--config", type=Path, default=Path("/etc/stadtknoten/node.toml"), metavar="FILE.toml")
    parser.add_argument("--state", type=Path, default=_STATE, metavar="DIR", help=f"default {_STATE}")
    return parser


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
