"""What goes between the agent and the WiFi side as files: settings down, the gate's word up; the node's own file."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from edge import files
from edge.config import Config

_log = logging.getLogger(__name__)
_LONGEST_FILE = 32 * 1024  # bytes


def write_wifi(config: Config, clock: Mapping[str, object] | None) -> None:
    """The hub's WiFi settings for gate and portal, and whether the clock was set since this start ({"boot", "set"});
    OSError when they cannot be written. Nothing is written twice."""
    if not config.portal:
        return
    file = config.state.directory / "wifi.json"
    before = _read(file)
    body: dict[str, object] = {"v": config.wifi_v, "wifi": config.wifi or {}}
    if clock is not None:
        was_set = before.get("clock") == {"boot": clock["boot"], "set": True}  # later it runs on by itself
        body["clock"] = {**clock, "set": clock["set"] or was_set}
    if body != before:
        files.replace(file, json.dumps(body).encode())


def _read(file: Path) -> dict[str, object]:
    try:
        said = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def obeyed(config: Config) -> dict[str, object]:
    """What the gate says of itself for a status: the version that it obeys, whether it lets people in, whether it
    stays as it was for want of the time, and what the radio does."""
    if not config.portal or config.obeyed is None:
        return {}
    said = _read(config.obeyed)
    version, is_open, radio = said.get("v"), said.get("open"), said.get("radio")
    if type(version) is not int or type(is_open) is not bool:
        return {}
    found = {"wifi_v": version or None, "wifi_open": is_open, "wifi_held": said.get("held") is True or None}
    return found | ({"wifi_radio": radio[:16]} if isinstance(radio, str) else {})


def own_file(file: Path | None, node: str) -> dict[str, object] | None:
    """{"name", "text"} of the node's own file, for the day on which its card is dead; None when that cannot be."""
    if file is None:
        return None
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("%s: %s cannot be read for its backup: %s", node, file, error)
        return None
    return {"name": file.name, "text": text} if len(text.encode()) <= _LONGEST_FILE else None
