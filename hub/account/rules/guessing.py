"""How fast one may guess a password or have mails sent."""

import ipaddress
from dataclasses import dataclass

_MINUTE = 60_000


@dataclass(frozen=True)
class Limit:
    """At most `failures` (or mails) within `window_ms`."""

    failures: int
    window_ms: int = 15 * _MINUTE


# A name alone has no limit: otherwise anybody could lock the owner out. Guessing from many addresses
# is held back by the one hashing thread (about ten tries a second for the whole world).
NAME_AND_ADDRESS = Limit(failures=5)
ADDRESS = Limit(failures=20)
MAIL_RECIPIENT = Limit(failures=5, window_ms=60 * _MINUTE)  # from one address
MAIL_RECIPIENT_FROM_ALL = Limit(failures=20, window_ms=60 * _MINUTE)
# a whole town may come from one address: its own WiFi, a provider's shared addresses, the town hall
MAIL_ADDRESS = Limit(failures=200, window_ms=60 * _MINUTE)
HELD_PERSON = Limit(failures=30, window_ms=60 * _MINUTE)
HELD_ADDRESS = Limit(failures=200, window_ms=60 * _MINUTE)
PLATES_ADDRESS = Limit(failures=200, window_ms=60 * _MINUTE)
PLATES_STAY = Limit(failures=5)


def network(address: str) -> str:
    """What limits count as one sender: an IPv4 address, or the /64 of an IPv6 address, which belongs to one line."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found, 64), strict=False))


def recent(failures: tuple[int, ...], now: int, limit: Limit) -> tuple[int, ...]:
    """The failures that still count."""
    return tuple(at for at in failures if now - at < limit.window_ms)


def wait_ms(failures: tuple[int, ...], now: int, limit: Limit) -> int:
    """How long to wait before the next try; 0 = at once."""
    counting = sorted(recent(failures, now, limit))
    if len(counting) < limit.failures:
        return 0
    return max(counting[-limit.failures] + limit.window_ms - now, 1)
