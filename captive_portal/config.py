"""The node's TOML file, as far as the portal and the gate read it: [node], [state], [portal], [network], [limits],
[garden], [roaming]."""

import ipaddress
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from captive_portal.probes import is_probe_host
from captive_portal.tables import ConfigError, Section

__all__ = ["Config", "ConfigError", "Limits", "Network", "Portal", "Roaming", "load", "load_portal"]

_Part = TypeVar("_Part")
_SMALLEST_NETWORK = 4096  # addresses; fewer could be used up by one flood of requests
_MOST_CLIENTS = 4000


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
    certificate: Path | None = None
    certificate_key: Path | None = None
    tls_port: int = 8443
    metrics: str = ""

    @property
    def secure(self) -> bool:
        """Whether a certificate is configured."""
        return self.certificate is not None and self.certificate_key is not None

    @property
    def api_url(self) -> str:
        """The address of the RFC 8908 API, the same in DHCPv4, DHCPv6 and router advertisements."""
        return f"{'https' if self.secure else 'http'}://{self.host}/captive-portal/api"


@dataclass(frozen=True)
class Limits:
    """What one visitor gets. Speeds in Mbit/s, `total_mbit` for the whole node (0: no limit), quota 0: none."""

    download_mbit: float = 10.0
    upload_mbit: float = 5.0
    total_mbit: float = 0.0
    quota_mb: int = 5000
    clients: int = 500


@dataclass(frozen=True)
class Roaming:
    """`key_file` holds today's key for device hashes, `hub_key` is the hub's public key (32 bytes) or None."""

    key_file: Path = Path("/var/lib/stadtknoten-gate/device.key")
    hub_key: bytes | None = None


@dataclass(frozen=True)
class Network:
    """What the gate needs. `ipv4` and `ipv6` are the node's own addresses on the visitors' interface."""

    lan: str
    wan: str
    ipv4: ipaddress.IPv4Interface
    ipv6: ipaddress.IPv6Interface | None
    node: str = ""
    portal_port: int = 8081
    tls_port: int | None = None
    ipv6_masquerade: bool = False
    admin_ports: tuple[int, ...] = ()
    gate_socket: Path = Path("/run/stadtknoten/gate.sock")
    gate_store: Path = Path("/var/lib/stadtknoten-gate/sessions.db")
    store_key: Path = Path("/var/lib/stadtknoten-gate/store.key")
    grants: Path | None = None
    orders: Path | None = None
    extra_rules: Path | None = None
    portal_user: str = "stadtknoten-portal"
    watch_user: str = "stadtknoten-watch"
    lease_file: Path = Path("/run/stadtknoten/dnsmasq.leases")
    hostapd: Path | None = None
    radio: str = ""  # hostapd's interface; it is a part of the bridge `lan`
    longest_session_s: int = 86_400
    garden: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    roaming: Roaming = field(default_factory=Roaming)


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


def load_document(path: Path) -> dict[str, object]:
    """The whole file as it stands; ConfigError when it cannot be read."""
    return _read(path, lambda document: document)


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
    node, portal, state = (Section(document, name) for name in ("node", "portal", "state"))
    certificate, key = portal.path("certificate"), portal.path("certificate_key")
    if (certificate is None) != (key is None):
        raise portal.fail("certificate", "and certificate_key belong together")
    if certificate and not portal.host("host"):
        raise portal.fail("host", "must name what the certificate is for")
    return Portal(
        label=node.text("label"),
        state_directory=Path(state.text("directory")),
        listen=portal.text("listen", Portal.listen),
        host=portal.host("host"),
        session_minutes=portal.whole("session_minutes", Portal.session_minutes, 1, 1440),
        services_url=portal.url("services_url"),
        near=_near(node),
        certificate=certificate,
        certificate_key=key,
        tls_port=portal.whole("tls_port", Portal.tls_port, 1, 65535),
        metrics=portal.text("metrics", ""),
    )


def _network(document: dict[str, object]) -> Network:
    section, portal = Section(document, "network"), Section(document, "portal")
    ipv4 = section.address4("ipv4")
    if ipv4.network.num_addresses < _SMALLEST_NETWORK:
        raise section.fail("ipv4", "must be a network of at least 4096 addresses (/20), so that no flood uses it up")
    return Network(
        lan=section.interface("lan"),
        wan=section.interface("wan"),
        ipv4=ipv4,
        ipv6=section.address6("ipv6"),
        node=Section(document, "node").text("name", ""),
        portal_port=portal.listen_port("listen", Portal.listen),
        tls_port=portal.whole("tls_port", Portal.tls_port, 1, 65535) if portal.path("certificate") else None,
        ipv6_masquerade=section.flag("ipv6_masquerade"),
        admin_ports=section.ports("admin_ports"),
        gate_socket=section.path("gate_socket", Network.gate_socket) or Network.gate_socket,
        gate_store=section.path("gate_store", Network.gate_store) or Network.gate_store,
        store_key=section.path("store_key", Network.store_key) or Network.store_key,
        grants=Path(Section(document, "state").text("directory")) / "grants",
        orders=Path(Section(document, "state").text("directory")) / "wifi.json",
        extra_rules=section.path("extra_rules"),
        portal_user=section.text("portal_user", Network.portal_user),
        watch_user=section.text("watch_user", Network.watch_user),
        lease_file=section.path("lease_file", Network.lease_file) or Network.lease_file,
        hostapd=section.path("hostapd"),
        radio=_radio(document, section.interface("lan")),
        garden=_garden(document),
        limits=_limits(document),
        roaming=_roaming(document),
    )


def _radio(document: dict[str, object], lan: str) -> str:
    """The interface in [radio], else the visitors' network itself."""
    section = Section(document, "radio")
    return section.interface("interface") if section.text("interface", "") else lan


def _garden(document: dict[str, object]) -> tuple[str, ...]:
    """Names that are free before the accept. A probe's host among them would tell every phone that it is online."""
    section = Section(document, "garden")
    names = section.hosts("names")
    for name in names:
        if is_probe_host(name):
            raise section.fail("names", f"must not hold {name}: phones test with it whether they are online")
    return names


def _limits(document: dict[str, object]) -> Limits:
    section = Section(document, "limits")
    return Limits(
        download_mbit=section.number("download_mbit", Limits.download_mbit, 0.1, 1000),
        upload_mbit=section.number("upload_mbit", Limits.upload_mbit, 0.1, 1000),
        total_mbit=section.number("total_mbit", Limits.total_mbit, 0, 10_000),
        quota_mb=section.whole("quota_mb", Limits.quota_mb, 0, 1_000_000),
        clients=section.whole("clients", Limits.clients, 1, _MOST_CLIENTS),
    )


def _roaming(document: dict[str, object]) -> Roaming:
    section = Section(document, "roaming")
    text = section.text("hub_key", "")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b"?"
    if text and len(key) != 32:
        raise section.fail("hub_key", "must be the hub's public key: 64 hexadecimal digits")
    return Roaming(section.path("key_file", Roaming.key_file) or Roaming.key_file, key or None)


def _near(node: Section) -> tuple[float, float] | None:
    lat, lon = node.values.get("lat"), node.values.get("lon")
    if lat is None and lon is None:
        return None
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        raise ConfigError("[node] lat and lon must both be numbers")
    return float(lat), float(lon)
