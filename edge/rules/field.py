"""Magnetic bays: a car's steel bends the earth's field, whose own slow drift is followed while the bay is free."""

import math
from dataclasses import dataclass

Vector = tuple[float, float, float]  # microtesla along x, y, z

TRACKING_S = 1800.0  # the baseline follows warming and cooling with this time constant


@dataclass(frozen=True)
class FieldThresholds:
    """A car is there above the first deviation from the empty bay, gone below the second (microtesla)."""

    occupied_above_ut: float = 8.0
    free_below_ut: float = 4.0


@dataclass(frozen=True)
class Baseline:
    """The field of the empty bay and when it was last followed."""

    field: Vector
    at: float

    def deviation(self, field: Vector) -> float:
        """Distance of a field from the empty bay's, in microtesla."""
        return math.dist(self.field, field)


def level_of_field(baseline: Baseline, field: Vector, before: bool | None, thresholds: FieldThresholds) -> bool:
    """Raw level of a field; between the thresholds the level before holds."""
    deviation = baseline.deviation(field)
    if deviation > thresholds.occupied_above_ut:
        return True
    if deviation < thresholds.free_below_ut:
        return False
    return before is True


def follow(baseline: Baseline, field: Vector, level: bool, now: float) -> Baseline:
    """The baseline after one sample: it moves only while the bay is free, never towards a parked car."""
    if level:
        return Baseline(baseline.field, now)
    share = 1 - math.exp(-max(0.0, now - baseline.at) / TRACKING_S)
    x, y, z = (old + (new - old) * share for old, new in zip(baseline.field, field, strict=True))
    return Baseline((x, y, z), now)
