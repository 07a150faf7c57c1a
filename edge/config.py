"""The node's TOML file as frozen dataclasses. A wrong file is a `ConfigError`: one line with file and key.

Sections that belong to others (portal, network) are left alone; edge reads one figure of [portal], its capacity.
"""

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import unquote, urlsplit

from edge.rules import Limits, Thresholds
from edge.wire import is_name

_Table = dict[str, object]


class ConfigError(ValueError):
    """A wrong or missing key; the text names file and key in one line."""


@dataclass(frozen=True)
class Broker:
    """Where the hub's broker is. Without files mqtts trusts the system's authorities."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = 30
    window: int = 200


@dataclass(frozen=True)
class State:
    """What the node keeps on disk and how much of it."""

    directory: Path
    max_rows: int = 200_000
    max_bytes: int = 64 * 1024 * 1024
    reference_log: Path | None = None


@dataclass(frozen=True)
class BayConfig:
    """One parking bay and its pins (BCM numbers)."""

    id: str
    sensor: str
    pins: tuple[int, ...]
    active_low: bool = True
    thresholds: Thresholds = Thresholds()


@dataclass(frozen=True)
class Config:
    """Everything the agent needs to know."""

    name: str
    label: str
    broker: Broker
    state: State
    bays: tuple[BayConfig, ...] = ()
    limits: Limits = Limits()
    sample_s: float = 0.5
    repeat_s: float = 900.0
    status_s: float = 60.0
    portal: bool = True  # a landing page runs here: bulletin, uplink state and intake socket are wanted
    capacity: int | None = None


def load(file: Path) -> Config:
    """The checked configuration in `file`; ConfigError when it cannot be read or holds something wrong."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None
    try:
        return parse(table)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def parse(table: _Table) -> Config:
    """The configuration out of a parsed TOML table; ConfigError names the key."""
    node = _Section(table, "node", ("name", "label", "portal"), others=True)
    name = node.text("name")
    if not is_name(name):
        raise ConfigError("[node] name: 1 to 63 of a-z 0-9 _ - are allowed")
    rules = _Section(table, "rules", (*(field.name for field in fields(Limits)), *_PACE))
    portal = _Section(table, "portal", (), others=True)
    return Config(
        name=name,
        label=node.text("label", name),
        broker=_broker(_Section(table, "broker", _BROKER_KEYS)),
        state=_state(_Section(table, "state", ("directory", "max_rows", "max_bytes", "reference_log"), others=True)),
        bays=_bays(table.get("bays", [])),
        limits=_limits(rules),
        sample_s=rules.number("sample_s", 0.5, 0.05),
        repeat_s=rules.number("repeat_minutes", 15, 0.1) * 60,
        status_s=rules.number("status_s", 60, 1),
        portal=node.flag("portal", default=True),
        capacity=int(portal.number("capacity", 0)) or None,
    )


_LIMITS: dict[str, float] = asdict(Limits())
_COUNTS = ("max_flips", "no_echo_limit")
_PACE = {"sample_s": 0.5, "repeat_minutes": 15.0, "status_s": 60.0}
_BROKER_KEYS = ("url", "username", "password_file", "ca_file", "cert_file", "key_file", "keepalive_s", "window")


