"""Pure decisions about sensors and bays. Times are monotonic seconds, distances metres, fields microtesla."""

from edge.rules.bay import FAULTY, FREE, OCCUPIED, UNKNOWN, Bay, Limits, is_settled, observe
from edge.rules.calibration import CalibrationError, Series, suggest_distance, suggest_field
from edge.rules.distance import MIN_GAP_M, Smoother, Thresholds, level_of, speed_of_sound
from edge.rules.field import Baseline, FieldThresholds, follow, level_of_field

__all__ = [
    "FAULTY",
    "FREE",
    "MIN_GAP_M",
    "OCCUPIED",
    "UNKNOWN",
    "Baseline",
    "Bay",
    "CalibrationError",
    "FieldThresholds",
    "Limits",
    "Series",
    "Smoother",
    "Thresholds",
    "follow",
    "is_settled",
    "level_of",
    "level_of_field",
    "observe",
    "speed_of_sound",
    "suggest_distance",
    "suggest_field",
]
