"""The node's TOML file as frozen dataclasses. A wrong file is a `ConfigError`: one line with file and key.

Sections that belong to others (portal, network) are left alone; edge reads one figure of [portal], its capacity.
"""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from edge.rules import MIN_GAP_M, FieldThresholds, Limits, Thresholds
from edge.section import ConfigError, Section
from edge.wire import is_name


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
    window: int = 80  # with 25 nodes coming back at once the hub still takes a live reading within half a second
    replay_per_s: int = 500


@dataclass(frozen=True)
class State:
    """What the node keeps on disk and how much of it."""

    directory: Path
    max_rows: int = 200_000  # beyond, repeated readings and reports are dropped; changes of state are not
    max_bytes: int = 64 * 1024 * 1024
    hard_bytes: int = 1024 * 1024 * 1024  # beyond, even changes of state are
    keep_days: float = 30.0  # so long a change of state is sure of its place below hard_bytes
    reference_log: Path | None = None


@dataclass(frozen=True)
class BayConfig:
    """One parking bay and its pins (BCM numbers)."""

    id: str
    sensor: str  # digital, ultrasonic or magnetometer
    pins: tuple[int, ...] = ()
    active_low: bool = True
    thresholds: Thresholds = Thresholds()
    bus: int = 1
    address: int = 0x0D
    baseline_ut: tuple[float, float, float] = (0.0, 0.0, 0.0)
    field_thresholds: FieldThresholds = FieldThresholds()


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
    thermometer: Path | None = None
    led: int | None = None
    host_clock: bool = False  # a host keeps the clock (virtual machine, container): the kernel's word means nothing
    wifi: dict[str, object] | None = None  # what the hub says of it, checked by edge.wire.check_wifi
    wifi_v: int = 0
    obeyed: Path | None = None  # where the gate says which wifi_v it obeys
    hub: str = ""  # https address, for a new certificate


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


def parse(table: dict[str, object]) -> Config:
    """The configuration out of a parsed TOML table; ConfigError names the key."""
    node = Section(table, "node", (), others=True)
    name = node.text("name")
    if not is_name(name):
        raise ConfigError("[node] name: 1 to 63 of a-z 0-9 _ - are allowed")
    rules = Section(table, "rules", RULES)
    portal = Section(table, "portal", (), others=True)
    return Config(
        name=name,
        label=node.text("label", name),
        broker=_broker(Section(table, "broker", _BROKER_KEYS)),
        state=_state(Section(table, "state", (), others=True)),
        bays=_bays(table.get("bays", [])),
        limits=limits_of(rules, Limits()),
        sample_s=rules.number("sample_s", 0.5, 0.05),
        repeat_s=rules.number("repeat_minutes", 15, 0.1) * 60,
        status_s=rules.number("status_s", 60, 1),
        portal=node.flag("portal", default=True),
        capacity=int(portal.number("capacity", 0)) or None,
        thermometer=node.path("thermometer"),
        hub=node.text("hub") if "hub" in node.values else "",
        led=_pin(node, "led") if "led" in node.values else None,
        host_clock=node.flag("host_clock", default=False),
        obeyed=_obeyed(table),
    )


def _obeyed(table: dict[str, object]) -> Path:
    """Beside the gate's socket; where there is no gate, the preview writes into the state directory."""
    network = Section(table, "network", (), others=True)
    if not network.values:
        return Path(Section(table, "state", (), others=True).text("directory")) / "obeyed.json"
    return Path(network.text("gate_socket", "/run/stadtknoten/gate.sock")).with_name("obeyed.json")


RULES = (*(field.name for field in fields(Limits)), "sample_s", "repeat_minutes", "status_s")
THRESHOLDS = ("occupied_below_m", "free_above_m", "occupied_above_ut", "free_below_ut")
_BAY_KEYS = ("id", "sensor", "pin", "active", "trigger", "echo", "bus", "address", "baseline_ut")
_DIGITAL = ("digital", "infrared", "loop", "reed")
_BROKER_KEYS = (
    "url",
    "username",
    "password_file",
    "ca_file",
    "cert_file",
    "key_file",
    "keepalive_s",
    "window",
    "replay_per_s",
)


def limits_of(section: Section, base: Limits) -> Limits:
    """`base` with what the section says; ConfigError names the key."""
    return Limits(
        occupied_after_s=section.number("occupied_after_s", base.occupied_after_s),
        free_after_s=section.number("free_after_s", base.free_after_s),
        still_m=section.number("still_m", base.still_m, 0.01),
        max_flips=int(section.number("max_flips", base.max_flips, 1)),
        flip_window_s=section.number("flip_window_s", base.flip_window_s, 1),
        no_echo_limit=int(section.number("no_echo_limit", base.no_echo_limit, 1)),
    )


