"""Configuration and commands from the hub: checked, kept, refused with a reason. Nothing else is done."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from edge import files, wire
from edge.config import RULES, THRESHOLDS, Config, limits_of, thresholds_of
from edge.section import ConfigError, Section

_log = logging.getLogger(__name__)
_REMEMBERED = 50  # ids of commands: the broker may deliver one twice


def overlay(config: Config, body: dict[str, object]) -> Config:
    """The node's own configuration with the hub's rules and thresholds; ConfigError says what is wrong with them."""
    rules = Section(body, "rules", tuple(key for key in RULES if key != "sample_s")) if "rules" in body else None
    if rules is not None:
        config = replace(
            config,
            limits=limits_of(rules, config.limits),
            repeat_s=rules.number("repeat_minutes", config.repeat_s / 60, 0.1) * 60,
            status_s=rules.number("status_s", config.status_s, 1),
        )
    entries = body.get("bays", [])
    if not isinstance(entries, list):
        raise ConfigError("bays: must be a list")
    bays = {bay.id: bay for bay in config.bays}
    for number, entry in enumerate(entries, 1):
        section = Section({f"bays {number}": entry}, f"bays {number}", ("id", *THRESHOLDS))
        bay = section.text("id")
        if bay not in bays:
            raise ConfigError(f"bays {number} id: this node has no bay {bay}")
        bays[bay] = thresholds_of(section, bays[bay])
    return _with_wifi(replace(config, bays=tuple(bays.values())), body)


def _with_wifi(config: Config, body: dict[str, object]) -> Config:
    wifi, version = body.get("wifi"), int(str(body.get("v", 0)))
    if wifi is None:
        return replace(config, wifi={}, wifi_v=version)
    if not config.portal:
        raise ConfigError("wifi: this node has none")
    try:
        wire.check_wifi(wifi)
    except wire.WireError as error:
        raise ConfigError(str(error)) from None
    if not isinstance(wifi, dict):
        raise ConfigError("wifi: must be an object")
    if "zone" in wifi:
        try:
            ZoneInfo(str(wifi["zone"]))
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ConfigError(f"wifi zone: this node does not know {wifi['zone']}") from None
    return replace(config, wifi=wifi, wifi_v=version)


@dataclass(frozen=True)
class Verdict:
    """Which version rules here, and which one was refused and why."""

    applied_v: int = 0
    refused_v: int = 0
    why: str = ""


class RemoteConfig:
    """The hub's configuration of this node; the last good one is kept in `remote.json`."""

    def __init__(self, config: Config, apply: Callable[[Config], None]) -> None:
        self._own, self._apply = config, apply
        self._file = config.state.directory / "remote.json"
        self.verdict = Verdict()

    def load(self) -> None:
        """Takes up what an earlier run kept; what no longer fits the node's own file is refused with a reason."""
        try:
            payload = self._file.read_bytes()
        except FileNotFoundError:
            return
        try:
            self._take(wire.decode("config", payload))
        except (wire.WireError, ConfigError) as error:
            _log.warning("%s: the kept configuration is not used: %s", self._own.name, error)
            self.verdict = Verdict(why=str(error)[:200])

    def receive(self, payload: bytes) -> None:
        """A configuration came; what is right is kept on disk and used, what is wrong changes nothing."""
        try:
            body = wire.decode("config", payload)
        except wire.WireError as error:
            self.verdict = replace(self.verdict, why=str(error)[:200])
            return
        version = int(str(body["v"]))
        if version == self.verdict.applied_v:
            return
        if version < self.verdict.applied_v:
            self._refuse(version, f"version {self.verdict.applied_v} is in use, which is newer")
            return
        try:
            overlay(self._own, body)
            files.replace(self._file, payload)
            self._take(body)
        except (ConfigError, OSError) as error:
            self._refuse(version, str(error))

    def _refuse(self, version: int, why: str) -> None:
        _log.warning("%s: configuration %d refused: %s", self._own.name, version, why)
        self.verdict = replace(self.verdict, refused_v=version, why=why[:200])

    def _take(self, body: dict[str, object]) -> None:
        self._apply(overlay(self._own, body))
        self.verdict = Verdict(applied_v=int(str(body["v"])))
        _log.info("%s: configuration %d of the hub is in use", self._own.name, self.verdict.applied_v)


class Commands:
    """identify, restart, restart_wifi, reread: each id once, and not after its time."""

    def __init__(self, file: Path, actions: dict[str, Callable[[], str]]) -> None:
        """An action returns what to tell; ConfigError and OSError say why it could not be done."""
        self._file, self._actions = file, actions
        self.asked = ""  # the id of the command that is being obeyed

    def receive(self, payload: bytes, now_ms: int, synced: bool) -> dict[str, object] | None:
        """Obeys and returns the body of the answer; None for one that was obeyed before. WireError for nonsense."""
        body = wire.decode("command", payload)
        identity, known = str(body["id"])[:40], self._known()
        if identity in known:
            return None
        # Kept before it is done: a restart must not come again with the message that asked for it.
        files.replace(self._file, json.dumps([*known, identity][-_REMEMBERED:]).encode())
        ok, text, self.asked = False, "came too late", identity
        if not synced or now_ms <= wire.parse_ms(str(body["until"])):
            try:
                ok, text = True, self._actions[str(body["name"])]()
            except (ConfigError, OSError) as error:
                text = str(error)
        return {"ts": wire.format_ms(now_ms), "id": identity, "ok": ok, "text": text[:200]}

    def _known(self) -> list[str]:
        try:
            kept = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return []
        return [str(one) for one in kept] if isinstance(kept, list) else []
