"""Sensors that say yes or no at one pin: infrared barrier, inductive loop, reed contact."""

from typing import Any

import gpiozero

from edge.bays.sensor import Reading, open_device
from edge.config import BayConfig


class DigitalBay:
    """A bay whose pin is read at each tick."""

    def __init__(self, config: BayConfig, factory: Any = None) -> None:
        self.id = config.id
        self._device = open_device(
            config, gpiozero.DigitalInputDevice, config.pins[0], pull_up=config.active_low, pin_factory=factory
        )

    def configure(self, config: BayConfig) -> None:
        """A pin has no thresholds."""

    def read(self, before: bool | None) -> Reading | None:
        """The pin now."""
        return Reading(bool(self._device.value))

    def close(self) -> None:
        """Gives the pin back."""
        self._device.close()
