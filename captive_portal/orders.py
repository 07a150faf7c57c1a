"""What the hub says of this node's WiFi, as the agent left it in `wifi.json`: off, opening times, speed, quota, devices
that are shut out. It holds without the hub and without the agent; a file that cannot be obeyed changes nothing.

The gate is root and the agent is not, so the file is read like a stranger's: a regular file, small, checked key by key.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from captive_portal.config import Limits
from captive_portal.devices import regular_content
from edge import wire

_log = logging.getLogger(__name__)
OFF, HOURS = "wifi_off", "wifi_hours"  # why nobody is let in
BLOCKED = "wifi_blocked"


@dataclass(frozen=True)
class Orders:
    """Version `v` of the hub's settings; version 0 is the node's own file alone."""

    v: int = 0
    wifi: Mapping[str, Any] = field(default_factory=dict)
    zone: tzinfo = UTC

    def closed(self, now_ms: int) -> str:
        """OFF or HOURS while nobody is let in, else ""."""
        if self.wifi.get("off") is True:
            return OFF
        return "" if wire.is_open(dict(self.wifi), *self._minute(now_ms)) else HOURS

    def opens_ms(self, now_ms: int) -> int | None:
        """When a closed WiFi opens by itself."""
        wait = wire.opens_in(dict(self.wifi), *self._minute(now_ms))
        return None if wait is None else (now_ms // 60_000 + wait) * 60_000

    def shuts_out(self, names: tuple[str, ...], now_ms: int) -> bool:
        """Whether the device with these hashes of the day is blocked."""
        return wire.is_blocked(dict(self.wifi), names, now_ms)

    @property
    def blocks(self) -> bool:
        """Whether any device is named."""
        return bool(self.wifi.get("blocked"))

    def limits(self, own: Limits) -> Limits:
        """The node's own limits with what the hub says of speed and quota."""
        said = {key: self.wifi[key] for key in ("download_mbit", "upload_mbit", "quota_mb") if key in self.wifi}
        return replace(own, **said)

    def _minute(self, now_ms: int) -> tuple[int, int]:
        now = datetime.fromtimestamp(now_ms / 1000, self.zone)
        return now.weekday(), now.hour * 60 + now.minute


def read(content: bytes) -> Orders:
    """The orders in a file; ValueError says what is wrong with it."""
    body = wire.parse(content)
    version, wifi = body.get("v"), body.get("wifi")
    if type(version) is not int or not isinstance(wifi, dict):
        raise ValueError("wifi.json must hold v and wifi")
    wire.check_wifi(wifi)
    try:
        zone = ZoneInfo(str(wifi["zone"])) if "zone" in wifi else UTC
    except (KeyError, OSError):
        raise ValueError(f"this node does not know the time zone {wifi['zone']}") from None
    return Orders(version, wifi, zone)


class OrderFile:
    """Reads `file` again when it was replaced; `obeyed` is where to say which version is in force."""

    def __init__(self, file: Path | None, obeyed: Path | None = None) -> None:
        self._file, self._obeyed = file, obeyed
        self._seen: tuple[int, int] | None = None
        self._orders = Orders()
        self._told: bytes | None = None

    def current(self) -> Orders:
        """The newest ones that can be obeyed."""
        if self._file is None:
            return self._orders
        try:
            stat = self._file.lstat()
        except OSError:
            return self._orders
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            self._seen = seen
            try:
                self._orders = read(regular_content(self._file))
            except ValueError as error:
                _log.warning("the hub's settings of the WiFi are not obeyed, the last ones stay: %s", error)
        return self._orders

    def tell(self, now_ms: int) -> None:
        """Says for the agent which version is in force and whether people are let in."""
        if self._obeyed is None or not self._obeyed.parent.is_dir():
            return
        body = json.dumps({"v": self._orders.v, "open": not self._orders.closed(now_ms)}).encode()
        if body == self._told:
            return
        try:
            fresh = self._obeyed.with_suffix(".new")
            fresh.write_bytes(body)
            fresh.chmod(0o644)
            fresh.replace(self._obeyed)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._obeyed, error.strerror)
            return
        self._told = body
