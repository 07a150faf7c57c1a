"""Whether the node is well: its services run, the agent has the broker, the landing page answers."""

import http.client
import subprocess
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.doctor.neighbours import ask_line

UNITS = ("stadtknoten-gate", "stadtknoten-portal", "stadtknoten-watch", "stadtknoten-edge")
BROKER, PORTAL = "the broker's connection", "the landing page"
_TURN_S = 0.5


@dataclass(frozen=True)
class Services:
    """The service manager of this node and what to ask its programs."""

    systemctl: str
    config: Path
    state: Path  # where the agent's socket is
    units: Sequence[str] = UNITS

    def restart(self) -> None:
        """Those that run begin anew, with the release in use."""
        subprocess.run([self.systemctl, "try-restart", *self.units], capture_output=True, check=False)

    def well(self) -> frozenset[str]:
        """What is well now, by name."""
        found = {unit for unit in self.units if self._is_active(unit)}
        if self._is_connected():
            found.add(BROKER)
        if self._answers():
            found.add(PORTAL)
        return frozenset(found)

    def _is_active(self, unit: str) -> bool:
        return subprocess.run([self.systemctl, "is-active", "--quiet", unit], check=False).returncode == 0

    def _is_connected(self) -> bool:
        try:
            return ask_line(self.state / "agent.sock", {"kind": "show"}).get("connected") is True
        except (OSError, ValueError):
            return False

    def _answers(self) -> bool:
        try:
            portal = tomllib.loads(self.config.read_text()).get("portal", {})
            port = int(str(portal.get("listen", "*:8081")).split()[0].rpartition(":")[2])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
            connection.request("GET", "/", headers={"Host": str(portal.get("host", "localhost"))})
            return connection.getresponse().status < 500
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            return False


def missing(services: Services, wanted: frozenset[str], patience_s: float, settle_s: float) -> frozenset[str]:
    """What is not well: empty once all of it was, without a break, for `settle_s`; else what was missing at the end."""
    deadline = time.monotonic() + patience_s
    since: float | None = None
    while True:
        gone = wanted - services.well()
        now = time.monotonic()
        since = None if gone else (since if since is not None else now)
        if since is not None and now - since >= settle_s:
            return frozenset()
        if now >= deadline and (gone or since is None):
            return gone
        time.sleep(_TURN_S)
