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
_BOOT = Path("/proc/sys/kernel/random/boot_id")
BLOCKED = "wifi_blocked"


@dataclass(frozen=True)
class Orders:
    """Version `v` of the hub's settings; version 0 is the node's own file alone."""

    v: int = 0
    wifi: Mapping[str, Any] = field(default_factory=dict)
    zone: tzinfo = UTC
    clock_set_in: str | None = None  # the start of the machine since which its clock was set, "" = it was not

    def trusts_clock(self, boot: str) -> bool:
        """Whether the clock was set since this start of the machine; later it runs well enough without the line. An
        agent that says nothing of it does not know, and the clock is believed."""
        return self.clock_set_in is None or self.clock_set_in == boot

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
    return Orders(version, wifi, zone, _clock(body.get("clock")))


def _clock(said: object) -> str | None:
    """What the agent says of the clock: {"boot": "...", "set": true}."""
    if said is None:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("boot"), str) or not isinstance(said.get("set"), bool):
        raise ValueError("clock must hold boot and set")  # noqa: TRY004 (the file is wrong, not the caller)
    return str(said["boot"]) if said["set"] else ""


def this_boot(file: Path = _BOOT) -> str:
    """The number of this start of the machine, as the agent writes it."""
    try:
        return file.read_text().strip().replace("-", "")[:12]
    except OSError:
        return "unknown"


class OrderFile:
    """Reads `file` again when it was replaced; `obeyed` is where to say which version is in force.

    While nobody set the machine's clock, opening times are not judged: it stays open or closed as it was, which `kept`
    remembers over a restart.
    """

    def __init__(
        self, file: Path | None, obeyed: Path | None = None, kept: Path | None = None, boot: str | None = None
    ) -> None:
        self._file, self._obeyed, self._kept = file, obeyed, kept
        self._boot = this_boot() if boot is None else boot
        self._seen: tuple[int, int] | None = None
        self._orders = Orders()
        self._told: bytes | None = None
        self._was_open = kept is None or not kept.exists() or kept.read_bytes().strip() != b"closed"

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

    @property
    def holds(self) -> bool:
        """True while it stays as it was, because the clock cannot be trusted."""
        wifi = self._orders.wifi
        return "hours" in wifi and wifi.get("off") is not True and not self._orders.trusts_clock(self._boot)

    def closed(self, now_ms: int) -> str:
        """OFF or HOURS while nobody is let in, else ""."""
        if not self.holds:
            return self._orders.closed(now_ms)
        return "" if self._was_open else HOURS

    def opens_ms(self, now_ms: int) -> int | None:
        """When a closed WiFi opens by itself; None when nobody knows."""
        return None if self.holds else self._orders.opens_ms(now_ms)

    def tell(self, now_ms: int, radio: str = "") -> None:
        """Says for the agent which version is in force, whether people are let in, and what the radio does."""
        closed = self.closed(now_ms)
        if not self.holds and closed != OFF:
            self._remember(not closed)
        said: dict[str, object] = {"v": self._orders.v, "open": not closed}
        said |= ({"held": True} if self.holds else {}) | ({"radio": radio} if radio else {})
        body = json.dumps(said).encode()
        if self._obeyed is None or not self._obeyed.parent.is_dir() or body == self._told:
            return
        if _replace(self._obeyed, body, 0o644):
            self._told = body

    def _remember(self, is_open: bool) -> None:
        if is_open == self._was_open:
            return
        self._was_open = is_open
        if self._kept is not None:
            _replace(self._kept, b"open\n" if is_open else b"closed\n", 0o600)


def _replace(file: Path, body: bytes, mode: int) -> bool:
    """Whether it could be written."""
    try:
        fresh = file.with_suffix(".new")
        fresh.write_bytes(body)
        fresh.chmod(mode)
        fresh.replace(file)
    except OSError as error:
        _log.warning("%s cannot be written: %s", file, error.strerror)
        return False
    return True
