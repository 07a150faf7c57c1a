"""`stadtknoten-edge configure`: makes node.toml out of what provisioning wants and what was measured on this node."""

import argparse
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from edge import files
from edge.config import THRESHOLDS, parse
from edge.section import ConfigError

_MEASURED = (*THRESHOLDS, "baseline_ut")  # by `calibrate`, on the spot
_ENROLLED = "broker"  # by `enrol`, from the hub
Said = Mapping[tuple[str, str], str]  # (section, key) -> what the hub says now, "" when it was not asked
_NOTHING: Said = {}


def main(arguments: list[str]) -> int:
    """Prints "changed" or "unchanged"; 0 done, 2 what is wanted cannot be used, and then nothing was changed."""
    options = _parser().parse_args(arguments)
    try:
        said = {("broker", "url"): options.broker, ("roaming", "hub_key"): options.hub_key}
        text = merged(sorted(options.wanted.glob("*.toml")), options.config, said)
        old = options.config.read_text() if options.config.exists() else None
        if text != old:
            verify(text, options.verify)
            if not options.dry_run:
                files.replace(options.config, text.encode())
    except (ConfigError, OSError, ValueError) as error:
        print(f"stadtknoten-edge: {error}", file=sys.stderr)
        return 2
    print("unchanged" if text == old else "changed")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-edge configure",
        description="Joins the files of a directory into node.toml. Thresholds that were measured here and what the "
        "hub said (its broker, its key for roaming visitors) are kept where neither files nor options say more.",
    )
    parser.add_argument("--wanted", type=Path, required=True, metavar="DIR", help="files *.toml, joined by their names")
    parser.add_argument("--config", type=Path, default=Path("/etc/stadtknoten/node.toml"), metavar="FILE.toml")
    parser.add_argument("--broker", default="", metavar="URL", help="the hub's broker, for a node that is enrolled")
    parser.add_argument("--hub-key", default="", metavar="HEX", help="the hub's key for roaming visitors")
    parser.add_argument("--dry-run", action="store_true", help="only say whether something would change")
    parser.add_argument(
        "--verify", action="append", default=[], metavar="COMMAND", help="is called with the new file and must succeed"
    )
    return parser


def merged(wanted: Sequence[Path], present: Path, said: Said = _NOTHING) -> str:
    """The new file's text; ConfigError when a file is no TOML or two of them hold the same section."""
    parts = [_read(file) for file in wanted]
    names = [name for part in parts for name in part]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"two files want [{sorted(twice)[0]}]")
    document = tomlkit.parse("\n".join(tomlkit.dumps(part).strip() + "\n" for part in parts))
    _keep(document, _read(present) if present.exists() else tomlkit.document(), said)
    if _ENROLLED in document:
        parse(document.unwrap())
    return tomlkit.dumps(document)


def _read(file: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8"))
    except (ValueError, UnicodeError) as error:  # tomlkit's errors are ValueErrors
        raise ConfigError(f"{file}: not valid TOML: {error}") from None


def _keep(document: tomlkit.TOMLDocument, old: tomlkit.TOMLDocument, said: Said) -> None:
    measured: dict[str, Any] = {str(bay.get("id")): bay for bay in old.get("bays", [])}
    for bay in document.get("bays", []):
        before = measured.get(str(bay.get("id")), {})
        if before.get("sensor") == bay.get("sensor") and not any(key in bay for key in _MEASURED):
            for key in _MEASURED:
                if key in before:
                    bay[key] = before[key]
    if _ENROLLED not in document and _ENROLLED in old:
        document[_ENROLLED] = old[_ENROLLED]
        if said.get(("broker", "url")):
            document[_ENROLLED]["url"] = said["broker", "url"]
    if (roaming := document.get("roaming")) is not None and "hub_key" not in roaming:
        key = said.get(("roaming", "hub_key")) or old.get("roaming", {}).get("hub_key", "")
        if key:
            roaming["hub_key"] = key


def verify(text: str, commands: Sequence[str]) -> None:
    """ConfigError with a command's own words when it refuses the file."""
    with tempfile.TemporaryDirectory(prefix="node-") as directory:
        trial = Path(directory, "node.toml")
        trial.write_text(text)
        for command in commands:
            done = subprocess.run([*shlex.split(command), str(trial)], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise ConfigError(
                    (done.stderr.strip() or f"{command} refuses the file").replace(str(trial), "node.toml")
                )
