"""RFC 8910 for IPv6: router advertisements that carry the API's address (option 37), beside dnsmasq's own.

dnsmasq cannot send the option. Hosts take the union of what a router's advertisements say (RFC 4861, 6.3.4), so these
repeat the fields of dnsmasq's stateless mode and add nothing but the option; if this process is away, IPv6 stays.
"""

import logging
import random
import socket
import struct
import time
from pathlib import Path

from scapy.compat import raw
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6NDOptCaptivePortal, IPv6

_log = logging.getLogger(__name__)
_ALL_NODES = "ff02::1"
_LIFETIME_S, _HOP_LIMIT = 1800, 64  # as dnsmasq's ra-stateless says them
_EVERY_S = (200.0, 600.0)  # RFC 4861, 6.2.1
_PAUSE_S = 3.0  # at least so long between two to everybody, RFC 4861, 6.2.6
_SOLICITATION = 133
_ICMPV6_FILTER = 1
_AGAIN_S = 5.0


def advertisement(url: str) -> bytes:
    """The ICMPv6 message; the kernel fills in the checksum. The option's text is padded with NUL (RFC 8910, 2.3)."""
    text = url.encode()
    padding = -(len(text) + 2) % 8
    head = ICMPv6ND_RA(chlim=_HOP_LIMIT, M=0, O=1, routerlifetime=_LIFETIME_S, cksum=0)
    option = ICMPv6NDOptCaptivePortal(len=(len(text) + 2 + padding) // 8, URI=text + bytes(padding))
    return bytes(raw(IPv6() / head / option)[40:])


def advertise(interface: str, url: str) -> None:
    """Answer solicitations and speak up every few minutes, for ever; waits where the interface is away."""
    message = advertisement(url)
    while True:
        try:
            with _opened(interface) as connection:
                _converse(connection, interface, message)
        except OSError as error:
            _log.warning("cannot advertise on %s: %s", interface, error)
        time.sleep(_AGAIN_S)


def _converse(connection: socket.socket, interface: str, message: bytes) -> None:
    target = (_ALL_NODES, 0, 0, socket.if_nametoindex(interface))
    said, due = float("-inf"), time.monotonic()
    while Path("/sys/class/net", interface).exists():
        now = time.monotonic()
        if now >= due:
            connection.sendto(message, target)
            said, due = now, now + random.uniform(*_EVERY_S)  # noqa: S311 (spread, no secret)
        connection.settimeout(min(30.0, max(0.01, due - now)))
        try:
            asked = connection.recv(1500)
        except TimeoutError:
            continue
        if asked[:1] == bytes([_SOLICITATION]):
            due = min(due, max(said + _PAUSE_S, time.monotonic()))


def _opened(interface: str) -> socket.socket:
    """A raw ICMPv6 socket that hears solicitations alone and speaks as a router must: hop limit 255."""
    connection = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    blocked = bytearray(b"\xff" * 32)  # a set bit blocks its type
    blocked[_SOLICITATION // 8] &= ~(1 << (_SOLICITATION % 8)) & 0xFF
    connection.setsockopt(socket.IPPROTO_ICMPV6, _ICMPV6_FILTER, bytes(blocked))
    group = socket.inet_pton(socket.AF_INET6, "ff02::2")
    member = group + struct.pack("=I", socket.if_nametoindex(interface))
    connection.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    return connection
