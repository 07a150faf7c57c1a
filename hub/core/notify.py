"""Tell systemd that a process of the hub is ready and alive (sd_notify(3)); silent where nobody asked for it."""

import contextlib
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

_ASK_EVERY_S = 0.5  # until it answers for the first time
_PATIENCE_S = 5.0


class Notifier:
    """Speaks to NOTIFY_SOCKET: `ready` once, `alive` as often as the main loop likes."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address, watchdog = environment.get("NOTIFY_SOCKET", ""), environment.get("WATCHDOG_USEC", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = int(watchdog) / 3e6 if watchdog.isdecimal() else 0.0
        self._due = 0.0

    def ready(self) -> None:
        """The process does its work."""
        self._send("READY=1")

    def alive(self) -> None:
        """The main loop turns; said three times in the watchdog's patience."""
        if self._every_s and time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every_s
            self._send("WATCHDOG=1")

    def follow(self, answers: Callable[[], bool]) -> None:
        """From a thread: ready with the first answer, alive with every further one. Nothing without systemd."""
        if self._address:
            threading.Thread(target=self._follow, args=(answers,), name="notify", daemon=True).start()

    def _follow(self, answers: Callable[[], bool]) -> None:
        while not answers():
            time.sleep(_ASK_EVERY_S)
        self.ready()
        while self._every_s:
            time.sleep(self._every_s / 2)
            if answers():
                self.alive()

    def _send(self, text: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
                datagram.connect(self._address)
                datagram.send(text.encode())


def answering(host: str, port: int) -> Callable[[], bool]:
    """Whether the server at this address answers /healthz at all; 503 is an answer, silence is none."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (to reach it, not to listen)
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/healthz"

    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=_PATIENCE_S).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    return answers
