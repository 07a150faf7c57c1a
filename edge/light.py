"""The node's light, with which a technician finds it among others."""

from typing import Any

import gpiozero

from edge.section import ConfigError

_BLINKS = 20
_HALF_S = 0.25


class Light:
    """An LED at `pin` (BCM number), or none."""

    def __init__(self, pin: int | None, factory: Any = None) -> None:
        """OSError when the pin cannot be used."""
        try:
            self._led = None if pin is None else gpiozero.LED(pin, pin_factory=factory)
        except gpiozero.GPIOZeroError as error:
            raise OSError(f"the light's pin {pin} cannot be used ({error})") from error

    def identify(self) -> str:
        """Blinks for ten seconds; ConfigError when there is no light."""
        if self._led is None:
            raise ConfigError("this node has no light: [node] led names its pin")
        self._led.blink(_HALF_S, _HALF_S, n=_BLINKS)
        return "The light blinks for 10 seconds."

    def close(self) -> None:
        """Gives the pin back."""
        if self._led is not None:
            self._led.close()
