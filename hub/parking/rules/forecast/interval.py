"""How far forecasts were off, kept to say how sure the next ones are."""

from array import array
from collections.abc import Sequence

_LOW, _HIGH = 0.1, 0.9  # eight of ten hours lie between
_KEPT = 4 * 168  # forecasts that are remembered for each horizon
_ENOUGH = 24
_GROW = 0.05


class Unrest:
    """How much each hour of the day usually differs from its profile."""

    def __init__(self) -> None:
        self._means: list[float | None] = [None] * 24

    def learn(self, hour: int, deviation: float) -> None:
        """Takes in one difference."""
        known = self._means[hour]
        self._means[hour] = abs(deviation) if known is None else known + _GROW * (abs(deviation) - known)

    def at(self, hour: int, least: float) -> float:
        """The usual difference, at least `least`: quiet hours are never quite certain."""
        return (self._means[hour] or 0.0) + least


class Misses:
    """The last misses of one horizon, as multiples of the unrest of their hour."""

    def __init__(self) -> None:
        self._last = array("d")

    def learn(self, miss: float) -> None:
        """Takes in one: what came less what was expected."""
        self._last.append(miss)
        if len(self._last) > _KEPT:
            del self._last[0]

    def band(self) -> tuple[float, float] | None:
        """The miss that one in ten stays under, and the one that one in ten exceeds; None before there are enough."""
        if len(self._last) < _ENOUGH:
            return None
        ordered = sorted(self._last)
        return min(0.0, _at(ordered, _LOW)), max(0.0, _at(ordered, _HIGH))


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[round(share * (len(ordered) - 1))]
