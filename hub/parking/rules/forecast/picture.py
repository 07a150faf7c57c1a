"""The picture of a day: where each bar, the band and the line of now lie. Lengths are SVG units, y grows downwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.parking.rules.forecast.model import Expected

LEFT, RIGHT, TOP, BOTTOM = 34.0, 372.0, 16.0, 132.0
HEIGHT = 150
_GAP = 0.2  # of a column


@dataclass(frozen=True)
class Bar:
    """An hour: `cars` is what was measured or is expected, low and high the band of a forecast, else None."""

    hour: int
    x: float
    y: float
    width: float
    height: float
    cars: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Label:
    """A mark of the axis of hours."""

    hour: int
    x: float


@dataclass(frozen=True)
class Picture:
    """Everything to draw; `band` is a path, `midnight` the place of the next one or None, `now` that of the moment."""

    measured: Sequence[Bar]
    expected: Sequence[Bar]
    band: str
    labels: Sequence[Label]
    midnight: float | None
    now: float


def picture(
    shares: Sequence[float | None], expected: Sequence[Expected], capacity: int, now_ms: int, offset: int
) -> Picture:
    """`shares` are the hours up to that of `now_ms` (None = nothing measured), `expected` those from it on.

    Of the present hour the forecast is drawn when there is one. `offset`: hours that the town's clock is ahead of UTC.
    """
    now = now_ms // 3_600_000
    first = now - len(shares) + 1
    end = max([now, *(one.hour for one in expected)]) + 1
    column = (RIGHT - LEFT) / (end - first)

    def bar(hour: int, cars: float, low: float | None = None, high: float | None = None) -> Bar:
        height = (BOTTOM - TOP) * min(1.0, cars / capacity) if capacity else 0.0
        x = LEFT + column * (hour - first + _GAP / 2)
        return Bar(
            hour, _round(x), _round(BOTTOM - height), _round(column * (1 - _GAP)), _round(height), cars, low, high
        )

    told = {one.hour for one in expected}
    measured = [
        bar(hour, share * capacity)
        for hour, share in enumerate(shares, first)
        if share is not None and hour not in told
    ]
    hours = range(first, end)
    midnights = [LEFT + column * (hour - first) for hour in hours if (hour + offset) % 24 == 0 and hour > now]
    return Picture(
        measured,
        [bar(one.hour, one.cars, one.low, one.high) for one in expected],
        _band(expected, first, column, capacity),
        [
            Label((hour + offset) % 24, _round(LEFT + column * (hour - first)))
            for hour in hours
            if (hour + offset) % 6 == 0
        ],
        _round(midnights[0]) if midnights else None,
        _round(LEFT + column * (now_ms / 3_600_000 - first)),
    )


def _band(expected: Sequence[Expected], first: int, column: float, capacity: int) -> str:
    """There along the upper edge and back along the lower one, in steps of an hour."""
    if not expected or not capacity:
        return ""

    def y(cars: float) -> float:
        return _round(BOTTOM - (BOTTOM - TOP) * min(1.0, cars / capacity))

    def x(hour: int) -> float:
        return _round(LEFT + column * (hour - first))

    upper = "".join(f"V{y(one.high)}H{x(one.hour + 1)}" for one in expected)
    lower = "".join(f"V{y(one.low)}H{x(one.hour)}" for one in reversed(expected))
    return f"M{x(expected[0].hour)} {y(expected[0].high)}{upper}{lower}Z"


def _round(value: float) -> float:
    return round(value, 1)
