"""The watch: listens on the visitors' network for what should not be there, and tells the agent. Off the request path.

Runs as a process of its own with the right to open raw sockets. Alarms name the maker's part of a hardware address and
a number that means nothing outside this process, never the address.
"""

import hashlib
import hmac
import ipaddress
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from scapy.config import conf
from scapy.layers.dhcp import BOOTP
from scapy.layers.dot11 import Dot11, Dot11Beacon
from scapy.layers.inet6 import ICMPv6ND_RA
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet
from scapy.sendrecv import AsyncSniffer, sniff

from captive_portal.access import AccessError
from captive_portal.advertise import advertise
from captive_portal.config import ConfigError
from captive_portal.gateclient import GateAccess
from captive_portal.notify import Notifier
from captive_portal.report import Reports
from captive_portal.watchrules import (
    TEXTS,
    Addresses,
    Limiter,
    Own,
    Suspicion,
    beacon,
    dhcp_answer,
    router_advertisement,
)

_log = logging.getLogger(__name__)
FILTER = "arp or (udp src port 67) or (icmp6 and ip6[40] == 134)"
_MONITOR_FILTER = "type mgt subtype beacon"
_AGAIN_S = 5.0
_NO_ADDRESS_YET = str(ipaddress.IPv4Address(0))  # the sender of an ARP probe, RFC 5227

Tell = Callable[[str, str], None]


class Watch:
    """Looks at packets; `tell(code, text)` is called for what passes the limiter."""

    def __init__(
        self,
        own: Own,
        tell: Tell,
        clock: Callable[[], float] = time.monotonic,
        name: Callable[[str], str] = lambda _mac: "",
    ) -> None:
        """`name` gives a device's number of the day, "" when nobody knows it."""
        self._own, self._tell, self._clock, self._name = own, tell, clock, name
        self._addresses, self._limiter = Addresses(), Limiter()
        self._key = os.urandom(16)

    def see(self, packet: Packet) -> None:
        """Judge one packet; what cannot be read is passed over."""
        try:
            found = self._judge(packet)
        except (AttributeError, IndexError, ValueError, TypeError, UnicodeError):
            return  # a malformed packet must not end the watch
        if found and self._limiter.allows(found, self._clock()):
            self._tell(found.code, TEXTS[found.code].format(device=self._described(found.mac)))

    def _judge(self, packet: Packet) -> Suspicion | None:
        if packet.haslayer(Dot11Beacon):
            name = packet[Dot11Beacon].network_stats().get("ssid") or ""
            return beacon(self._own, str(name), str(packet[Dot11].addr3).lower())
        if not packet.haslayer(Ether):
            return None
        mac = str(packet[Ether].src).lower()
        if packet.haslayer(BOOTP) and packet[BOOTP].op == 2:
            return dhcp_answer(self._own, mac)
        if packet.haslayer(ICMPv6ND_RA):
            return router_advertisement(self._own, mac)
        if packet.haslayer(ARP) and packet[ARP].psrc != _NO_ADDRESS_YET and mac not in self._own.macs:
            return self._addresses.used(mac, str(packet[ARP].psrc), self._clock())
        return None

    def _described(self, mac: str) -> str:
        """The maker's part, and the number of the day, by which the hub can block it; else one of our own."""
        own = hmac.digest(self._key, mac.encode(), hashlib.sha256).hex()[:6]
        return f"Hersteller {mac[:8]}, Gerät {self._name(mac)[:8] or own}"


def look(watch: Watch, capture: Path) -> None:
    """Judge the packets of a capture file."""
    sniff(offline=str(capture), prn=watch.see, store=False)


def listen(watch: Watch, interface: str, capture_filter: str) -> None:
    """Sniff for ever; an interface that goes down is listened to again when it is back."""
    while True:
        try:
            sniffer = AsyncSniffer(iface=interface, filter=capture_filter, prn=watch.see, store=False)
            sniffer.start()
            while sniffer.thread is not None and sniffer.thread.is_alive() and _is_up(interface):
                time.sleep(1)
            if sniffer.running:
                sniffer.stop(join=False)
        except Exception as error:
            _log.warning("cannot listen on %s: %s", interface, error)
        time.sleep(_AGAIN_S)


def _is_up(interface: str) -> bool:
    try:
        return bool(int(Path("/sys/class/net", interface, "flags").read_text(), 16) & 1)
    except (OSError, ValueError):
        return False


def own_of(lan: str, ssid: str) -> Own:
    """This node's own hardware addresses: of every interface, so also of its radios."""
    macs = set()
    for path in Path("/sys/class/net").glob("*/address"):
        macs.add(path.read_text().strip().lower())
    if not Path("/sys/class/net", lan).exists():
        raise ConfigError(f"there is no interface {lan}")
    return Own(frozenset(macs), ssid, frozenset(macs))


def number_of_the_day(gate_socket: Path) -> Callable[[str], str]:
    """Asks the gate, which alone has the key."""
    gate = GateAccess(gate_socket)

    def name(mac: str) -> str:
        try:
            return str(gate.ask({"verb": "name", "mac": mac})["device"])
        except (AccessError, KeyError) as error:
            _log.info("a device has no number of the day: %s", error)
            return ""

    return name


def run(lan: str, monitor: str, ssid: str, api_url: str, agent_socket: Path, gate_socket: Path) -> None:
    """Watch and advertise until SIGTERM. ConfigError without the interface or the right to raw sockets."""
    conf.verb = 0
    reports = Reports(agent_socket)
    watch = Watch(own_of(lan, ssid), reports.alarm, name=number_of_the_day(gate_socket))
    threads: list[tuple[Callable[..., None], tuple[object, ...]]] = [
        (listen, (watch, lan, FILTER)),
        (advertise, (lan, api_url)),
    ]
    if monitor:
        threads.append((listen, (watch, monitor, _MONITOR_FILTER)))
    reports.start()
    for work, arguments in threads:
        threading.Thread(target=work, args=arguments, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    notifier = Notifier.from_environment()
    notifier.ready()
    _log.info("watching %s", ", ".join(filter(None, (lan, monitor))))
    while True:
        notifier.alive()
        time.sleep(1)
