"""Which device stands behind an address: the kernel's neighbour table first, dnsmasq's lease file beside it."""

import ipaddress
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")

# rtnetlink(7): what asks for the neighbour table, and how its answer is laid out
_RTM_NEWNEIGH, _RTM_GETNEIGH, _REQUEST_DUMP, _DONE, _ERROR = 28, 30, 0x301, 3, 2
_HEADER, _NEIGHBOUR, _ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=BxxxiHBB"), struct.Struct("=HH")
_DESTINATION, _LINK_ADDRESS = 1, 2
_UNUSABLE = 0x01 | 0x20 | 0x40 | 0x80  # INCOMPLETE, FAILED, NOARP, PERMANENT
_BUFFER = 1 << 18
_PATIENCE_S = 2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Neighbour:
    """A device's MAC address and one of its IP addresses."""

    mac: str
    address: Address


def known(interface: str, lease_file: Path, now_s: int) -> list[Neighbour]:
    """All devices known now. What the kernel has seen comes first: a device without a lease is known too."""
    return [*neighbours(interface), *leases(lease_file, now_s)]


def neighbours(interface: str) -> list[Neighbour]:
    """The kernel's neighbour table of `interface`, both families; empty where the interface is missing."""
    try:
        index = socket.if_nametoindex(interface)
        return [found for message in _dump() if (found := parse_neighbour(message, index))]
    except OSError:
        return []


def _dump() -> Iterator[bytes]:
    """The messages of the kernel's answer to RTM_GETNEIGH, without their headers."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as netlink:
        netlink.settimeout(_PATIENCE_S)
        size = _HEADER.size + _NEIGHBOUR.size
        netlink.send(_HEADER.pack(size, _RTM_GETNEIGH, _REQUEST_DUMP, 1, 0) + _NEIGHBOUR.pack(0, 0, 0, 0, 0))
        while True:
            answer, offset = netlink.recv(_BUFFER), 0
            while offset + _HEADER.size <= len(answer):
                length, kind, *_ = _HEADER.unpack_from(answer, offset)
                if kind in (_DONE, _ERROR) or length < _HEADER.size:
                    return
                if kind == _RTM_NEWNEIGH:
                    yield answer[offset + _HEADER.size : offset + length]
                offset += (length + 3) & ~3


def parse_neighbour(message: bytes, index: int) -> Neighbour | None:
    """The usable neighbour in a struct ndmsg with its attributes, if it belongs to interface `index`."""
    if len(message) < _NEIGHBOUR.size:
        return None
    _family, interface, state, _flags, _kind = _NEIGHBOUR.unpack_from(message)
    if interface != index or not state or state & _UNUSABLE:
        return None
    values = dict(_attributes(message, _NEIGHBOUR.size))
    address, link = values.get(_DESTINATION, b""), values.get(_LINK_ADDRESS, b"")
    if len(address) not in (4, 16) or len(link) != 6:
        return None
    return Neighbour(link.hex(":"), ipaddress.ip_address(address))


def _attributes(message: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    while offset + _ATTRIBUTE.size <= len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, offset)
        if length < _ATTRIBUTE.size:
            return
        yield kind, message[offset + _ATTRIBUTE.size : offset + length]
        offset += (length + 3) & ~3


def leases(lease_file: Path, now_s: int) -> list[Neighbour]:
    """IPv4 leases still running at `now_s` (Unix seconds; 0 in the file = endless); empty without a file."""
    try:
        lines = lease_file.read_text("ascii", "replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        expiry, mac, address = [*line.split(), "", "", ""][:3]
        if expiry.isdecimal() and (int(expiry) == 0 or int(expiry) > now_s):
            found.append(_neighbour(mac, address))
    return [neighbour for neighbour in found if neighbour]


def _neighbour(mac: str, address: str) -> Neighbour | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return Neighbour(mac.lower(), parsed) if _MAC.fullmatch(mac.lower()) else None
