"""Tell systemd that the agent is ready and alive (sd_notify(3)); silent where nobody asked for it."""

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks to NOTIFY_SOCKET. A member of the ticker: while its thread turns, the watchdog hears of it."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address, watchdog = environment.get("NOTIFY_SOCKET", ""), environment.get("WATCHDOG_USEC", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = int(watchdog) / 3e6 if watchdog.isdecimal() else 0.0
        self._due = 0.0

    def ready(self) -> None:
        """The agent reads its bays."""
        self._send("READY=1")

    def tick(self, now: float) -> None:
        """The ticker's thread turns; `now` is monotonic seconds. Said three times in the watchdog's patience."""
        if self._every_s and now >= self._due:
            self._due = now + self._every_s
            self._send("WATCHDOG=1")

    def pump(self, now: float) -> None:
        """Nothing waits here."""

    def _send(self, text: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
                datagram.connect(self._address)
                datagram.send(text.encode())
