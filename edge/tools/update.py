"""`stadtknoten-edge update`: which release runs here, how far an update is, and what another one would change."""

import argparse
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

from edge import trust
from edge.rules.release import Part, ReleaseError, changes, described, part_of
from edge.update import signed
from edge.update.progress import load
from edge.updates import OWN, manifest_in_use, release_in_use

_KEY = Path("/opt/stadtknoten/release.pub")
_PINNED = Path("/var/lib/stadtknoten") / trust.PINNED
_TIMEOUT_S = 20.0


def main(arguments: list[str]) -> int:
    """0 said, 1 the release cannot be had or is not signed by the town."""
    options = _parser().parse_args(arguments)
    name = options.part or signed.own_part()
    if options.dry_run is None:
        said = load(options.own / "progress.json")
        print(f"release: {release_in_use() or 'none (not installed from a release)'}")
        print(f"last update: {said.state} {said.new} {said.text}".rstrip() if said.id else "last update: none")
        return 0
    try:
        print("\n".join(described(changes(_present(name), _wanted(options.dry_run, options.key, name)))))
    except (ReleaseError, OSError, ValueError) as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge update",
        description="Says which release runs here and how far an update is. Updates come from the hub (there: "
        "stadtknoten-hub rollout start RELEASE) or from the playbook.",
    )
    parser.add_argument(
        "--dry-run", metavar="DIR|URL", help="what would change with this signed release; changes nothing"
    )
    parser.add_argument("--key", type=Path, default=_KEY, metavar="FILE", help=f"default {_KEY}")
    parser.add_argument("--own", type=Path, default=OWN, help=argparse.SUPPRESS)
    parser.add_argument("--part", default="", help="default: what fits this machine")
    return parser


def _present(name: str) -> Part | None:
    try:
        return part_of(manifest_in_use(), name)
    except ReleaseError:
        return None


def _wanted(place: str, key: Path, name: str) -> Part:
    if Path(place).is_dir():
        return signed.verified(Path(place), key, name)
    if not place.startswith(("https://", "http://")):
        raise ReleaseError(f"{place} is neither a directory nor an address")
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        for file in (signed.MANIFEST, signed.SIGNATURE):
            address, believed = f"{place.rstrip('/')}/{file}", trust.context(_PINNED)
            with urlopen(address, timeout=_TIMEOUT_S, context=believed) as answer:  # noqa: S310 (checked above)
                Path(scratch, file).write_bytes(answer.read(1 << 20))
        return signed.verified(Path(scratch), key, name)
