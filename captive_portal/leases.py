"""Which device stands behind an address: the kernel's neighbour table first, dnsmasq's lease file beside it."""

import ipaddress
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_UNUSABLE = {"FAILED", "INCOMPLETE", "NOARP", "PERMANENT"}

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
    """The kernel's neighbour table of `interface`, both families; empty where `ip` fails."""
    command = ["ip", "-j", "neigh", "show", "dev", interface]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_neighbours(done.stdout)


def parse_neighbours(printed: str) -> list[Neighbour]:
    """Neighbours with a usable MAC out of `ip -j neigh`."""
    entries = json.loads(printed or "[]")
    usable = [entry for entry in entries if not _UNUSABLE.intersection(entry.get("state", []))]
    return [found for entry in usable if (found := _neighbour(entry.get("lladdr", ""), entry.get("dst", "")))]


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