def _broker(section: Section) -> Broker:
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
        window=int(section.number("window", Broker.window, 1)),
        replay_per_s=int(section.number("replay_per_s", 500, 1)),
        **files,
    )


def _state(section: Section) -> State:
    return State(
        directory=Path(section.text("directory")),
        max_rows=int(section.number("max_rows", State.max_rows, 20)),
        max_bytes=int(section.number("max_bytes", State.max_bytes, 64 * 1024)),
        hard_bytes=int(section.number("hard_bytes", State.hard_bytes, 64 * 1024)),
        keep_days=section.number("keep_days", State.keep_days, 30),
        reference_log=section.path("reference_log"),
    )


def _bays(entries: object) -> tuple[BayConfig, ...]:
    if not isinstance(entries, list):
        raise ConfigError("[[bays]]: must be a list of sections")
    bays = tuple(_bay(entry, number) for number, entry in enumerate(entries, 1))
    used: dict[int, str] = {}
    names: set[str] = set()
    for number, bay in enumerate(bays):
        if bay.id in names:
            raise ConfigError(f"[[bays]] id: {bay.id} is there twice")
        names.add(bay.id)
        if bay.sensor == "magnetometer" and (bay.bus, bay.address) in {
            (other.bus, other.address) for other in bays[:number] if other.sensor == "magnetometer"
        }:
            raise ConfigError(f"[[bays]] {bay.id}: another magnetometer has this address on I2C bus {bay.bus}")
        for pin in bay.pins:
            if pin in used:
                raise ConfigError(f"[[bays]] {bay.id}: pin {pin} is already used by {used[pin]}")
            used[pin] = bay.id
    return bays


def _bay(entry: object, number: int) -> BayConfig:
    name = f"[[bays]] number {number}"
    section = Section({name: entry}, name, (*_BAY_KEYS, *THRESHOLDS))
    section.name = name
    bay, sensor = section.text("id"), section.text("sensor")
    if not is_name(bay):
        raise ConfigError(f"{name} id: 1 to 63 of a-z 0-9 _ - are allowed")
    if sensor in _DIGITAL:
        active = section.text("active", "low")
        if active not in ("low", "high"):
            raise ConfigError(f'{name} active: must be "low" or "high"')
        return BayConfig(bay, "digital", (_pin(section, "pin"),), active_low=active == "low")
    if sensor == "ultrasonic":
        pins = (_pin(section, "trigger"), _pin(section, "echo"))
        return thresholds_of(section, BayConfig(bay, sensor, pins))
    if sensor != "magnetometer":
        raise ConfigError(f"{name} sensor: must be one of {', '.join((*_DIGITAL, 'ultrasonic', 'magnetometer'))}")
    magnetic = BayConfig(
        bay,
        sensor,
        bus=int(section.number("bus", 1)),
        address=int(section.number("address", BayConfig.address)),
        baseline_ut=section.vector("baseline_ut"),
    )
    return thresholds_of(section, magnetic)


def thresholds_of(section: Section, bay: BayConfig) -> BayConfig:
    """`bay` with the thresholds that the section names; ConfigError when they leave no room for noise."""
    if bay.sensor == "ultrasonic":
        near = section.number("occupied_below_m", bay.thresholds.occupied_below_m)
        far = section.number("free_above_m", bay.thresholds.free_above_m)
        if not 0 < near < far < 4 or far - near < MIN_GAP_M - 1e-9:
            raise ConfigError(
                f"{section.name} occupied_below_m: over 0, and at least 0.15 m below free_above_m, which is under 4 m"
            )
        return replace(bay, thresholds=Thresholds(near, far))
    if bay.sensor == "magnetometer":
        above = section.number("occupied_above_ut", bay.field_thresholds.occupied_above_ut)
        below = section.number("free_below_ut", bay.field_thresholds.free_below_ut)
        if not 1 <= below <= above * 0.75 or above > 200:
            raise ConfigError(
                f"{section.name} occupied_above_ut: at most 200, and free_below_ut is 1 to three quarters of it"
            )
        return replace(bay, field_thresholds=FieldThresholds(above, below))
    if any(key in section.values for key in THRESHOLDS):
        raise ConfigError(f"{section.name}: {bay.id} is a digital sensor, it has no thresholds")
    return bay


def _pin(section: Section, key: str) -> int:
    value = section.number(key)
    if not isinstance(value, int) or not 2 <= value <= 27:
        raise ConfigError(f"{section.name} {key}: must be a BCM pin number from 2 to 27")
    return value
