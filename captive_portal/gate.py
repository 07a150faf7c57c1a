"""The gate's verbs: open, close, show, count, load. A device's pairs of MAC and address go into nftables maps with a
time-out and name its shaping class.

The kernel keeps the time: if this process dies, nothing opens, and what is open ends when it should.
"""

import ipaddress
import itertools
import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from captive_portal import elements, netlink, rules
from captive_portal.air import Air
from captive_portal.config import Network
from captive_portal.devices import Devices, Grants
from captive_portal.elements import Pass
from captive_portal.kernel import FIRST_SLOT, reshape, rules_text
from captive_portal.leases import Address, Neighbourhood
from captive_portal.nft import Nft, NftError
from captive_portal.online import Online, Running
from captive_portal.orders import BLOCKED, OrderFile
from captive_portal.sessions import Session, Sessions

_log = logging.getLogger(__name__)
_MOST_ADDRESSES = 16  # of one device; phones use a handful of IPv6 privacy addresses
_KEEP_BYTES = 50_000_000  # use is written to the store in steps of this


class RefusedError(Exception):
    """The gate will not do that; `reason` is a word for the caller's program, the text is for its log."""

    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class Gate:
    """Keeps the kernel's maps, its memory and the store in step. Used by one thread only."""

    def __init__(
        self,
        network: Network,
        nft: Nft,
        store: Sessions,
        devices: Devices,
        grants: Grants,
        around: Neighbourhood,
        orders: OrderFile | None = None,
        air: Air | None = None,
    ) -> None:
        self._network, self._nft, self._store, self._devices = network, nft, store, devices
        self._grants, self._air = grants, air
        self._order_file = orders or OrderFile(None)
        self._orders = self._order_file.current()  # before the first request: what is off stays off
        self._limits = network.limits
        self.around = around
        self._online = Online(range(FIRST_SLOT, FIRST_SLOT + network.limits.clients))
        self._names = (f"c{time.time_ns():x}x{number:x}" for number in itertools.count())
        self._ended_bytes = 0

    def is_visitor(self, address: Address) -> bool:
        """An address inside one of this node's own networks, not the node's own."""
        own = (self._network.ipv4, self._network.ipv6)
        return any(net and address in net.network and address != net.ip for net in own)

    def load(self) -> dict[str, object]:
        """Load the rules as one transaction; sessions stay. A broken rule changes nothing at all."""
        self._nft.text(rules_text(self._network))
        return {}

    def restore(self) -> int:
        """Put the stored sessions back with the time they have left, in one transaction; how many there are."""
        for stored in self._store.all():
            left = rules.remaining_s(stored.until_ms, stored.granted_s, _now_ms())
            if left > 0 and not self._online.is_full:
                self._online.keep(self._remembered(stored, left))
            else:
                self._store.remove([stored.mac])
        self._rebuild()
        return len(self._online)

    def open(self, address: Address, seconds: int) -> dict[str, object]:
        """Let the device behind `address` out with all its addresses, or give it new time."""
        mac = self.around.mac_at(address)
        if mac is None or not self._may_have(mac, address):
            raise RefusedError("no device is known at this address", "unknown")
        if shut := self._shut(mac):
            raise RefusedError("the hub's settings let nobody in, or not this device", shut)
        before = self._online.of(mac)
        if before and before.spent:
            raise RefusedError("the device has used its quota", "quota")
        if before is None and self._online.is_full:
            raise RefusedError("every place of this node is taken", "full")
        session = self._admit(mac, address, seconds)
        return {
            "seconds": seconds,
            "sessions": len(self._online),
            "extended": before is not None,
            "device": self._devices.current(mac),
            "until_ms": _now_ms() + self._left(session) * 1000,
        }

    def close(self, address: Address) -> dict[str, object]:
        """Shut the device behind `address` out; nothing happens if it is not online."""
        session = self._online.at(address)
        if session:
            self._end([session])
        return {"closed": session is not None}

    def show(self, address: Address) -> dict[str, object]:
        """The session at `address` if the kernel still lets it out; a visitor granted by another node comes in."""
        session = self._online.at(address) or self._roamed_at(address)
        if session is None or self._left(session) <= 0:
            return {"online": False, **self._why_shut(address)}
        if session.spent:
            return {"online": False, "reason": "quota", "seconds": self._left(session)}
        if not self._is_open(session, address):
            return {"online": False}
        quota = self._quota
        left = {"bytes": max(0, quota - session.used_bytes)} if quota else {}
        device = self._devices.current(session.mac)
        return {"online": True, "seconds": self._left(session), "device": device, **left}

    def count(self) -> dict[str, object]:
        """Figures about everybody and nobody."""
        return {
            "sessions": sum(not session.spent for session in self._online),
            "spent": sum(session.spent for session in self._online),
            "places": self._network.limits.clients,
            "bytes": self._ended_bytes + sum(session.used_bytes for session in self._online),
        }

    def name(self, mac: str) -> dict[str, object]:
        """A device's number of the day, by which the hub may block it."""
        return {"device": self._devices.current(mac)}

    def tidy(self, seen: Mapping[str, list[Address]], used: Mapping[str, int] | None = None) -> None:
        """End what is over, let new addresses of running devices out, admit the granted. Called every second.

        `seen`: MAC -> addresses of all neighbours; `used`: counter -> bytes, where they were just read.
        """
        self._obey()
        self._end([session for session in self._online if self._left(session) <= 0 or self._shut(session.mac)])
        self._grants.collect(_now_ms())
        if used is not None:
            self._take_counts(used)
        for mac, addresses in seen.items():
            session = self._online.of(mac)
            if session is None and not self._grants:
                continue
            known = session.addresses if session else ()
            new = [found for found in addresses if found not in known and self._may_have(mac, found)]
            if new and session is None:
                self._roam(mac, new[0])
            elif new and session and not session.spent:
                self._learn(session, new)

    def save(self) -> None:
        """Write down what everybody used; called at the end."""
        for session in self._online:
            self._keep(session)

    def _obey(self) -> None:
        """Takes up what the hub says when it changed: the radio follows in its own time, speed and quota now."""
        self._orders = self._order_file.current()
        if self._air is not None:
            self._air.want(not self._order_file.closed(_now_ms()))
        self._order_file.tell(_now_ms(), self._air.state if self._air is not None else "")
        before, self._limits = self._limits, self._orders.limits(self._network.limits)
        if before == self._limits:
            return
        if (before.download_mbit, before.upload_mbit) != (self._limits.download_mbit, self._limits.upload_mbit):
            try:
                reshape(self._network, self._limits)
            except OSError as error:
                _log.warning("the new speeds are not in force: %s", error)
        for session in self._online:
            if session.spent and not self._is_spent(session.used_bytes):
                self._run(elements.opening(session.device, session.addresses, self._left(session)))
                self._keep(replace(session, spent=False))
        _log.info("version %d of the hub's settings is in force", self._orders.v)

    def _shut(self, mac: str) -> str:
        """Why the device may not be let in now, by the hub's settings; "" when it may."""
        if closed := self._order_file.closed(_now_ms()):
            return closed
        blocked = self._orders.blocks and self._orders.shuts_out(self._devices.names(mac), _now_ms())
        return BLOCKED if blocked else ""

    def _why_shut(self, address: Address) -> dict[str, object]:
        mac = self.around.mac_at(address) if self._orders.blocks and self.is_visitor(address) else None
        shut = self._shut(mac) if mac else self._order_file.closed(_now_ms())
        if not shut:
            return {}
        told = {"device": self._devices.current(mac)} if mac else {}
        opens = None if shut == BLOCKED else self._order_file.opens_ms(_now_ms())
        return {"reason": shut, "opens_ms": opens, **told}

    def _may_have(self, mac: str, address: Address) -> bool:
        """An IPv6 address of another running session is never given away: nobody else comes to it by chance. For IPv4
        the lease has decided already, and an address may have gone to the next device."""
        owner = self._online.at(address)
        return self.is_visitor(address) and (owner is None or owner.mac == mac or address.version == 4)

    @property
    def _quota(self) -> int:
        """Bytes that a session may use; 0 = no limit."""
        return self._limits.quota_mb * 1_000_000

    def _is_spent(self, used_bytes: int) -> bool:
        return 0 < self._quota <= used_bytes

    def _admit(self, mac: str, address: Address, seconds: int) -> Running:
        """Give `mac` its time, with every address that is known of it."""
        before = self._online.of(mac)
        seen = [found for found in self.around.addresses_of(mac) if self._may_have(mac, found)]
        first = (address, *(before.addresses if before else ()))
        addresses = tuple(dict.fromkeys((*first, *seen)))[:_MOST_ADDRESSES]
        until = _boot_s() + seconds
        if before:
            session = replace(before, addresses=addresses, until_s=until, granted_s=seconds)
        else:
            session = Running(Pass(mac, self._online.place(), next(self._names)), addresses, until, seconds)
        self._switch(before, session)
        return session

    def _learn(self, session: Running, new: list[Address]) -> None:
        """Let new addresses of a running device out; the oldest make room."""
        addresses = tuple(dict.fromkeys((*new, *session.addresses)))[:_MOST_ADDRESSES]
        self._switch(session, replace(session, addresses=addresses))

    def _switch(self, before: Running | None, after: Running) -> None:
        """A device's new state: in the kernel first, so that nobody is told too much, then in memory and store."""
        losing = self._online.losing(after)
        commands = [elements.counting(after.device, after.used_bytes)] if before is None else []
        for other, taken in [*losing, *([(before, list(before.addresses))] if before else [])]:
            if not other.spent:
                commands += elements.closing(other.device, taken, whole=other is before)
        self._run([*commands, *elements.opening(after.device, after.addresses, self._left(after))])
        for other, taken in losing:
            self._keep(other.without(taken))
        self._keep(after)

    def _roamed_at(self, address: Address) -> Running | None:
        if not self._grants or not self.is_visitor(address):
            return None
        mac = self.around.mac_at(address)
        return self._roam(mac, address) if mac and mac not in self._online else None

    def _roam(self, mac: str, address: Address) -> Running | None:
        """Admit a device that accepted at another node of the town, for the time that it has left."""
        until = self._grants.until_ms(self._devices.names(mac)) if self._grants else None
        if until is None or self._online.is_full or self._shut(mac):
            return None
        seconds = min((until - _now_ms()) // 1000, self._network.longest_session_s)
        return self._admit(mac, address, seconds) if seconds > 0 else None

    def _is_open(self, session: Running, address: Address) -> bool:
        """Whether the kernel still has the element: memory alone could say "online" after someone flushed the rules."""
        key = bytes.fromhex(session.mac.replace(":", "")) + bytes(2) + address.packed
        return netlink.has_element("portal", f"up{address.version}", key)

    def _left(self, session: Running) -> int:
        return max(0, round(session.until_s - _boot_s()))

    def _keep(self, session: Running) -> None:
        """Into memory and store."""
        kept = replace(session, stored_bytes=session.used_bytes)
        self._online.keep(kept)
        until_ms = _now_ms() + self._left(kept) * 1000
        addresses = tuple(str(address) for address in kept.addresses)
        self._store.put(Session(kept.mac, addresses, until_ms, kept.granted_s, kept.used_bytes))

    def _remembered(self, stored: Session, left_s: int) -> Running:
        addresses = tuple(ipaddress.ip_address(address) for address in stored.addresses)
        device = Pass(stored.mac, self._online.place(), next(self._names))
        used = stored.used_bytes
        return Running(device, addresses, _boot_s() + left_s, stored.granted_s, used, used, self._is_spent(used))

    def _end(self, sessions: list[Running]) -> None:
        if not sessions:
            return
        closing = [session for session in sessions if not session.spent]
        self._run([command for one in closing for command in elements.closing(one.device, one.addresses)])
        for session in sessions:
            self._ended_bytes += session.used_bytes
            self._online.forget(session)
        self._store.remove([session.mac for session in sessions])

    def _take_counts(self, found: Mapping[str, int]) -> None:
        """Shut out who has used its quota, delete counters of ended sessions."""
        own = {session.device.counter for session in self._online}
        for name in found.keys() - own:
            try:
                self._nft.text(f"delete counter inet portal {name}")
            except NftError:
                continue  # an element that has just ended still names it; the next round gets it
        for session in self._online:
            used = max(session.used_bytes, found.get(session.device.counter, 0))
            if self._is_spent(used) and not session.spent:
                self._run(elements.closing(session.device, session.addresses))
                self._keep(replace(session, used_bytes=used, spent=True))
            elif used - session.stored_bytes > _KEEP_BYTES:
                self._keep(replace(session, used_bytes=used))
            elif used > session.used_bytes:
                self._online.keep(replace(session, used_bytes=used))

    def _run(self, commands: list[str]) -> None:
        """One transaction. If the kernel holds something else than this memory, it is first brought in step."""
        if not commands:
            return
        try:
            self._nft.text("\n".join(commands))
        except NftError as error:
            _log.warning("the kernel's maps differ from the memory (%s), both are brought in step", error)
            self._rebuild()
            self._nft.text("\n".join(commands))

    def _rebuild(self) -> None:
        """The rules and the kernel's maps anew from memory, in one transaction."""
        commands = [rules_text(self._network), *elements.all_closed()]
        for session in self._online:
            commands.append(elements.counting(session.device, session.used_bytes))
            if not session.spent:
                commands += elements.opening(session.device, session.addresses, self._left(session))
        self._nft.text("\n".join(commands))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _boot_s() -> float:
    """Seconds since boot, suspend included; a Pi without a clock chip jumps in wall time, never in this."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
