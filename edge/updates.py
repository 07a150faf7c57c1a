"""The agent's side of updates: keeps the hub's order, starts the download, says how far everything is."""

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from edge import wire
from edge.update import order
from edge.update.progress import Progress, load

_log = logging.getLogger(__name__)
_LOOK_S = 2.0
OWN = Path("/var/lib/stadtknoten-update")  # written by the privileged part
Start = Callable[[], "subprocess.Popen[bytes]"]


class Updates:
    """`changed` is called when there is something new to tell."""

    def __init__(self, state: Path, changed: Callable[[], None], own: Path = OWN, start: Start | None = None) -> None:
        self._state, self._directory, self._own, self._changed = state, state / "update", own / "progress.json", changed
        self._start = start or self._fetch
        self._due = 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._order = order.load(self._directory)
        self._told = self._now()

    def receive(self, payload: bytes) -> None:
        """An order came: kept, and begun when it is a new one. WireError for nonsense."""
        wanted = order.parsed(wire.decode("update", payload))
        if wanted is None:
            raise wire.WireError("not an order")
        if self._order is not None and self._order.id == wanted.id:
            return
        try:
            self._directory.mkdir(exist_ok=True)
            self._directory.chmod(0o770)  # the privileged part takes files out of it by its group
            order.save(self._directory, wanted)
        except OSError as error:
            _log.error("the update cannot be kept: %s", error)
            return
        self._order = wanted
        self._begin()

    def begin(self) -> None:
        """What an earlier run of the agent did not finish goes on; not while the privileged part is at work."""
        if self._order is not None and self._now().state in ("", "downloading", "waiting", "interrupted"):
            self._begin()

    def tick(self, now: float) -> None:
        """Looks every two seconds; `now` is monotonic seconds."""
        if now < self._due or self._order is None:
            return
        self._due = now + _LOOK_S
        if self._child is not None:
            self._child.poll()  # no dead child stays
        if (found := self._now()) != self._told:
            self._told = found
            self._changed()

    def status(self) -> dict[str, object] | None:
        """For the node's status; None when the hub never asked for anything."""
        if self._order is None:
            return None
        found = self._now()
        body = {"id": self._order.id, "state": found.state or "downloading", "percent": found.percent}
        return {**body, "text": found.text}

    def stop(self) -> None:
        """Ends the download; it goes on with the next start."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait(2)

    def _begin(self) -> None:
        self.stop()
        try:
            self._child = self._start()
        except OSError as error:
            _log.error("the update cannot begin: %s", error)

    def _fetch(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "edge.update", "fetch", "--state", str(self._state)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def _now(self) -> Progress:
        """The privileged part's word counts more than the download's."""
        if self._order is None:
            return Progress()
        found = [load(self._own), load(self._directory / "fetch.json")]
        return next((one for one in found if one.id == self._order.id), Progress(self._order.id))


def release_in_use(prefix: Path = Path(sys.prefix)) -> str | None:
    """The signed release that this program runs from, such as 0.1.0-1f0c3a9b72de; None in a workshop."""
    try:
        home = prefix.resolve(strict=True)
        return home.name if (home / "complete").is_file() else None
    except OSError:
        return None


def manifest_in_use(prefix: Path = Path(sys.prefix)) -> object:
    """The manifest of that release; None when it came without one."""
    try:
        return json.loads((prefix / "manifest.json").read_text())
    except (OSError, ValueError):
        return None
