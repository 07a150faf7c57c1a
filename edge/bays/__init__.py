"""Sensors of the parking bays behind one small protocol: raw readings, no decisions."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from edge.bays.digital import DigitalBay
from edge.bays.magnetic import MagneticBay
from edge.bays.sensor import PinError, Reading, Sensor
from edge.bays.thermometer import Thermometer
from edge.bays.ultrasonic import Pinger, UltrasonicBay
from edge.config import BayConfig

__all__ = [
    "Board",
    "DigitalBay",
    "MagneticBay",
    "PinError",
    "Pinger",
    "Reading",
    "Sensor",
    "Thermometer",
    "UltrasonicBay",
    "open_bays",
]


class Board:
    """What sensors are wired to: gpiozero's pins and the I2C buses; the mock board has the same two."""

    factory: Any = None  # None = gpiozero's own

    def i2c(self, bus: int) -> Any:
        """An open SMBus; OSError when there is none."""
        from smbus2 import SMBus

        return SMBus(bus)


_MAKERS: Mapping[str, Callable[[BayConfig, Board], Sensor]] = {
    "digital": lambda config, board: DigitalBay(config, board.factory),
    "ultrasonic": lambda config, board: UltrasonicBay(config, board.factory),
    "magnetometer": lambda config, board: MagneticBay(config, board.i2c),
}


def open_bays(configs: Iterable[BayConfig], board: Board) -> list[Sensor]:
    """All bays of a board; PinError in one sentence, with every pin given back, when one cannot be used."""
    bays: list[Sensor] = []
    try:
        for config in configs:
            bays.append(_MAKERS[config.sensor](config, board))
    except PinError:
        for bay in bays:
            bay.close()
        raise
    return bays
