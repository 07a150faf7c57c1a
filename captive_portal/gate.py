"""The gate's verbs: open, close, list, load. Pairs of device and address go into nftables sets with a timeout.

The kernel keeps the time: if this process dies, nothing opens, and what is open ends when it should.
"""

import ipaddress
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

from captive_portal import leases, rules
from captive_portal.config import Network
from captive_portal.leases import Address, Neighbour
from captive_portal.nft import Nft, NftError
from captive_portal.sessions import Session, Sessions

_log = logging.getLogger(__name__)
_SHORTEST_S = 60
_MOST_ADDRESSES = 16  # of one device; phones use a handful of IPv6 privacy addresses

Known = Callable[[], list[Neighbour]]


class RefusedError(Exception):
    """The gate will not do that; the text goes to the caller."""


@dataclass(frozen=True)
class Running:
    """A device that is online, in this process's memory. `until_s` counts on the clock that no time setting moves."""

    mac: str
    addresses: tuple[Address, ...]
    until_s: float
    granted_s: int


class Gate:
    """Keeps the kernel's sets, its memory and the store in step. Used by one thread only."""

    def __init__(self, network: Network, nft: Nft, store: Sessions, known: Known | None = None) -> None:
        self._network, self._nft, self._store = network, nft, store
        self._known = known or (lambda: leases.known(network.lan, network.lease_file, int(time.time())))
        self._running: dict[str, Running] = {}

    def answer(self, request: object) -> dict[str, object]:
        """Carry out one request; RefusedError or NftError if it cannot be done."""
        if not isinstance(request, dict):
            raise RefusedError("a request is a JSON object")
        verb = request.get("verb")
        if verb == "open":
            return self.open(self._address(request), self._seconds(request))
        if verb == "close":
            return self.close(self._address(request))
        if verb == "list":
            return self.sessions(self._address(request) if "address" in request else None)
        if verb == "load":
            return self.load()
        raise RefusedError("the verbs are open, close, list, load")

    def load(self) -> dict[str, object]:
        """Load the rules as one transaction; sessions stay. A broken rule changes nothing at all."""
        self._nft.text(rules_text(self._network))
        return {}

    def restore(self) -> int:
        """Put the stored sessions back with the time they have left, in one transaction; how many there are."""
        found = [self._remembered(session) for session in self._store.all()]
        self._running = {session.mac: session for session in found if self._left(session) > 0}
        commands = [command for session in self._running.values() for command in self._opening(session)]
        if commands:
            self._nft.run(commands)
        for session in found:
            if session.mac not in self._running:
                self._store.remove(session.mac)
        return len(self._running)

    def open(self, address: Address, seconds: int) -> dict[str, object]:
        """Let the device behind `address` out with all its addresses, or give it new time."""
        known = self._known()
        mac = next((neighbour.mac for neighbour in known if neighbour.address == address), None)
        if mac is None:
            raise RefusedError("no device is known at this address")
        before = self._running.get(mac)
        addresses = self._addresses_of(mac, known, (address, *(before.addresses if before else ())))
        session = Running(mac, addresses, _boot_s() + seconds, seconds)
        self._nft.run([*self._taking_over(session), *self._opening(session)])
        self._keep(session)
        return {"seconds": seconds, "sessions": len(self._running), "extended": before is not None}

    def close(self, address: Address) -> dict[str, object]:
        """Shut the device behind `address` out; nothing happens if it is not online."""
        session = self._at(address)
        if session:
            self._end(session)
        return {"closed": session is not None}

    def sessions(self, address: Address | None) -> dict[str, object]:
        """Running sessions, or the one at `address` if the kernel still lets it out; device addresses stay here."""
        found: Iterable[Running] = self._running.values()
        if address is not None:
            session = self._at(address)
            found = [session] if session and self._is_open(session, address) else []
        return {
            "sessions": [
                {"addresses": [str(own) for own in session.addresses], "seconds": self._left(session)}
                for session in found
                if self._left(session) > 0
            ]
        }

    def tidy(self) -> None:
        """End what is over and let new IPv6 addresses of running devices out. Called every few seconds."""
        for session in [session for session in self._running.values() if self._left(session) <= 0]:
            self._end(session)
        if not self._running:
            return
        known = self._known()
        for session in list(self._running.values()):
            addresses = self._addresses_of(session.mac, known, session.addresses)
            if set(addresses) != set(session.addresses):
                learned = replace(session, addresses=addresses)
                self._nft.run([*self._taking_over(learned), *self._opening(learned)])
                self._keep(learned)

    def _address(self, request: dict[str, Any]) -> Address:
        """A visitor's address inside one of this node's own networks."""
        text = request.get("address")
        try:
            address = ipaddress.ip_address(text if isinstance(text, str) and len(text) < 46 else "")
        except ValueError:
            raise RefusedError("not an IP address") from None
        if not self._is_visitor(address):
            if request["verb"] == "list":
                return address
            raise RefusedError("not an address of the visitors' network")
        return address

    def _seconds(self, request: dict[str, Any]) -> int:
        seconds = request.get("seconds")
        if type(seconds) is not int or not _SHORTEST_S <= seconds <= self._network.longest_session_s:
            raise RefusedError(f"seconds must be from {_SHORTEST_S} to {self._network.longest_session_s}")
        return seconds

    def _is_visitor(self, address: Address) -> bool:
        own = (self._network.ipv4, self._network.ipv6)
        return any(net and address in net.network and address != net.ip for net in own)

    def _addresses_of(self, mac: str, known: list[Neighbour], first: tuple[Address, ...]) -> tuple[Address, ...]:
        """The device's addresses without repetition: `first`, then what is known beside."""
        seen = [
            neighbour.address for neighbour in known if neighbour.mac == mac and self._is_visitor(neighbour.address)
        ]
        return tuple(dict.fromkeys((*first, *seen)))[:_MOST_ADDRESSES]

    def _at(self, address: Address) -> Running | None:
        return next((session for session in self._running.values() if address in session.addresses), None)

    def _is_open(self, session: Running, address: Address) -> bool:
        """Whether the kernel still has the element: memory alone could say "online" after someone flushed the rules."""
        try:
            self._nft.text(f"get element inet portal up{address.version} {{ {session.mac} . {address} }}")
        except NftError:
            return False
        return True

    def _left(self, session: Running) -> int:
        return max(0, round(session.until_s - _boot_s()))

    def _keep(self, session: Running) -> None:
        self._running[session.mac] = session
        until_ms = time.time_ns() // 1_000_000 + self._left(session) * 1000
        addresses = tuple(str(address) for address in session.addresses)
        self._store.put(Session(session.mac, addresses, until_ms, session.granted_s))

    def _remembered(self, stored: Session) -> Running:
        left = rules.remaining_s(stored.until_ms, stored.granted_s, time.time_ns() // 1_000_000)
        addresses = tuple(ipaddress.ip_address(address) for address in stored.addresses)
        return Running(stored.mac, addresses, _boot_s() + left, stored.granted_s)

    def _end(self, session: Running) -> None:
        self._nft.run([command for address in session.addresses for command in _closing(session.mac, address)])
        self._running.pop(session.mac, None)
        self._store.remove(session.mac)

    def _taking_over(self, session: Running) -> list[dict[str, object]]:
        """An address that moved to another device leaves the old one's session."""
        commands: list[dict[str, object]] = []
        for other in [other for other in self._running.values() if other.mac != session.mac]:
            moved = set(other.addresses) & set(session.addresses)
            if moved:
                commands += [command for address in moved for command in _closing(other.mac, address)]
                self._keep(replace(other, addresses=tuple(own for own in other.addresses if own not in moved)))
        return commands

    def _opening(self, session: Running) -> list[dict[str, object]]:
        left = max(1, self._left(session))
        return [command for address in session.addresses for command in _renewing(session.mac, address, left)]


def rules_text(network: Network) -> str:
    """The rules file with this node's interfaces and networks set in."""
    template = Template(Path(__file__).with_name("gate.nft").read_text("utf-8"))
    ports = ", ".join(map(str, network.admin_ports))
    nat6 = network.ipv6_masquerade and network.ipv6
    return template.substitute(
        lan=network.lan,
        wan=network.wan,
        portal_port=network.portal_port,
        network4=network.ipv4.network,
        admin=f'iifname "{network.wan}" tcp dport {{ {ports} }} accept' if ports else "",
        masquerade6=f'oifname "{network.wan}" ip6 saddr {nat6.network} masquerade' if nat6 else "",
    )


def let_forward(wan: str) -> None:
    """Turn on routing; done after the rules are in force. OSError without root."""
    settings = {"ipv4/ip_forward": "1", f"ipv6/conf/{wan}/accept_ra": "2", "ipv6/conf/all/forwarding": "1"}
    for name, value in settings.items():
        path = Path("/proc/sys/net", name)
        if path.exists():
            path.write_text(value)


def _elements(mac: str, address: Address, seconds: int | None) -> list[dict[str, object]]:
    """The pair for the way up and the address for the way down."""

    def element(name: str, value: object) -> dict[str, object]:
        timed = value if seconds is None else {"elem": {"val": value, "timeout": seconds}}
        return {"element": {"family": "inet", "table": "portal", "name": f"{name}{address.version}", "elem": [timed]}}

    return [element("up", {"concat": [mac, str(address)]}), element("down", str(address))]


def _closing(mac: str, address: Address) -> list[dict[str, object]]:
    """Remove the elements whether or not they are still there: nft has no "delete if present" before 1.0.7."""
    plain = _elements(mac, address, None)
    return _commands("add", plain) + _commands("delete", plain)


def _renewing(mac: str, address: Address, seconds: int) -> list[dict[str, object]]:
    """Elements with a fresh timeout: adding to an existing one would leave the old end."""
    return _closing(mac, address) + _commands("add", _elements(mac, address, seconds))


def _commands(verb: str, elements: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{verb: element} for element in elements]


def _boot_s() -> float:
    """Seconds since boot, suspend included; a Pi without a clock chip jumps in wall time, never in this."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
