"""Whether the node is well: its services run, the agent has the broker, the landing page answers."""

import http.client
import subprocess
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge.doctor.neighbours import ask_line

UNITS = ("stadtknoten-gate", "stadtknoten-portal", "stadtknoten-watch", "stadtknoten-edge")
HUB_UNITS = ("stadtknoten-hub-web", "stadtknoten-hub-live", "stadtknoten-hub-worker", "stadtknoten-hub-ingest")
BROKER, PORTAL, READY = "the broker's connection", "the landing page", "the hub's own word that it is ready"
_TURN_S = 0.5


@dataclass(frozen=True)
class _Units:
    """The service manager and the units that run a release."""

    systemctl: str
    units: Sequence[str]

    def restart(self) -> None:
        """Those that run begin anew, with the release in use."""
        subprocess.run([self.systemctl, "try-restart", *self.units], capture_output=True, check=False)

    def active(self) -> set[str]:
        """Those that run."""
        return {unit for unit in self.units if self._is_active(unit)}

    def _is_active(self, unit: str) -> bool:
        return subprocess.run([self.systemctl, "is-active", "--quiet", unit], check=False).returncode == 0


@dataclass(frozen=True)
class Services(_Units):
    """The services of this node and what to ask its programs."""

    config: Path
    state: Path  # where the agent's socket is

    @property
    def most(self) -> frozenset[str]:
        """All that can be well."""
        return frozenset({*self.units, BROKER, PORTAL})

    @property
    def always(self) -> frozenset[str]:
        """Nothing: a node may be without a certificate or a radio."""
        return frozenset()

    def well(self) -> frozenset[str]:
        """What is well now, by name."""
        found = self.active()
        if self._is_connected():
            found.add(BROKER)
        if self._answers():
            found.add(PORTAL)
        return frozenset(found)

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


@dataclass(frozen=True)
class HubServices(_Units):
    """The services of the hub; `url` says whether the web server and its database answer."""

    url: str

    @property
    def most(self) -> frozenset[str]:
        """All that can be well."""
        return frozenset({*self.units, READY})

    @property
    def always(self) -> frozenset[str]:
        """What a release must bring about even where it was missing before."""
        return frozenset({READY})

    def well(self) -> frozenset[str]:
        """What is well now, by name."""
        return frozenset(self.active() | ({READY} if self._is_ready() else set()))

    def _is_ready(self) -> bool:
        asked = urlsplit(self.url)
        try:
            connection = http.client.HTTPConnection(asked.hostname or "127.0.0.1", asked.port, timeout=3)
            connection.request("GET", asked.path)
            return connection.getresponse().status == 200
        except (OSError, ValueError, http.client.HTTPException):
            return False


Machine = Services | HubServices


def usual(services: Machine, seconds: float) -> frozenset[str]:
    """What is well when nothing is being restarted: whatever was well once, looked at until all is or so long."""
    deadline, found = time.monotonic() + seconds, services.well()
    while found < services.most and time.monotonic() < deadline:
        time.sleep(_TURN_S)
        found |= services.well()
    return found


def missing(services: Machine, wanted: frozenset[str], patience_s: float, settle_s: float) -> frozenset[str]:
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
