"""Who is online, in the gate's memory: by device, by address, with the places that are still free."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from captive_portal.elements import Pass
from captive_portal.leases import Address


@dataclass(frozen=True)
class Running:
    """A device that has accepted. `until_s` counts on the clock that no time setting moves; `spent` is shut out."""

    device: Pass
    addresses: tuple[Address, ...]
    until_s: float
    granted_s: int
    used_bytes: int = 0
    stored_bytes: int = 0
    spent: bool = False

    @property
    def mac(self) -> str:
        """The device."""
        return self.device.mac

    def without(self, taken: list[Address]) -> "Running":
        """The same without some of its addresses."""
        return replace(self, addresses=tuple(own for own in self.addresses if own not in taken))


class Online:
    """Running sessions; a place (shaping class) belongs to a session until it is forgotten."""

    def __init__(self, places: range) -> None:
        self._running: dict[str, Running] = {}
        self._by_address: dict[Address, str] = {}
        self._free = list(reversed(places))

    def __iter__(self) -> Iterator[Running]:
        return iter(list(self._running.values()))

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, mac: str) -> bool:
        return mac in self._running

    @property
    def is_full(self) -> bool:
        """No place is free."""
        return not self._free

    def place(self) -> int:
        """The place that the next new session gets; IndexError when full."""
        return self._free[-1]

    def of(self, mac: str) -> Running | None:
        """The device's session."""
        return self._running.get(mac)

    def at(self, address: Address) -> Running | None:
        """The session that an address belongs to."""
        return self._running.get(self._by_address.get(address, ""))

    def keep(self, session: Running) -> None:
        """Remember a session, or its new state."""
        before = self._running.get(session.mac)
        if before is None:
            self._free.remove(session.device.slot)
        else:
            self._drop_addresses(before)
        self._running[session.mac] = session
        self._by_address |= dict.fromkeys(session.addresses, session.mac)

    def forget(self, session: Running) -> None:
        """Give its place and its addresses back."""
        self._drop_addresses(session)
        del self._running[session.mac]
        self._free.append(session.device.slot)

    def losing(self, session: Running) -> list[tuple[Running, list[Address]]]:
        """Other devices that have an address of `session`: the network gave it to this one since."""
        found: dict[str, list[Address]] = {}
        for address in session.addresses:
            mac = self._by_address.get(address)
            if mac is not None and mac != session.mac:
                found.setdefault(mac, []).append(address)
        return [(self._running[mac], taken) for mac, taken in found.items()]

    def _drop_addresses(self, session: Running) -> None:
        for address in session.addresses:
            if self._by_address.get(address) == session.mac:
                del self._by_address[address]
