"""What any sensor can say."""

from dataclasses import dataclass


class RadioError(ValueError):
    """An uplink that cannot be used; the text says why."""


@dataclass(frozen=True)
class Reading:
    """One uplink decoded; None = not said. Distance in mm, battery in percent, temperature in degrees Celsius."""

    occupied: bool | None = None
    distance_mm: int | None = None
    battery_percent: float | None = None
    temperature_c: float | None = None
    tilted: bool | None = None
