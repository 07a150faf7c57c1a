"""Tell systemd that the service is ready and alive (sd_notify(3)): one datagram, nothing where nobody asked for it."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping


class Notifier:
    """Speaks to NOTIFY_SOCKET. `alive` sends at most as often as the watchdog needs it."""

    def __init__(self, address: str, watchdog_s: float | None) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.every_s = watchdog_s / 3 if watchdog_s else None
        self._said = 0.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Notifier":
        """As systemd set it up for this process; silent elsewhere."""
        microseconds = environment.get("WATCHDOG_USEC", "")
        watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) else None
        return cls(environment.get("NOTIFY_SOCKET", ""), watchdog)

    def ready(self) -> None:
        """The service can be used."""
        self._send("READY=1")

    def alive(self) -> None:
        """The main loop turns."""
        if self.every_s is not None and time.monotonic() - self._said >= self.every_s:
            self._said = time.monotonic()
            self._send("WATCHDOG=1")

    def watch(self, works: Callable[[], bool]) -> None:
        """Say "alive" from a thread for as long as `works` says so; nothing without a watchdog."""
        if self.every_s is not None:
            threading.Thread(target=self._watch, args=(works, self.every_s), name="watchdog", daemon=True).start()

    def _watch(self, works: Callable[[], bool], every_s: float) -> None:
        while True:
            if works():
                self.alive()
            time.sleep(every_s / 2)

    def _send(self, text: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
                datagram.connect(self._address)
                datagram.send(text.encode())
