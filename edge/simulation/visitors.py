"""Visitors of a WiFi node: they accept and leave, and the agent hears of it over its socket, as from the portal."""

import contextlib
import json
import math
import os
import random
import socket
from datetime import datetime
from pathlib import Path

_BUSIEST_SHARE = 0.6
_STAY_HOURS = 0.7
_SOCKET = "agent.sock"


class Visitors:
    """The number of devices at one node; deterministic for one seed."""

    def __init__(self, node: str, capacity: int, directory: Path, seed: int, moment: datetime) -> None:
        self._capacity, self._directory = capacity, directory
        self._chance = random.Random(f"{seed}/{node}/visitors")  # noqa: S311 (a simulation, no secret)
        self._liveliness = self._chance.uniform(0.4, 1.0)
        self.clients = round(self._target(moment))

    def begin(self) -> None:
        """Says how many devices are there already, also that there is none."""
        self._report("accept" if self.clients else "end")

    def advance(self, moment: datetime, hours: float) -> None:
        """Lets `hours` pass; at most one visitor comes and one leaves, each reported."""
        if self._chance.random() < self._target(moment) / _STAY_HOURS * hours and self.clients < self._capacity:
            self.clients += 1
            self._report("accept")
        if self.clients and self._chance.random() < self.clients / _STAY_HOURS * hours:
            self.clients -= 1
            self._report("end")

    def _target(self, moment: datetime) -> float:
        """Most people are out at 15 o'clock, few at 3."""
        hour = moment.hour + moment.minute / 60
        daylight = 0.5 + 0.5 * math.cos((hour - 15) / 24 * 2 * math.pi)
        return self._capacity * _BUSIEST_SHARE * self._liveliness * daylight**2

    def _report(self, event: str) -> None:
        line = json.dumps({"kind": "portal", "event": event, "clients": self.clients}) + "\n"
        # A socket's path is limited to 107 bytes; through the directory's descriptor it is always short.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            descriptor = os.open(self._directory, os.O_PATH | os.O_DIRECTORY)
            try:
                connection.connect(f"/proc/self/fd/{descriptor}/{_SOCKET}")
                connection.sendall(line.encode())
                connection.recv(1000)
            finally:
                os.close(descriptor)
