"""nft commands that open and close one device: pairs, classes and the counter. Text, in nft's own language."""

from collections.abc import Iterable
from dataclasses import dataclass

from captive_portal.kernel import class_of
from captive_portal.leases import Address

_TABLE = "inet portal"
MAPS = ("up4", "up6", "down4", "down6", "count_up", "count4", "count6")
_SLACK_S = 5  # the gate closes on time; the kernel's own end comes a little later, so that it is never first


@dataclass(frozen=True)
class Pass:
    """What the kernel must know of a device: its class (slot) and its counter's name."""

    mac: str
    slot: int
    counter: str


def opening(device: Pass, addresses: Iterable[Address], seconds: int) -> list[str]:
    """Elements with a time-out for all addresses of a device that has none in the kernel yet."""
    wait, found = f"timeout {max(1, seconds) + _SLACK_S}s", list(addresses)
    commands = [f'add element {_TABLE} count_up {{ {device.mac} {wait} : "{device.counter}" }}']
    for version in (4, 6):
        own = [address for address in found if address.version == version]
        if own:
            commands += _opened(version, device, own, wait)
    return commands


def _opened(version: int, device: Pass, addresses: list[Address], wait: str) -> list[str]:
    number = class_of(device.slot)
    up = ", ".join(f"{device.mac} . {address} {wait} : {number}" for address in addresses)
    down = ", ".join(f"{address} {wait} : {number}" for address in addresses)
    count = ", ".join(f'{address} {wait} : "{device.counter}"' for address in addresses)
    return [
        f"add element {_TABLE} up{version} {{ {up} }}",
        f"add element {_TABLE} down{version} {{ {down} }}",
        f"add element {_TABLE} count{version} {{ {count} }}",
    ]


def closing(device: Pass, addresses: Iterable[Address], *, whole: bool = True) -> list[str]:
    """Remove elements whether or not they are still there: nft has no "delete if present" before 1.0.7."""
    number, commands = class_of(device.slot), []
    for address in addresses:
        version = address.version
        commands += _gone(f"up{version}", f"{device.mac} . {address}", number)
        commands += _gone(f"down{version}", str(address), number)
        commands += _gone(f"count{version}", str(address), f'"{device.counter}"')
    return commands + (_gone("count_up", device.mac, f'"{device.counter}"') if whole else [])


def _gone(name: str, key: str, value: str) -> list[str]:
    return [f"add element {_TABLE} {name} {{ {key} : {value} }}", f"delete element {_TABLE} {name} {{ {key} }}"]


def counting(device: Pass, used_bytes: int) -> str:
    """The counter of a device that begins, with what it used before."""
    return f"add counter {_TABLE} {device.counter} {{ packets 0 bytes {used_bytes} }}"


def all_closed() -> list[str]:
    """Nobody is open."""
    return [f"flush map {_TABLE} {name}" for name in MAPS]
