"""The machine below a simulated node: what a Raspberry Pi would say of itself, as no machine is there.

The same for one node and seed; it moves as real figures do and stays within what needs nobody.
"""

import math
import random
import time
from pathlib import Path

from edge import status, wire

_DAY_S = 86_400
_CARDS_MB = (14_500, 29_000)
_WEAK_SHARE = 0.08  # of the nodes whose power supply was once too weak since their start
_WEAK_BEFORE = 0x50000  # undervoltage and throttled, since the start


class SimulatedMachine(status.Machine):
    """`figures` is asked once a minute."""

    def __init__(self, node: str, seed: int) -> None:
        self._chance = chance = random.Random(f"{seed}/{node}/machine")  # noqa: S311 (a simulation, no secret)
        self._began = time.monotonic()
        self._up_before_s = chance.randint(2, 90) * _DAY_S + chance.randrange(_DAY_S)
        self._card_mb, self._written_mb_h = chance.choice(_CARDS_MB), chance.uniform(6, 18)
        self._worn = chance.choice((None, None, 10, 20, 30))
        self._throttled = _WEAK_BEFORE if chance.random() < _WEAK_SHARE else 0
        self._warm, self._busy, self._memory = chance.uniform(41, 49), chance.uniform(5, 16), chance.uniform(27, 33)
        self._until = wire.format_ms(time.time_ns() // 1_000_000 + chance.randint(31, 89) * _DAY_S * 1000)

    def figures(self, directory: Path) -> dict[str, object]:
        """As of the real machine, and until when its certificate would be good; nothing is read from `directory`."""
        return self.figures_at(time.monotonic() - self._began, time.localtime().tm_hour)

    def figures_at(self, seconds: float, hour: int) -> dict[str, object]:
        """`seconds` after the start of the simulation, at an hour of the day: afternoons are the warmest."""
        up_s = self._up_before_s + int(seconds)
        load = max(1, round(self._busy + self._chance.gauss(0, 2)))
        written = up_s / 3600 * self._written_mb_h
        return {
            "uptime_s": up_s,
            "temperature_c": round(self._warm + 5 * math.cos((hour - 15) / 12 * math.pi) + load / 4, 1),
            "memory_mb": round(self._memory + self._chance.uniform(0, 0.6), 1),
            "load_percent": load,
            "throttled": self._throttled,
            "disk_free_mb": int(self._card_mb * 0.7 - written / 50),
            "disk_written_mb": int(written),
            "disk_worn_percent": self._worn,
            "certificate_until": self._until,
        }
