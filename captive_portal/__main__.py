"""Command line of the portal: the web pages, the gate, or a preview."""

import argparse
import http.client
import ipaddress
import logging
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from captive_portal import config
from captive_portal.access import Access

if TYPE_CHECKING:
    from captive_portal.tls import TlsFront

_USAGE = """examples:
  stadtknoten-portal --config /etc/stadtknoten/node.toml         landing page (no root needed)
  stadtknoten-portal gate --config /etc/stadtknoten/node.toml    opens and closes the network (needs root)
  stadtknoten-portal dnsmasq --config /etc/stadtknoten/node.toml prints the configuration of dnsmasq for this node
  stadtknoten-portal hostapd --config /etc/stadtknoten/node.toml prints the configuration of hostapd, checked by it
  stadtknoten-portal nft --config /etc/stadtknoten/node.toml     prints the firewall rules, checked by nft (root)
  stadtknoten-portal watch --config /etc/stadtknoten/node.toml   rogue servers, router advertisements (raw sockets)
  stadtknoten-portal --preview --state-dir DIR --port 8081       look at the pages; no network is touched
"""
# Threads that wait for the gate get the interpreter back sooner: 200 clicks at once took twice as long with 5 ms.
_SWITCH_S = 0.0005


def main() -> None:
    """Run what was asked for; every refusal is one line and exit code 2."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        if arguments.role == "gate":
            _gate(arguments)
        elif arguments.role == "watch":
            _watch(arguments)
        elif arguments.role == "dnsmasq":
            _dnsmasq(arguments)
        elif arguments.role == "hostapd":
            _hostapd(arguments)
        elif arguments.role == "nft":
            _nft(arguments)
        elif arguments.preview or arguments.role == "preview":
            _preview(arguments)
        else:
            _web(arguments)
    except (config.ConfigError, OSError) as error:
        sys.exit(_complain(error))


def _complain(error: Exception) -> int:
    print(f"stadtknoten-portal: {error}", file=sys.stderr)
    return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="stadtknoten-portal",
        description="Free WiFi of the town: landing page, accept, and the gate to the internet.",
        epilog=_USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "role",
        nargs="?",
        default="web",
        choices=("web", "gate", "watch", "dnsmasq", "hostapd", "nft", "preview"),
        help="default: web",
    )
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="the node's configuration file")
    parser.add_argument("--preview", action="store_true", help="show the pages without root and without a gate")
    parser.add_argument("--state-dir", type=Path, help="preview: the node's state directory (bulletin.json)")
    parser.add_argument("--host", default="127.0.0.1", help="preview: address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8081, help="preview: port to listen on (default 8081)")
    parser.add_argument("--hub-url", default="", help="preview: address of the town's services")
    parser.add_argument("--label", default="", help="preview: name of the WiFi spot")
    parser.add_argument("--near", type=_position, metavar="LAT,LON", help="preview: show car parks near this place")
    return parser.parse_args()


def _position(text: str) -> tuple[float, float]:
    lat, lon = text.split(",")
    return float(lat), float(lon)


def _gate(arguments: argparse.Namespace) -> None:
    from captive_portal import gateserver

    gateserver.run(_config(arguments).network)


def _dnsmasq(arguments: argparse.Namespace) -> None:
    from captive_portal.dnsmasq import dnsmasq_text

    loaded = _config(arguments)
    print(dnsmasq_text(loaded.portal, loaded.network), end="")


def _hostapd(arguments: argparse.Namespace) -> None:
    from captive_portal import radio
    from captive_portal.tables import Section

    if arguments.config is None:
        raise config.ConfigError("--config FILE.toml is missing")
    text = radio.hostapd_text(radio.parse(Section(config.load_document(arguments.config), "radio")))
    if complaint := radio.check(text):
        raise config.ConfigError(f"hostapd refuses the configuration: {complaint}")
    print(text, end="")


def _nft(arguments: argparse.Namespace) -> None:
    from captive_portal.kernel import rules_text

    text = rules_text(_config(arguments).network)
    checked = subprocess.run(["nft", "-c", "-f", "-"], input=text, capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise config.ConfigError(f"nft refuses the rules: {checked.stderr.strip().splitlines()[0]}")
    print(text, end="")


def _watch(arguments: argparse.Namespace) -> None:
    from captive_portal import watch

    loaded = _config(arguments)
    radio = config.load_document(arguments.config).get("radio")
    settings = radio if isinstance(radio, dict) else {}
    watch.run(
        loaded.network.lan,
        str(settings.get("monitor", "")),
        str(settings.get("ssid", "")),
        loaded.portal.api_url,
        loaded.portal.state_directory / "agent.sock",
        loaded.network.gate_socket,
    )


def _web(arguments: argparse.Namespace) -> None:
    from captive_portal.gateclient import GateAccess
    from captive_portal.hostapd import stations
    from captive_portal.line import Line

    loaded = _config(arguments)
    network = loaded.network
    addresses = tuple(address for address in (network.ipv4, network.ipv6) if address)
    access = GateAccess(network.gate_socket)
    line = Line(network.wan).works
    _serve(loaded.portal, access, lambda: stations(network.hostapd, network.radio), addresses, line)


def _preview(arguments: argparse.Namespace) -> None:
    from captive_portal.orders import OrderFile
    from captive_portal.preview import PreviewAccess

    if arguments.config:
        portal = config.load_portal(arguments.config)
    else:
        directory = arguments.state_dir or Path(tempfile.gettempdir()) / "stadtknoten-preview-without-state"
        portal = config.Portal(label=arguments.label or "Vorschau", state_directory=directory)
    if arguments.hub_url and not arguments.hub_url.startswith(("http://", "https://")):
        raise config.ConfigError("--hub-url must begin with http:// or https://")
    chosen = {
        "label": arguments.label,
        "state_directory": arguments.state_dir,
        "services_url": arguments.hub_url,
        "near": arguments.near,
    }
    portal = replace(portal, listen=f"{arguments.host}:{arguments.port}", **{k: v for k, v in chosen.items() if v})
    directory = portal.state_directory
    orders = OrderFile(directory / "wifi.json", directory / "obeyed.json")
    _serve(portal, PreviewAccess(orders), lambda: None, ())


def _config(arguments: argparse.Namespace) -> config.Config:
    if arguments.config is None:
        raise config.ConfigError("--config FILE.toml is missing (or use --preview)")
    return config.load(arguments.config)


def _serve(
    portal: config.Portal,
    access: Access,
    clients: Callable[[], int | None],
    addresses: tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...],
    line: Callable[[], bool] = lambda: True,
) -> None:
    """Serve until SIGTERM or Ctrl-C; 4 threads were measured as enough for a node."""
    from waitress.server import create_server

    from captive_portal.notify import Notifier
    from captive_portal.report import Reports
    from captive_portal.web import create_app

    reports = Reports(portal.state_directory / "agent.sock", clients)
    app = create_app(portal, access, reports, addresses, clients, line)
    sys.setswitchinterval(_SWITCH_S)
    front = _front(portal)
    served = front.unwrap(app) if front else app
    listen = " ".join(filter(None, (portal.listen, portal.metrics, "127.0.0.1:0" if front else "")))
    server = create_server(
        served, listen=listen, threads=4, connection_limit=500, channel_timeout=15, ident="stadtknoten"
    )
    if front:
        front.start(server.effective_listen[-1][1])
    reports.start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"Landing page at http://{_readable(portal.listen)}/", flush=True)
    notifier = Notifier.from_environment()
    notifier.ready()
    notifier.watch(lambda: _answers(int(portal.listen.split()[0].rpartition(":")[2])))
    try:
        server.run()
    finally:
        reports.stop()


def _front(portal: config.Portal) -> "TlsFront | None":
    from captive_portal.tls import Certificate, TlsFront

    if portal.certificate is None or portal.certificate_key is None:
        return None
    return TlsFront(Certificate(portal.certificate, portal.certificate_key), portal.tls_port)


def _answers(port: int) -> bool:
    """Whether the pages answer at all; a gate that is away is the gate's own watchdog's business."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status in (200, 302, 503)
    except OSError:
        return False
    finally:
        connection.close()


def _readable(listen: str) -> str:
    return listen.split(maxsplit=1)[0].replace("*", socket.gethostname()).replace("127.0.0.1", "localhost")


if __name__ == "__main__":
    main()
