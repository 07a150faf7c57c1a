"""Magnetometer QMC5883L over I2C: a car's steel bends the earth's field.

Registers and scale from QST's data sheet "QMC5883L" 1.0: data at 0x00 to 0x05 (little endian, signed), status 0x06
(bit 0 ready, bit 1 overflow), control 0x09 and 0x0A, set/reset period 0x0B, 12,000 counts a gauss in the 2 G range.
"""

import time
from collections.abc import Callable
from typing import Any

from edge.bays.sensor import PinError, Reading
from edge.config import BayConfig
from edge.rules import Baseline, FieldThresholds, follow, level_of_field

_STATUS, _CONTROL, _PERIOD = 0x06, 0x09, 0x0B
_CONTINUOUS_10_HZ = 0b00_00_00_01  # oversampling 512, range 2 G
_READY, _OVERFLOW = 0x01, 0x02
_COUNTS_PER_UT = 120.0

Vector = tuple[float, float, float]


class MagneticBay:
    """A bay with a QMC5883L in or beside it; `open_bus` gives an SMBus."""

    def __init__(self, config: BayConfig, open_bus: Callable[[int], Any]) -> None:
        self.id = config.id
        self._address = config.address
        self._thresholds: FieldThresholds = config.field_thresholds
        self.baseline = Baseline(config.baseline_ut, time.monotonic())
        try:
            self._bus = open_bus(config.bus)
            self._bus.write_byte_data(self._address, _PERIOD, 0x01)
            self._bus.write_byte_data(self._address, _CONTROL, _CONTINUOUS_10_HZ)
        except OSError as error:
            raise PinError(f"bay {config.id}: no magnetometer on I2C bus {config.bus} ({error})") from error

    def configure(self, config: BayConfig) -> None:
        """New thresholds; the baseline that was followed stays."""
        self._thresholds = config.field_thresholds

    def field(self) -> Vector | None:
        """The field now in microtesla; None when the chip is silent, not ready or driven over its range."""
        try:
            status = self._bus.read_byte_data(self._address, _STATUS)
            if not status & _READY or status & _OVERFLOW:
                return None
            block = bytes(self._bus.read_i2c_block_data(self._address, 0x00, 6))
        except OSError:
            return None
        x, y, z = (int.from_bytes(block[at : at + 2], "little", signed=True) / _COUNTS_PER_UT for at in range(0, 6, 2))
        return x, y, z

    def read(self, before: bool | None) -> Reading | None:
        """The level now; the baseline follows the empty bay."""
        field = self.field()
        if field is None:
            return Reading(None)
        level = level_of_field(self.baseline, field, before, self._thresholds)
        self.baseline = follow(self.baseline, field, level, time.monotonic())
        return Reading(level)

    def close(self) -> None:
        """Gives the bus back."""
        self._bus.close()
