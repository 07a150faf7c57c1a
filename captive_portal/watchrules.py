"""What the watch finds suspicious, and how often it says so. Times are seconds of a clock that only goes forward."""

from collections import deque
from dataclasses import dataclass, field

ROGUE_DHCP, ROGUE_RA, EVIL_TWIN, MAC_TWICE = "rogue_dhcp", "rogue_ra", "evil_twin", "mac_twice"
TEXTS = {
    ROGUE_DHCP: "Ein fremdes Gerät verteilt Adressen im Besuchernetz ({device}). Bitte vor Ort nachsehen.",
    ROGUE_RA: "Ein fremdes Gerät gibt sich im Besuchernetz als Router aus ({device}). Bitte vor Ort nachsehen.",
    EVIL_TWIN: "Ein fremder Sender benutzt den Namen unseres WLANs ({device}). Bitte vor Ort nachsehen.",
    MAC_TWICE: "Zwei Geräte benutzen dieselbe Kennung ({device}). Eines davon gibt sich für das andere aus.",
}
_TURNS = 4  # A-B-A-B: a device that only got a new address changes once
_WITHIN_S = 60.0
_QUIET_S = 300.0
_MOST_AN_HOUR = 20
_MOST_DEVICES = 4096


@dataclass(frozen=True)
class Own:
    """What belongs to this node: hardware addresses (lower case) of its interfaces and radios, and its network name."""

    macs: frozenset[str]
    ssid: str = ""
    bssids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Suspicion:
    """Something to tell: a code and the hardware address it is about, which stays inside this process."""

    code: str
    mac: str


def dhcp_answer(own: Own, mac: str) -> Suspicion | None:
    """A DHCP server answers from `mac`."""
    return None if mac in own.macs else Suspicion(ROGUE_DHCP, mac)


def router_advertisement(own: Own, mac: str) -> Suspicion | None:
    """`mac` says that it is a router."""
    return None if mac in own.macs else Suspicion(ROGUE_RA, mac)


def beacon(own: Own, ssid: str, bssid: str) -> Suspicion | None:
    """A transmitter `bssid` announces the network `ssid`."""
    same = bool(own.ssid) and ssid.strip().casefold() == own.ssid.strip().casefold()
    return Suspicion(EVIL_TWIN, bssid) if same and bssid not in own.bssids else None


class Addresses:
    """Which IPv4 address each device used, to see one device flapping between two."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[float, str]]] = {}

    def used(self, mac: str, address: str, now: float) -> Suspicion | None:
        """`mac` used `address`; a suspicion when two addresses took turns within a minute."""
        turns = self._seen.pop(mac, None) or deque(maxlen=_TURNS)
        self._seen[mac] = turns  # the newest last
        while len(self._seen) > _MOST_DEVICES:
            del self._seen[next(iter(self._seen))]
        if not turns or turns[-1][1] != address:
            turns.append((now, address))
        recent = [used for at, used in turns if now - at <= _WITHIN_S]
        taking_turns = len(recent) == _TURNS and len(set(recent)) == 2
        return Suspicion(MAC_TWICE, mac) if taking_turns else None


@dataclass
class Limiter:
    """One alarm for each code and device in five minutes, and not more than 20 an hour."""

    _told: dict[tuple[str, str], float] = field(default_factory=dict)
    _times: deque[float] = field(default_factory=deque)

    def allows(self, suspicion: Suspicion, now: float) -> bool:
        """Whether to tell it at `now`; counts it as told if so."""
        while self._times and now - self._times[0] >= 3600:
            self._times.popleft()
        self._told = {key: at for key, at in self._told.items() if now - at < _QUIET_S}
        key = (suspicion.code, suspicion.mac)
        if key in self._told or len(self._times) >= _MOST_AN_HOUR:
            return False
        self._told[key] = now
        self._times.append(now)
        return True
