"""The protocol that every sensor keeps."""

from dataclasses import dataclass
from typing import Any, Protocol

import gpiozero

from edge.config import BayConfig


class PinError(RuntimeError):
    """A pin or bus cannot be used; the text says which and why."""


@dataclass(frozen=True)
class Reading:
    """One sample. `level` True = something stands there, None = no answer; `distance_m` only of ultrasonic bays."""

    level: bool | None
    distance_m: float | None = None


class Sensor(Protocol):
    """One bay's sensor. `configure` takes new thresholds while it runs."""

    id: str

    def configure(self, config: BayConfig) -> None:
        """New thresholds; the pins stay."""

    def read(self, before: bool | None) -> Reading | None:
        """The newest sample, None when there is none since the last call; `before` is the level so far."""

    def close(self) -> None:
        """Gives the pins back."""


def open_device(config: BayConfig, device: Any, *pins: int, **options: Any) -> Any:
    """A gpiozero device; PinError names the bay."""
    try:
        return device(*pins, **options)
    except (gpiozero.GPIOZeroError, OSError) as error:
        names = ", ".join(str(pin) for pin in config.pins)
        raise PinError(f"bay {config.id}: pin {names} cannot be used ({error})") from error
