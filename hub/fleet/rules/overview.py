"""The whole fleet at a glance: what is wrong with each node, which are looked for, in which order. Moments in ms."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from hub.fleet.rules.alerts import DAY_MS

STATES = ("silent", "trouble", "high", "off", "good", "never")  # the worst first
HIGH_LOAD = 0.8  # share of a node's places from which it is marked
UNDERVOLTAGE, THROTTLED = 0x1, 0x4  # the Raspberry Pi's bits; << 16: since the start
CARD_WORN_PERCENT, CARD_FULL_MB, CERTIFICATE_DAYS = 80, 200, 14
PAGE = 50
_NO_ALARMS: Mapping[str, str] = MappingProxyType({})
_RINGS = ("canary", "early", "rest")


class Line(NamedTuple):  # not a dataclass: thousands are made for one page
    """One node as the list shows it; None and "" = not said. `power` now, before or ""; `config` own, underway, refused
    or applied; `open` whether its WiFi lets people in; `has_file` whether it has a file of its own to be kept."""

    id: str
    label: str
    role: str = "wifi"
    site: str = ""
    ring: str = "rest"
    state: str = "never"
    software: str = ""
    uptime_s: int | None = None
    load_percent: int | None = None
    clients: int | None = None
    capacity: int | None = None
    power: str = ""
    disk_free_mb: int | None = None
    disk_worn_percent: int | None = None
    certificate_until: int | None = None
    last_seen: int | None = None
    backup_at: int | None = None
    config: str = "own"
    open: bool | None = None
    has_file: bool = True
    lat: float = 0.0
    lon: float = 0.0
    alarms: Mapping[str, str] = _NO_ALARMS

    @property
    def share(self) -> float | None:
        """How much of its places is taken."""
        return self.clients / self.capacity if self.clients is not None and self.capacity else None


def state_of(
    last_seen: int | None, online: bool, alarms: Mapping[str, str], share: float | None, is_open: bool | None
) -> str:
    """One of STATES."""
    if last_seen is None:
        return "never"
    if not online:
        return "silent"
    if alarms:
        return "trouble"
    if is_open is False:
        return "off"
    return "high" if (share or 0) >= HIGH_LOAD else "good"


def power_of(throttled: int | None) -> str:
    """now: too little voltage or held back at this moment; before: since the start; good; "" when it is not known."""
    if throttled is None:
        return ""
    bits = UNDERVOLTAGE | THROTTLED
    if throttled & bits:
        return "now"
    return "before" if throttled & (bits << 16) else "good"


def card_of(free_mb: int | None, worn_percent: int | None) -> str:
    """full, worn, good or "" when it is not known."""
    if free_mb is None and worn_percent is None:
        return ""
    if free_mb is not None and free_mb <= CARD_FULL_MB:
        return "full"
    return "worn" if (worn_percent or 0) >= CARD_WORN_PERCENT else "good"


def days_left(until: int | None, now: int) -> int | None:
    """Whole days that a certificate still holds; negative when it is over."""
    return None if until is None else (until - now) // DAY_MS


def problems(line: Line, now: int) -> tuple[str, ...]:
    """What somebody may look for: silent, power, card, certificate, config, backup, intruder, alarm."""
    days = days_left(line.certificate_until, now)
    found = {
        "silent": line.state == "silent",
        "power": line.power == "now" or "power" in line.alarms,
        "card": card_of(line.disk_free_mb, line.disk_worn_percent) in ("full", "worn"),
        "certificate": days is not None and days <= CERTIFICATE_DAYS,
        "config": line.config == "refused",
        "backup": lacks_backup(line, now),
        "intruder": bool(INTRUDERS & set(line.alarms)),
        "alarm": bool(line.alarms),
    }
    return tuple(problem for problem, is_there in found.items() if is_there)


def lacks_backup(line: Line, now: int) -> bool:
    """Whether a node that has a file of its own, and was there, has not sent it for a week."""
    was_there = line.has_file and line.last_seen is not None
    return was_there and (line.backup_at is None or now - line.backup_at > 7 * DAY_MS)


def worries(line: Line, now: int) -> tuple[str, ...]:
    """Its problems that neither its state nor an alarm says already."""
    return tuple(
        problem
        for problem in problems(line, now)
        if problem not in ("silent", "intruder", "alarm") and not _SAID_BY.get(problem, _NOBODY) & set(line.alarms)
    )


_NOBODY: frozenset[str] = frozenset()
_SAID_BY = {
    "power": frozenset({"power"}),
    "card": frozenset({"disk_full", "disk_worn"}),
    "certificate": frozenset({"certificate"}),
    "config": frozenset({"config"}),
}
INTRUDERS = frozenset({"rogue_dhcp", "rogue_ra", "evil_twin", "mac_twice"})
PROBLEMS = ("silent", "power", "card", "certificate", "config", "backup", "intruder", "alarm")


@dataclass(frozen=True)
class Box:
    """A section of the map in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Whether a place lies in it."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north

    def __str__(self) -> str:
        return f"{self.west:.6f},{self.south:.6f},{self.east:.6f},{self.north:.6f}"


def box_of(text: str) -> Box | None:
    """The section that an address names (west,south,east,north); None for anything else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return Box(west, south, east, north) if -180 <= west <= east <= 180 and -90 <= south <= north <= 90 else None


@dataclass(frozen=True)
class Wanted:
    """What is looked for; empty = everything. `order` is a key of ORDERS, `page` begins at 1, `software` is exact."""

    text: str = ""
    software: str = ""
    box: Box | None = None
    state: str = ""
    role: str = ""
    ring: str = ""
    problem: str = ""
    order: str = "state"
    down: bool = False
    page: int = 1


_Key = Callable[[Line], tuple[object, ...]]


def _number(value: float | None) -> tuple[object, ...]:
    return (value is None, value or 0)


ORDERS: Mapping[str, _Key] = {
    "state": lambda line: (STATES.index(line.state), -(line.share or 0)),
    "name": lambda line: (line.label.casefold(),),
    "version": lambda line: (line.software == "", line.software),
    "ring": lambda line: (_RINGS.index(line.ring) if line.ring in _RINGS else len(_RINGS),),
    "uptime": lambda line: _number(line.uptime_s),
    "load": lambda line: _number(None if line.load_percent is None else -line.load_percent),
    "clients": lambda line: _number(None if line.share is None else -line.share),
    "certificate": lambda line: _number(line.certificate_until),
    "backup": lambda line: _number(line.backup_at),
}


def matching(lines: Sequence[Line], wanted: Wanted, now: int) -> list[Line]:
    """The nodes that are looked for, in order; equal ones by name."""
    text = wanted.text.strip().casefold()
    found = [
        line
        for line in lines
        if (not text or text in line.label.casefold() or text in line.id or text in line.software.casefold())
        and wanted.state in ("", line.state)
        and wanted.role in ("", line.role)
        and wanted.ring in ("", line.ring)
        and wanted.software in ("", line.software)
        and (wanted.box is None or wanted.box.holds(line.lon, line.lat))
        and (not wanted.problem or wanted.problem in problems(line, now))
    ]
    found.sort(key=lambda line: (line.label.casefold(), line.id))
    found.sort(key=ORDERS.get(wanted.order, ORDERS["state"]), reverse=wanted.down)
    return found


def pages(count: int) -> int:
    """How many pages so many nodes make; at least one."""
    return max(1, -(-count // PAGE))


def page_of(lines: Sequence[Line], number: int) -> Sequence[Line]:
    """One page; a number beyond the end gives the last."""
    first = (min(max(number, 1), pages(len(lines))) - 1) * PAGE
    return lines[first : first + PAGE]
