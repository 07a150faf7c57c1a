"""Thresholds out of what a sensor measured in the empty and in the taken bay."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from edge.rules.distance import MIN_GAP_M, Thresholds
from edge.rules.field import FieldThresholds, Vector

MIN_SAMPLES = 8
_LEAST_DEVIATION_UT = 4.0


class CalibrationError(ValueError):
    """The bay cannot be calibrated so; the text says what to do."""


@dataclass(frozen=True)
class Series:
    """Distances of one step in metres, None = no echo."""

    samples: Sequence[float | None]

    @property
    def heard(self) -> list[float]:
        """Those with an echo, in rising order."""
        return sorted(sample for sample in self.samples if sample is not None)

    def middle(self, what: str) -> float:
        """The median; CalibrationError when too few echoes came back."""
        if len(self.heard) < MIN_SAMPLES or len(self.heard) < len(self.samples) * 0.7:
            raise CalibrationError(
                f"{what}: only {len(self.heard)} of {len(self.samples)} echoes came back. Check the wiring and that "
                "the sensor points at the ground or a wall within 4 m, then try again."
            )
        return median(self.heard)

    @property
    def spread(self) -> float:
        """Between the 10th and the 90th percentile."""
        heard = self.heard
        return heard[int(len(heard) * 0.9)] - heard[int(len(heard) * 0.1)] if heard else 0.0


def suggest_distance(empty: Series, car: Series) -> Thresholds:
    """Thresholds at one and two thirds of the way from the car to the empty bay, at least 15 cm apart."""
    far, near = empty.middle("empty bay"), car.middle("bay with a car")
    room = far - near
    if room < 3 * MIN_GAP_M:
        raise CalibrationError(
            f"The empty bay measures {far:.2f} m and the car {near:.2f} m: at least {3 * MIN_GAP_M:.2f} m must lie "
            "between them. Turn the sensor so that it sees the car's side or roof."
        )
    if max(empty.spread, car.spread) > room / 4:
        raise CalibrationError(
            "The distances jump too much. Wait until nobody moves in the bay, fix the sensor firmly, then try again."
        )
    return Thresholds(round(near + room / 3, 2), round(near + room * 2 / 3, 2))


def suggest_field(empty: Sequence[Vector], car: Sequence[Vector]) -> tuple[Vector, FieldThresholds]:
    """(field of the empty bay, thresholds at 60 % and 30 % of the car's deviation)."""
    if min(len(empty), len(car)) < MIN_SAMPLES:
        raise CalibrationError("The sensor gave too few answers. Check the I2C wires, then try again.")
    base, taken = _middle(empty), _middle(car)
    deviation = math.dist(base, taken)
    noise = max(math.dist(base, sample) for sample in empty)
    if deviation < max(_LEAST_DEVIATION_UT, 3 * noise):
        raise CalibrationError(
            f"The car changes the field by {deviation:.1f} microtesla only, the empty bay alone by {noise:.1f}. "
            "Move the sensor closer to the engine or away from iron, then try again."
        )
    return base, FieldThresholds(round(deviation * 0.6, 1), round(deviation * 0.3, 1))


def _middle(samples: Sequence[Vector]) -> Vector:
    x, y, z = (round(median(axis), 2) for axis in zip(*samples, strict=True))
    return x, y, z
