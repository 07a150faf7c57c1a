"""Whether this node has a line to the internet at all: a cable or radio that is up, and a way out over it.

The agent's connection tells about the hub; the hub may be away while the internet is there, and then nobody is captive.
"""

import time
from pathlib import Path

_FRESH_S = 1.0
_UP = 0x1  # RTF_UP, and a destination of all zeros is the default route


class Line:
    """Looks at most once a second."""

    def __init__(self, interface: str, system: Path = Path("/")) -> None:
        self._interface, self._system = interface, system
        self._looked_at, self._works = float("-inf"), True

    def works(self) -> bool:
        """False when the interface is down or nothing leads out over it."""
        if time.monotonic() - self._looked_at > _FRESH_S:
            self._looked_at, self._works = time.monotonic(), self._look()
        return self._works

    def _look(self) -> bool:
        try:
            carrier = (self._system / "sys/class/net" / self._interface / "carrier").read_text().strip()
        except OSError:  # missing, or administratively down
            return False
        return carrier == "1" and (self._leads_out4() or self._leads_out6())

    def _leads_out4(self) -> bool:
        fields = [line.split() for line in self._read("proc/net/route").splitlines()[1:]]
        own = [found for found in fields if len(found) > 7 and found[0] == self._interface]
        return any(found[1] == found[7] == "00000000" and int(found[3], 16) & _UP for found in own)

    def _leads_out6(self) -> bool:
        fields = [line.split() for line in self._read("proc/net/ipv6_route").splitlines()]
        own = [found for found in fields if len(found) > 9 and found[9] == self._interface]
        return any(found[0] == "0" * 32 and found[1] == "00" and int(found[8], 16) & _UP for found in own)

    def _read(self, name: str) -> str:
        try:
            return (self._system / name).read_text()
        except OSError:
            return ""
