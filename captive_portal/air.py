"""Keeps the network's name off the air while the WiFi is closed, through hostapd's own control sockets.

In a thread of its own: hostapd may take seconds to answer, and the gate must not wait. hostapd that was started anew
comes back on the air by itself and is silenced again at the next look.
"""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from captive_portal.hostapd import Control, HostapdError

_log = logging.getLogger(__name__)
LOOK_S = 2.0
SENT, SILENT, TURNING, STUCK, AWAY = STATES = ("on", "off", "turning", "stuck", "away")
_STATES = {"ENABLED": SENT, "DISABLED": SILENT, "UNINITIALIZED": SILENT}  # every other one is on its way (DFS, ACS ...)
_WORST = (AWAY, STUCK, TURNING, SENT, SILENT)


class Air:
    """`want(open)` says what shall be, `state` what hostapd says: on, off, turning, stuck (it refused) or away.

    `interface` is hostapd's; its encrypted network (OWE) has a socket of its own beside it, in the same `directory`,
    unless it belongs to the same radio and went with that: hostapd then brings the network back, but not the socket.
    """

    def __init__(self, directory: Path, interface: str) -> None:
        self._sockets = [directory / name for name in (interface, f"{interface}_owe")]
        self._wanted: bool | None = None
        self._changed = threading.Event()
        self.state = AWAY

    def start(self) -> None:
        """Begins to look."""
        threading.Thread(target=self._run, name="air", daemon=True).start()

    def want(self, is_open: bool) -> None:
        """From now on the network shall be on the air, or not; costs nothing and may be called every second."""
        if is_open != self._wanted:
            self._wanted = is_open
            self._changed.set()

    def look(self) -> str:
        """Asks, turns what is not as it shall be, and returns the state then."""
        present = [Control(path) for path in self._sockets if path.exists()]
        turn = _turn(self._wanted)
        found = [_turned(control, *turn) if turn else _state(control) for control in present]
        self.state = _worst(found)
        return self.state

    def _run(self) -> None:
        while True:
            before = self.state
            if self.look() != before:
                _log.info("the radio is %s", self.state)
            self._changed.wait(LOOK_S)
            self._changed.clear()


def _turn(wanted: bool | None) -> tuple[str, str] | None:
    """(state that shall be, hostapd's command for it)."""
    if wanted is None:
        return None
    return (SENT, "ENABLE") if wanted else (SILENT, "DISABLE")


def _turned(control: Control, wanted: str, command: str) -> str:
    state = _state(control)
    if state in (wanted, AWAY) or (state == TURNING and wanted == SENT):
        return state
    try:
        control.ask(command)
    except HostapdError as error:
        state = _state(control)
        if state == wanted:
            return state
        _log.debug("the radio does not obey %s: %s", command, error)  # `_run` says once that it is stuck
        return AWAY if state == AWAY else STUCK
    return _state(control)


def _state(control: Control) -> str:
    try:
        return _STATES.get(control.status().get("state", ""), TURNING)
    except OSError:
        return AWAY


def _worst(states: Sequence[str]) -> str:
    return min(states, key=_WORST.index) if states else AWAY


def air_of(directory: Path | None, interface: str) -> Air | None:
    """None where no hostapd is configured."""
    return Air(directory, interface) if directory is not None else None