class _Section:
    """One table of the file with typed access; unknown keys are refused unless `others` use the section too."""

    def __init__(self, table: _Table, name: str, keys: tuple[str, ...], *, others: bool = False) -> None:
        self.name = f"[{name}]" if not name.startswith("[") else name
        section = table.get(name, {})
        if not isinstance(section, dict):
            raise ConfigError(f"{self.name}: must be a section")
        self.values: _Table = section
        if not others:
            for key in section:
                if key not in keys:
                    raise ConfigError(f"{self.name} {key}: unknown key")

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value is None:
            raise ConfigError(f"{self.name} {key}: is missing")
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self.name} {key}: must be a text")
        return value

    def number(self, key: str, default: float | None = None, low: float = 0) -> float:
        value = self.values.get(key, default)
        if value is None:
            raise ConfigError(f"{self.name} {key}: is missing")
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= low:
            raise ConfigError(f"{self.name} {key}: must be a number of at least {low:g}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise ConfigError(f"{self.name} {key}: must be true or false")
        return value

    def path(self, key: str) -> Path | None:
        return Path(self.text(key)) if key in self.values else None


def _limits(section: _Section) -> Limits:
    return Limits(
        occupied_after_s=section.number("occupied_after_s", Limits.occupied_after_s),
        free_after_s=section.number("free_after_s", Limits.free_after_s),
        max_flips=int(section.number("max_flips", Limits.max_flips, 1)),
        flip_window_s=section.number("flip_window_s", Limits.flip_window_s, 1),
        no_echo_limit=int(section.number("no_echo_limit", Limits.no_echo_limit, 1)),
    )


def _broker(section: _Section) -> Broker:
    parts = urlsplit(section.text("url"))
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ConfigError(f"{section.name} url: must be mqtt://host:port or mqtts://host:port")
    if parts.password is not None:
        raise ConfigError(f"{section.name} url: no password here, put it into a file and name it as password_file")
    tls = parts.scheme == "mqtts"
    try:
        port = parts.port
    except ValueError:
        raise ConfigError(f"{section.name} url: the port must be a number up to 65535") from None
    files = {key: section.path(key) for key in ("password_file", "ca_file", "cert_file", "key_file")}
    for key, file in files.items():
        if file is not None and not file.is_file():
            raise ConfigError(f"{section.name} {key}: there is no file {file}")
    username = section.text("username") if "username" in section.values else None
    return Broker(
        host=parts.hostname,
        port=port or (8883 if tls else 1883),
        tls=tls,
        username=username or (unquote(parts.username) if parts.username else None),
        keepalive_s=int(section.number("keepalive_s", 30, 5)),
        window=int(section.number("window", 200, 1)),
        **files,
    )


def _state(section: _Section) -> State:
    return State(
        directory=Path(section.text("directory")),
        max_rows=int(section.number("max_rows", 200_000, 20)),
        max_bytes=int(section.number("max_bytes", 64 * 1024 * 1024, 64 * 1024)),
        reference_log=section.path("reference_log"),
    )


def _bays(entries: object) -> tuple[BayConfig, ...]:
    if not isinstance(entries, list):
        raise ConfigError("[[bays]]: must be a list of sections")
    bays = tuple(_bay(entry, number) for number, entry in enumerate(entries, 1))
    used: dict[int, str] = {}
    names: set[str] = set()
    for bay in bays:
        if bay.id in names:
            raise ConfigError(f"[[bays]] id: {bay.id} is there twice")
        names.add(bay.id)
        for pin in bay.pins:
            if pin in used:
                raise ConfigError(f"[[bays]] {bay.id}: pin {pin} is already used by {used[pin]}")
            used[pin] = bay.id
    return bays


def _bay(entry: object, number: int) -> BayConfig:
    keys = ("id", "sensor", "pin", "active", "trigger", "echo", "occupied_below_m", "free_above_m")
    name = f"[[bays]] number {number}"
    section = _Section({name: entry}, name, keys)
    section.name = name
    bay, sensor = section.text("id"), section.text("sensor")
    if not is_name(bay):
        raise ConfigError(f"{name} id: 1 to 63 of a-z 0-9 _ - are allowed")
    if sensor == "digital":
        active = section.text("active", "low")
        if active not in ("low", "high"):
            raise ConfigError(f'{name} active: must be "low" or "high"')
        return BayConfig(bay, sensor, (_pin(section, "pin"),), active_low=active == "low")
    if sensor != "ultrasonic":
        raise ConfigError(f'{name} sensor: must be "digital" or "ultrasonic"')
    near, far = section.number("occupied_below_m", 0.9), section.number("free_above_m", 1.2)
    if not 0 < near <= far < 4:
        raise ConfigError(f"{name} occupied_below_m: must be over 0, at most free_above_m, and that under 4 metres")
    return BayConfig(bay, sensor, (_pin(section, "trigger"), _pin(section, "echo")), thresholds=Thresholds(near, far))


def _pin(section: _Section, key: str) -> int:
    value = section.number(key)
    if not isinstance(value, int) or not 2 <= value <= 27:
        raise ConfigError(f"{section.name} {key}: must be a BCM pin number from 2 to 27")
    return value
