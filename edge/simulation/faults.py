"""What goes wrong in a real town: a loose contact, dead sensors, a cable that is dug up for a while."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from edge.agent import Agent
from edge.config import BayConfig
from edge.mock import MockBoard

OUTAGE_EVERY_S = 600.0
OUTAGE_S = 120.0
FIRST_OUTAGE_S = 90.0
_LOOSE_CONTACTS, _DEAD_SENSORS = 3, 2


@dataclass(frozen=True)
class Wire:
    """A bay and the board that drives its pins."""

    bay: BayConfig
    board: MockBoard


class Faults:
    """Chooses its victims by seed; `advance` is called with the seconds since the start."""

    def __init__(self, wires: Sequence[Wire], agents: Sequence[Agent], seed: int) -> None:
        chance = random.Random(f"{seed}/faults")  # noqa: S311 (a simulation, no secret)
        digital = [wire for wire in wires if wire.bay.sensor == "digital"]
        ultrasonic = [wire for wire in wires if wire.bay.sensor == "ultrasonic"]
        self._loose = chance.sample(digital, min(_LOOSE_CONTACTS, len(digital)))
        self._dead = chance.sample(ultrasonic, min(_DEAD_SENSORS, len(ultrasonic)))
        self._victim = chance.choice(list(agents)) if agents else None
        self.bays = frozenset(wire.bay.id for wire in (*self._loose, *self._dead))
        for wire in self._dead:
            wire.board.distance(wire.bay.pins[1], None)

    def advance(self, seconds: float) -> None:
        """Shakes the loose contacts every 4 seconds, cuts and mends the cable."""
        for wire in self._loose:
            wire.board.occupy(wire.bay, int(seconds / 4) % 2 == 0)
        if self._victim is not None:
            phase = (seconds - FIRST_OUTAGE_S) % OUTAGE_EVERY_S
            self._victim.uplink.cut(seconds >= FIRST_OUTAGE_S and phase < OUTAGE_S)
