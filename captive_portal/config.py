"""The node's TOML file, as far as the portal and the gate read it: [node], [state], [portal], [network]."""

import ipaddress
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_Part = TypeVar("_Part")
_INTERFACE = re.compile(r"[a-zA-Z0-9_.-]{1,15}")
_HOST = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?")


class ConfigError(ValueError):
    """The file cannot be used; the text is one sentence for the technician."""


@dataclass(frozen=True)
class Portal:
    """What the landing page needs. `listen` is a waitress address list, `near` is (latitude, longitude) or None."""

    label: str
    state_directory: Path
    listen: str = "*:8081"
    host: str = ""
    session_minutes: int = 240
    services_url: str = ""
    near: tuple[float, float] | None = None


@dataclass(frozen=True)
class Network:
    """What the gate needs. `ipv4` and `ipv6` are the node's own addresses on the visitors' interface."""

    lan: str
    wan: str
    ipv4: ipaddress.IPv4Interface
    ipv6: ipaddress.IPv6Interface | None
    portal_port: int = 8081
    ipv6_masquerade: bool = False
    admin_ports: tuple[int, ...] = ()
    gate_socket: Path = Path("/run/stadtknoten/gate.sock")
    gate_store: Path = Path("/var/lib/stadtknoten-gate/sessions.db")
    portal_user: str = "stadtknoten-portal"
    lease_file: Path = Path("/run/stadtknoten/dnsmasq.leases")
    hostapd: Path | None = None
    longest_session_s: int = 86_400


@dataclass(frozen=True)
class Config:
    """Everything of one node that this program reads."""

    portal: Portal
    network: Network


def load(path: Path) -> Config:
    """The checked configuration; ConfigError says in one line what is wrong with the file."""
    return _read(path, lambda document: Config(_portal(document), _network(document)))


def load_portal(path: Path) -> Portal:
    """Only what the landing page needs: a preview asks for no [network]."""
    return _read(path, _portal)


def _read(path: Path, parse: Callable[[dict[str, object]], _Part]) -> _Part:
    try:
        with path.open("rb") as file:
            return parse(tomllib.load(file))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML ({error})") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _portal(document: dict[str, object]) -> Portal:
    node, portal, state = (_table(document, name) for name in ("node", "portal", "state"))
    host = _text(portal, "[portal] host", "")
    if host and not _HOST.fullmatch(host):
        raise ConfigError("[portal] host is not a host name")
    services_url = _text(portal, "[portal] services_url", "")
    if services_url and not services_url.startswith(("http://", "https://")):
        raise ConfigError("[portal] services_url must begin with http:// or https://")
    return Portal(
        label=_text(node, "[node] label"),
        state_directory=Path(_text(state, "[state] directory")),
        listen=_text(portal, "[portal] listen", Portal.listen),
        host=host,
        session_minutes=_whole(portal, "[portal] session_minutes", Portal.session_minutes, 1, 1440),
        services_url=services_url,
        near=_near(node),
    )


def _network(document: dict[str, object]) -> Network:
    table = _table(document, "network")
    hostapd = _text(table, "[network] hostapd", "")
    return Network(
        lan=_interface(table, "lan"),
        wan=_interface(table, "wan"),
        ipv4=_address4(table),
        ipv6=_address6(table),
        portal_port=_port(_text(_table(document, "portal"), "[portal] listen", Portal.listen)),
        ipv6_masquerade=_flag(table, "[network] ipv6_masquerade"),
        admin_ports=_ports(table),
        gate_socket=Path(_text(table, "[network] gate_socket", str(Network.gate_socket))),
        gate_store=Path(_text(table, "[network] gate_store", str(Network.gate_store))),
        portal_user=_text(table, "[network] portal_user", Network.portal_user),
        lease_file=Path(_text(table, "[network] lease_file", str(Network.lease_file))),
        hostapd=Path(hostapd) if hostapd else None,
    )


def _table(document: dict[str, object], name: str) -> dict[str, object]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"[{name}] must be a table")
    return table


def _text(table: dict[str, object], name: str, default: str | None = None) -> str:
    value = table.get(name.rsplit(maxsplit=1)[-1], default)
    if not isinstance(value, str) or (default is None and not value):
        raise ConfigError(f"{name} must be a text")
    return value


def _whole(table: dict[str, object], name: str, default: int, low: int, high: int) -> int:
    value = table.get(name.rsplit(maxsplit=1)[-1], default)
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}")
    return value


def _flag(table: dict[str, object], name: str) -> bool:
    value = table.get(name.rsplit(maxsplit=1)[-1], False)
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false")
    return value


def _interface(table: dict[str, object], key: str) -> str:
    value = _text(table, f"[network] {key}")
    if not _INTERFACE.fullmatch(value):
        raise ConfigError(f"[network] {key} must be the name of a network interface")
    return value


def _address4(table: dict[str, object]) -> ipaddress.IPv4Interface:
    try:
        return ipaddress.IPv4Interface(_text(table, "[network] ipv4"))
    except ValueError:
        raise ConfigError("[network] ipv4 must be an address with its prefix, such as 10.77.0.1/16") from None


def _address6(table: dict[str, object]) -> ipaddress.IPv6Interface | None:
    text = _text(table, "[network] ipv6", "")
    try:
        return ipaddress.IPv6Interface(text) if text else None
    except ValueError:
        raise ConfigError("[network] ipv6 must be an address with its prefix, such as fd77:1::1/64") from None


def _port(listen: str) -> int:
    first = listen.split(maxsplit=1)[0] if listen.split() else ""
    port = first.rpartition(":")[2]
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError("[portal] listen must be address:port, such as *:8081")
    return int(port)


def _ports(table: dict[str, object]) -> tuple[int, ...]:
    value = table.get("admin_ports", [])
    if not isinstance(value, list) or any(type(port) is not int or not 0 < port < 65536 for port in value):
        raise ConfigError("[network] admin_ports must be a list of port numbers")
    return tuple(value)


def _near(node: dict[str, object]) -> tuple[float, float] | None:
    lat, lon = node.get("lat"), node.get("lon")
    if lat is None and lon is None:
        return None
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        raise ConfigError("[node] lat and lon must both be numbers")
    return float(lat), float(lon)
