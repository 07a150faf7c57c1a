"""What a node may be told: the ranges of its rules and the room between its thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass

RULES: Mapping[str, tuple[float, float]] = {  # name -> lowest and highest value
    "occupied_after_s": (1, 60),
    "free_after_s": (1, 120),
    "max_flips": (2, 100),
    "repeat_minutes": (1, 30),
}
MIN_GAP_M = 0.15
HIGHEST_M = 4.0


@dataclass(frozen=True)
class Problem:
    """What is wrong: kind range (subject = rule), both, gap (subject = bay)."""

    kind: str
    subject: str


def problem(rules: Mapping[str, float], bays: Mapping[str, Mapping[str, float]]) -> Problem | None:
    """The first thing that a node would refuse; None when all is well."""
    for name, value in rules.items():
        low, high = RULES.get(name, (1, 0))
        if not low <= value <= high:
            return Problem("range", name)
    for bay, values in bays.items():
        near, far = values.get("occupied_below_m"), values.get("free_above_m")
        if near is None or far is None:
            return Problem("both", bay)
        if not 0 < near < far < HIGHEST_M or far - near < MIN_GAP_M - 1e-9:
            return Problem("gap", bay)
    return None
