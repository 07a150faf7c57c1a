"""Which device stands behind an address: the kernel's neighbour table first, dnsmasq's lease file beside it."""

import ipaddress
import re
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from captive_portal import netlink

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")

_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg, rtnetlink(7)
_FRESH_S = 2.0  # the gate reads every second
_DESTINATION, _LINK_ADDRESS = 1, 2
_UNUSABLE = 0x01 | 0x20 | 0x40  # INCOMPLETE, FAILED, NOARP

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Neighbour:
    """A device's MAC address and one of its IP addresses."""

    mac: str
    address: Address


class Neighbourhood:
    """What the kernel has seen comes first: a device without a lease is known too.

    An IPv4 address that is leased belongs to the device of the lease, whoever else claims it on the air.
    """

    def __init__(self, interface: str, lease_file: Path) -> None:
        self._interface, self._lease_file = interface, lease_file
        self._read_at, self._by_mac = float("-inf"), dict[str, list[Address]]()

    def mac_at(self, address: Address) -> str | None:
        """The device behind an address, or None."""
        try:
            index = socket.if_nametoindex(self._interface)
            seen = parse_neighbour(netlink.neighbour_message(index, address.packed) or b"", index)
        except OSError:
            seen = None
        leased = leases(self._lease_file, int(time.time()), f" {address} ")
        owner = next((lease.mac for lease in leased if lease.address == address), None)
        if seen is None or owner is None:
            return seen.mac if seen else owner
        return owner if seen.mac == owner else None

    def addresses_of(self, mac: str) -> list[Address]:
        """Every address of a device that was known within the last two seconds."""
        if time.monotonic() - self._read_at > _FRESH_S:
            self.everybody()
        leased = leases(self._lease_file, int(time.time()), f" {mac} ")
        return [*self._by_mac.get(mac, ()), *(lease.address for lease in leased if lease.mac == mac)]

    def everybody(self) -> dict[str, list[Address]]:
        """MAC -> addresses of all that the kernel has seen on this interface, both families."""
        try:
            index, messages = socket.if_nametoindex(self._interface), netlink.neighbour_messages()
        except OSError:
            return {}
        owners = {lease.address: lease.mac for lease in leases(self._lease_file, int(time.time()))}
        by_mac: dict[str, list[Address]] = {}
        for message in messages:
            found = parse_neighbour(message, index)
            if found and owners.get(found.address, found.mac) == found.mac:
                by_mac.setdefault(found.mac, []).append(found.address)
        self._read_at, self._by_mac = time.monotonic(), by_mac
        return by_mac


def parse_neighbour(message: bytes, index: int) -> Neighbour | None:
    """The usable neighbour in a struct ndmsg with its attributes, if it belongs to interface `index`."""
    if len(message) < _NEIGHBOUR.size:
        return None
    _family, interface, state, _flags, _kind = _NEIGHBOUR.unpack_from(message)
    if interface != index or not state or state & _UNUSABLE:
        return None
    values = dict(netlink.attributes(message, _NEIGHBOUR.size))
    address, link = values.get(_DESTINATION, b""), values.get(_LINK_ADDRESS, b"")
    if len(address) not in (4, 16) or len(link) != 6:
        return None
    return Neighbour(link.hex(":"), ipaddress.ip_address(address))


def leases(lease_file: Path, now_s: int, wanted: str = "") -> list[Neighbour]:
    """IPv4 leases still running at `now_s` (Unix seconds; 0 in the file = endless) whose line holds `wanted`."""
    try:
        text = lease_file.read_text("ascii", "replace")
        lines = text.splitlines() if wanted in text else []
    except OSError:
        return []
    found = []
    for line in filter(lambda line: wanted in line, lines):
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
