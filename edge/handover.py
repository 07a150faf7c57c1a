"""What goes between the agent and the WiFi side as files: settings down, the gate's word up; the node's own file."""

import json
import logging
from pathlib import Path

from edge import files
from edge.config import Config

_log = logging.getLogger(__name__)
_LONGEST_FILE = 32 * 1024  # bytes


def write_wifi(config: Config) -> None:
    """The hub's WiFi settings for gate and portal; OSError when they cannot be written."""
    if config.portal:
        body = {"v": config.wifi_v, "wifi": config.wifi or {}}
        files.replace(config.state.directory / "wifi.json", json.dumps(body).encode())


def obeyed(config: Config) -> dict[str, object]:
    """What the gate says of itself for a status: the version that it obeys, and whether it lets people in."""
    if not config.portal or config.obeyed is None:
        return {}
    try:
        said = json.loads(config.obeyed.read_text())
        version, is_open = said["v"], said["open"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if type(version) is not int or type(is_open) is not bool:
        return {}
    return {"wifi_v": version or None, "wifi_open": is_open}


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
