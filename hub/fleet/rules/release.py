"""Signed releases as the hub reads their manifests, and what one would change. Pure.

The node's own view of the same is edge.rules.release; a test holds both against each other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"[0-9a-z][0-9a-z.+-]{0,39}-[0-9a-f]{12}")
_PART = re.compile(r"node-[a-z0-9_]+-cp3\d+\.tar")
FIRMWARE, FIRMWARE_OFFER = "firmware.bundle", "firmware.json"


_TABLES = {  # of node.toml; what stands in more than one is named by the first
    key: table
    for table, keys in {
        "node": "name label led hub portal thermometer host_clock",
        "state": "directory max_rows max_bytes hard_bytes keep_days reference_log",
        "broker": "url username password_file ca_file cert_file window keepalive_s replay_per_s",
        "rules": "occupied_after_s free_after_s still_m max_flips flip_window_s no_echo_limit repeat_minutes status_s"
        " sample_s",
        "bays": "id sensor pin active trigger echo bus address baseline_ut occupied_below_m free_above_m"
        " occupied_above_ut free_below_ut",
        "portal": "listen host session_minutes services_url certificate certificate_key tls_port metrics",
        "network": "lan wan ipv4 ipv6 ipv6_masquerade admin_ports extra_rules lease_file hostapd gate_socket gate_store"
        " store_key portal_user watch_user",
        "limits": "download_mbit upload_mbit total_mbit quota_mb clients",
        "garden": "names",
        "roaming": "hub_key key_file",
        "radio": "interface bridge ssid band channel country indoor without_owe capacity venue venue_url control"
        " monitor driver",
    }.items()
    for key in keys.split()
}


@dataclass(frozen=True)
class Release:
    """`files` is name -> (SHA-256, bytes) of what nodes and sensors may fetch; `packages` part -> name -> version."""

    name: str
    version: str
    files: Mapping[str, tuple[str, int]]
    packages: Mapping[str, Mapping[str, str]]
    keys: tuple[str, ...] = ()
    made: int = 0  # seconds since 1970; no node installs an older one over a newer one

    @property
    def installed(self) -> frozenset[str]:
        """What nodes call it once they run it: the version and their part's hash."""
        return frozenset(f"{self.version}-{sha256[:12]}" for file, (sha256, _) in self.files.items() if _is_part(file))


def is_name(text: str) -> bool:
    """Whether a text can be a release's name: safe in paths and addresses."""
    return _NAME.fullmatch(text) is not None


def read(manifest: object, digest: str) -> Release:
    """The release of a manifest with that SHA-256; ValueError when it is none or holds nothing for nodes."""
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ValueError("this is no manifest of a release")  # noqa: TRY004 (the file is wrong, not the caller)
    version, keys = str(manifest.get("version", "")), manifest.get("keys", [])
    name = f"{version}-{digest[:12]}"
    files, packages = {}, {}
    for file, said in manifest["files"].items():
        if (_is_part(file) or file in (FIRMWARE, FIRMWARE_OFFER)) and isinstance(said, dict):
            files[file] = (str(said["sha256"]), int(said["bytes"]))
            packages[file.removesuffix(".tar")] = _packages(said.get("contains", ()))
    if not is_name(name) or not files:
        raise ValueError("this release holds nothing for nodes; build it with `make bundle`")
    return Release(name, version, files, packages, tuple(str(key) for key in keys), int(manifest.get("made", 0)))


def changes(old: Release | None, new: Release) -> list[str]:
    """What `new` would change, a line each; packages of any part once."""
    if old is None:
        return [f"release: not known -> {new.name}"]
    lines = [f"release: {old.name} -> {new.name}"]
    before, after = _all_packages(old), _all_packages(new)
    for name in sorted(before | after):
        if before.get(name) != after.get(name):
            lines.append(f"package: {name} {before.get(name, '(new)')} -> {after.get(name, '(gone)')}")
    lines += [f"setting: {key} is new" for key in new.keys if old.keys and key not in old.keys]
    lines += [f"setting: {key} is not known any more" for key in old.keys if key not in new.keys]
    return lines


def grouped(lines: Sequence[str]) -> dict[str, list[str]]:
    """What `changes` says, by heading: release, package, and the [table] of node.toml that a setting stands in ([] for
    one that this hub does not know yet)."""
    found: dict[str, list[str]] = {}
    for line in lines:
        kind, _colon, text = line.partition(": ")
        found.setdefault(kind if kind != "setting" else f"[{_table(text)}]", []).append(text)
    tables = sorted((key for key in found if key.startswith("[")), key=lambda key: (key == "[]", key))
    return {key: found[key] for key in [*(key for key in found if key not in tables), *tables]}


def _table(text: str) -> str:
    """The table of a setting: it is named before the dot, or known here."""
    key = text.split(" ", 1)[0]
    table, dot, _name = key.partition(".")
    return table if dot else _TABLES.get(key, "")


def _is_part(file: str) -> bool:
    return _PART.fullmatch(file) is not None


def _packages(contains: Sequence[object]) -> dict[str, str]:
    names = [name.removeprefix("wheels/") for name in map(str, contains) if name.endswith(".whl")]
    return {words[0].replace("_", "-").lower(): words[1] for name in names if len(words := name.split("-")) > 2}


def _all_packages(release: Release) -> dict[str, str]:
    return {name: version for part in release.packages.values() for name, version in part.items()}
