"""The WiFi's services, started anew by systemd: the agent may only leave a file, and what is started is not its choice.

`stadtknoten-restart.path` sees `restart.request` in the state directory; its service takes the file away, restarts the
units that are written in it, and leaves `restart.done` when every one of them said that it is ready.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edge import files

_PATIENCE_S = 150.0  # the slowest unit may take two minutes
_LOOK_S = 0.25

Tell = Callable[[bool, str], None]


class Services:
    """`restart` asks, and tells later what became of it."""

    def __init__(self, directory: Path, patience_s: float = _PATIENCE_S) -> None:
        self._request, self._done = directory / "restart.request", directory / "restart.done"
        self._patience_s = patience_s

    def restart(self, tell: Tell) -> str:
        """Leaves the request and returns at once; OSError when it cannot be written."""
        with contextlib.suppress(FileNotFoundError):
            self._done.unlink()
        files.replace(self._request, b"")
        threading.Thread(target=self._wait, args=(tell,), name="restart", daemon=True).start()
        return "systemd was asked to restart the WiFi services."

    def _wait(self, tell: Tell) -> None:
        end = time.monotonic() + self._patience_s
        while time.monotonic() < end:
            if self._done.exists():
                tell(True, "The WiFi services run again.")
                return
            time.sleep(_LOOK_S)
        if self._request.exists():
            with contextlib.suppress(OSError):
                self._request.unlink()
            tell(False, "nobody took the request: is stadtknoten-restart.path enabled on the node?")
            return
        tell(False, "a WiFi service did not start again: journalctl -u stadtknoten-restart on the node says which")
