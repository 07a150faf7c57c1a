"""What a bay is: occupied, free, unknown or faulty, decided from raw levels."""

from dataclasses import dataclass, replace

UNKNOWN, FAULTY, FREE, OCCUPIED = "unknown", "faulty", "free", "occupied"


@dataclass(frozen=True)
class Limits:
    """How long a level must hold, how still a car stands, and what counts as broken."""

    occupied_after_s: float = 5.0
    free_after_s: float = 10.0
    still_m: float = 0.05  # what stands there moves less than this while it is being believed
    max_flips: int = 6
    flip_window_s: float = 600.0
    no_echo_limit: int = 3


@dataclass(frozen=True)
class Bay:
    """What is known of one bay. `level` is the raw sensor: True = something is there, None = not known yet."""

    state: str = UNKNOWN
    decided: bool = False  # False until the first decision: a start alone is no news
    level: bool | None = None
    since: float = 0.0
    nearest: float | None = None  # the span of distances since `since`, of something that is there
    farthest: float | None = None
    flips: tuple[float, ...] = ()
    misses: int = 0


def observe(bay: Bay, level: bool | None, now: float, limits: Limits, distance_m: float | None = None) -> Bay:
    """The bay after one sample; `level` None means the sensor gave no answer."""
    if level is None:
        return _missed(bay, limits)
    if level != bay.level:
        bay = _flipped(bay, level, now, limits)
    elif bay.misses:
        bay = replace(bay, misses=0)
    if bay.flips and now - bay.flips[0] > limits.flip_window_s:
        bay = replace(bay, flips=_recent(bay.flips, now, limits))
    if level and distance_m is not None and bay.state != OCCUPIED:
        bay = _stood_still(bay, distance_m, now, limits)
    return _decided(bay, now, limits)


def is_settled(bay: Bay, level: bool | None) -> bool:
    """True when `level` says nothing new of `bay` and no time limit is running: the sample needs no `observe`."""
    return level is not None and level == bay.level and not bay.flips and not bay.misses and bay.state == _name(level)


def _missed(bay: Bay, limits: Limits) -> Bay:
    misses = bay.misses + 1
    if misses < limits.no_echo_limit:
        return replace(bay, misses=misses)
    # The level is forgotten: when the echo comes back it has to hold for its full time again.
    state = bay.state if bay.state == FAULTY else UNKNOWN
    return replace(bay, misses=misses, level=None, state=state, decided=True)


def _flipped(bay: Bay, level: bool, now: float, limits: Limits) -> Bay:
    flips = bay.flips
    if bay.level is not None:
        # More than max_flips + 1 need not be remembered.
        flips = (*_recent(flips, now, limits), now)[-(limits.max_flips + 1) :]
    return replace(bay, level=level, since=now, flips=flips, misses=0, nearest=None, farthest=None)


def _stood_still(bay: Bay, distance_m: float, now: float, limits: Limits) -> Bay:
    """People sway and cars roll in: the time to be believed begins again with every move."""
    nearest = min(distance_m, distance_m if bay.nearest is None else bay.nearest)
    farthest = max(distance_m, distance_m if bay.farthest is None else bay.farthest)
    if farthest - nearest > limits.still_m:
        return replace(bay, since=now, nearest=distance_m, farthest=distance_m)
    return replace(bay, nearest=nearest, farthest=farthest)


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
