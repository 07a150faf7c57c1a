"""Pure decisions of a bay: occupied, free, unknown or faulty. Times are monotonic seconds, distances metres."""

from dataclasses import dataclass, replace

UNKNOWN, FAULTY, FREE, OCCUPIED = "unknown", "faulty", "free", "occupied"


@dataclass(frozen=True)
class Limits:
    """How long a level must hold and what counts as broken."""

    occupied_after_s: float = 5.0
    free_after_s: float = 10.0
    max_flips: int = 6
    flip_window_s: float = 600.0
    no_echo_limit: int = 3


@dataclass(frozen=True)
class Thresholds:
    """Hysteresis of an ultrasonic bay: a car is there below the first, gone above the second distance."""

    occupied_below_m: float = 0.9
    free_above_m: float = 1.2


@dataclass(frozen=True)
class Bay:
    """What is known of one bay. `level` is the raw sensor: True = something is there, None = not known yet."""

    state: str = UNKNOWN
    decided: bool = False  # False until the first decision: a start alone is no news
    level: bool | None = None
    since: float = 0.0
    flips: tuple[float, ...] = ()
    misses: int = 0


def level_of(distance_m: float | None, before: bool | None, thresholds: Thresholds) -> bool | None:
    """Raw level of a distance; None stays None (no echo), between the thresholds the level before holds."""
    if distance_m is None:
        return None
    if distance_m < thresholds.occupied_below_m:
        return True
    if distance_m > thresholds.free_above_m:
        return False
    return before is True


def observe(bay: Bay, level: bool | None, now: float, limits: Limits) -> Bay:
    """The bay after one sample; `level` None means the sensor gave no answer."""
    if level is None:
        return _missed(bay, limits)
    if level != bay.level:
        bay = _flipped(bay, level, now, limits)
    elif bay.misses:
        bay = replace(bay, misses=0)
    if bay.flips and now - bay.flips[0] > limits.flip_window_s:
        bay = replace(bay, flips=_recent(bay.flips, now, limits))
    return _decided(bay, now, limits)


def is_settled(bay: Bay, level: bool | None) -> bool:
    """True when `level` says nothing new of `bay` and no time limit is running: the sample needs no `observe`."""
    return level is not None and level == bay.level and not bay.flips and not bay.misses and bay.state == _name(level)


def _missed(bay: Bay, limits: Limits) -> Bay:
    misses = bay.misses + 1
    if misses < limits.no_echo_limit:
        return replace(bay, misses=misses)
    # The level is forgotten: when the echo comes back it has to hold for its full time again.
    return replace(bay, misses=misses, level=None, state=UNKNOWN, decided=True)


def _flipped(bay: Bay, level: bool, now: float, limits: Limits) -> Bay:
    flips = bay.flips
    if bay.level is not None:
        # More than max_flips + 1 need not be remembered.
        flips = (*_recent(flips, now, limits), now)[-(limits.max_flips + 1) :]
    return replace(bay, level=level, since=now, flips=flips, misses=0)


def _recent(flips: tuple[float, ...], now: float, limits: Limits) -> tuple[float, ...]:
    return tuple(moment for moment in flips if now - moment <= limits.flip_window_s)


def _decided(bay: Bay, now: float, limits: Limits) -> Bay:
    # A faulty bay is trusted again when half of the allowed flips are left in the window: no see-saw at the limit.
    allowed = limits.max_flips // 2 if bay.state == FAULTY else limits.max_flips
    if len(bay.flips) > allowed:
        return bay if bay.state == FAULTY else replace(bay, state=FAULTY, decided=True)
    hold = limits.occupied_after_s if bay.level else limits.free_after_s
    state = _name(bay.level is True)
    if bay.state == state or now - bay.since < hold:
        return bay
    return replace(bay, state=state, decided=True)


def _name(level: bool) -> str:
    return OCCUPIED if level else FREE
