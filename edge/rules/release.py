"""A signed release as its manifest describes it, and what another one would change. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_VERSION = re.compile(r"[0-9a-z][0-9a-z.+-]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 1 << 30


class ReleaseError(ValueError):
    """A release that is not installed; the text says why in one sentence."""


@dataclass(frozen=True)
class Part:
    """What one kind of machine installs: its archive and the packages in it; `keys` are settings that it knows."""

    name: str
    version: str
    made: int  # seconds since 1970; an older release is not installed over a newer one
    sha256: str
    size: int  # bytes
    packages: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()

    @property
    def release(self) -> str:
        """Version and hash: the name of its directory."""
        return f"{self.version}-{self.sha256[:12]}"


@dataclass(frozen=True)
class Changes:
    """What a new part would change; packages as (name, old version or "", new version or "")."""

    old: str
    new: str
    packages: tuple[tuple[str, str, str], ...]
    new_keys: tuple[str, ...]
    old_keys: tuple[str, ...]


def part_of(manifest: object, name: str) -> Part:
    """The part `name` such as node-aarch64-cp311; ReleaseError when it is not there or not well-formed."""
    if not isinstance(manifest, dict):
        raise ReleaseError("the manifest is not readable")
    files, version, made = manifest.get("files"), manifest.get("version"), manifest.get("made", 0)
    found = files.get(f"{name}.tar") if isinstance(files, dict) else None
    if not isinstance(found, dict):
        raise ReleaseError(f"the release holds no {name}")
    sha256, size = found.get("sha256"), found.get("bytes")
    if not isinstance(version, str) or not _VERSION.fullmatch(version) or type(made) is not int:
        raise ReleaseError("the manifest names no version")
    if (
        not isinstance(sha256, str)
        or not _HASH.fullmatch(sha256)
        or type(size) is not int
        or not 0 < size < _MOST_BYTES
    ):
        raise ReleaseError(f"the manifest does not describe {name}")
    return Part(name, version, made, sha256, size, _packages(found.get("contains")), _names(manifest.get("keys")))


def changes(old: Part | None, new: Part) -> Changes:
    """What differs; everything is new when nothing is known of the old one."""
    before: Mapping[str, str] = old.packages if old else {}
    names = sorted(set(before) | set(new.packages))
    moved = [(name, before.get(name, ""), new.packages.get(name, "")) for name in names]
    keys: Sequence[str] = old.keys if old else new.keys
    return Changes(
        old=old.release if old else "",
        new=new.release,
        packages=tuple(line for line in moved if line[1] != line[2]),
        new_keys=tuple(key for key in new.keys if key not in keys),
        old_keys=tuple(key for key in keys if key not in new.keys),
    )


def described(found: Changes) -> list[str]:
    """The same as lines for the technician."""
    if found.old == found.new:
        return [f"{found.new} is in use already; nothing would change."]
    lines = [f"release: {found.old or 'not known'} -> {found.new}"]
    for name, before, after in found.packages:
        lines.append(f"package: {name} {before or '(new)'} -> {after or '(gone)'}")
    lines += [f"setting: {key} is new" for key in found.new_keys]
    lines += [f"setting: {key} is not known any more" for key in found.old_keys]
    return lines if len(lines) > 1 else [*lines, "No package and no setting changes but our own program."]


def _packages(contains: Any) -> dict[str, str]:
    """Out of names such as wheels/flask-3.1.2-py3-none-any.whl."""
    names = [name.removeprefix("wheels/") for name in _names(contains) if name.endswith(".whl")]
    return {words[0].replace("_", "-").lower(): words[1] for name in names if len(words := name.split("-")) > 2}


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
