"""What an hour of the week usually looks like, newer weeks counting more."""

from hub.parking.rules.forecast.calendar import Moment

_GROUPS = 3  # Monday to Friday, Saturday, Sunday
_OWN_DAY = 0.7  # so many weeks of the hour's day group stand behind each hour of the week
_SPECIAL_DAYS = 1.0  # so many ordinary days stand behind what special days of one kind were like


class Profile:
    """Weighted means of the 168 hours of the week; a week counts half after `half_life` weeks."""

    def __init__(self, half_life: float) -> None:
        self._fade = 0.5 ** (1 / half_life)
        self._fade_weekday = 0.5 ** (1 / (half_life * 5))  # five days a week feed this group
        self._weights, self._sums = [0.0] * 168, [0.0] * 168
        self._group_weights, self._group_sums = [0.0] * 24 * _GROUPS, [0.0] * 24 * _GROUPS

    def at(self, moment: Moment) -> float:
        """What is usual at a moment; 0 before anything was learned."""
        slot = moment.weekday * 24 + moment.hour
        behind = self._of_group(moment)
        return (self._sums[slot] + _OWN_DAY * behind) / (self._weights[slot] + _OWN_DAY)

    def learn(self, moment: Moment, value: float) -> None:
        """Takes in one hour."""
        slot, group = moment.weekday * 24 + moment.hour, _group(moment.weekday) * 24 + moment.hour
        self._sums[slot] = self._sums[slot] * self._fade + value
        self._weights[slot] = self._weights[slot] * self._fade + 1
        fade = self._fade if moment.weekday >= 5 else self._fade_weekday
        self._group_sums[group] = self._group_sums[group] * fade + value
        self._group_weights[group] = self._group_weights[group] * fade + 1

    def _of_group(self, moment: Moment) -> float:
        """The mean of the day group at this hour, of all days where the group was never seen."""
        group = _group(moment.weekday) * 24 + moment.hour
        if self._group_weights[group]:
            return self._group_sums[group] / self._group_weights[group]
        slots = range(moment.hour, 24 * _GROUPS, 24)
        weight = sum(self._group_weights[slot] for slot in slots)
        return sum(self._group_sums[slot] for slot in slots) / weight if weight else 0.0


class SpecialDays:
    """By how much days of one kind differed from what would have been usual; starts at "not at all"."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, float]] = {}
        self._usual = 0.0  # mean of an hour

    def factor(self, label: str) -> float:
        """How many times the usual number of cars; 1 on ordinary days."""
        seen, usual = self._seen.get(label, (0.0, 0.0))
        behind = 24 * _SPECIAL_DAYS * self._usual
        return (seen + behind) / (usual + behind) if usual + behind > 0 else 1.0

    def learn(self, label: str, value: float, usual: float) -> None:
        """Takes in one hour and what would have been usual in it."""
        self._usual += (usual - self._usual) / 168
        if label:
            seen, sums = self._seen.get(label, (0.0, 0.0))
            self._seen[label] = (seen + value, sums + usual)


def _group(weekday: int) -> int:
    return max(0, weekday - 4)
