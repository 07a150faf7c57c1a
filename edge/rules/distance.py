"""Ultrasonic distances: the speed of sound, single wrong echoes, and the two thresholds."""

import math
from dataclasses import dataclass
from statistics import median

MIN_GAP_M = 0.15  # between the thresholds: more than noise and a wrong temperature can make of a standing car


@dataclass(frozen=True)
class Thresholds:
    """Hysteresis of an ultrasonic bay: a car is there below the first, gone above the second distance."""

    occupied_below_m: float = 0.9
    free_above_m: float = 1.2


@dataclass(frozen=True)
class Smoother:
    """The last distances of a sensor; a drop of rain or a lost ping among three is outvoted."""

    last: tuple[float, ...] = ()

    def add(self, distance_m: float | None) -> "Smoother":
        """With one more; a lost echo empties it, so that no old distance speaks after a gap."""
        return Smoother((*self.last, distance_m)[-3:]) if distance_m is not None else Smoother()

    @property
    def distance_m(self) -> float | None:
        """The median of the last three, None without any."""
        return median(self.last) if self.last else None


def level_of(distance_m: float | None, before: bool | None, thresholds: Thresholds) -> bool | None:
    """Raw level of a distance; None stays None (no echo), between the thresholds the level before holds."""
    if distance_m is None:
        return None
    if distance_m < thresholds.occupied_below_m:
        return True
    if distance_m > thresholds.free_above_m:
        return False
    return before is True


def speed_of_sound(celsius: float) -> float:
    """Metres a second in dry air: 331.3 * sqrt(1 + T / 273.15), the ideal-gas formula (0.6 % a degree at most)."""
    return 331.3 * math.sqrt(1 + celsius / 273.15)
