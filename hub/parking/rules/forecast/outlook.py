"""What the next hours say in one sentence's worth of facts."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.parking.rules.forecast.model import Expected

FULL, FEW = 0.97, 0.8  # shares of the bays; few = at most one in five is free, as everywhere


@dataclass(frozen=True)
class Outlook:
    """`word`: full, few or free; `hour` when that begins (None: already), `until` when it ends (None: not in sight).

    `sure` is False when only the upper edge of the band gets there.
    """

    word: str
    hour: int | None = None
    until: int | None = None
    sure: bool = True


def outlook(expected: Sequence[Expected], capacity: float) -> Outlook:
    """The most that happens: full before few before free."""
    for word, share in (("full", FULL), ("few", FEW)):
        hours = [one.hour for one in expected if one.cars >= share * capacity]
        if hours:
            return _spell(word, hours, expected, sure=True)
        if word == "full" and (hours := [one.hour for one in expected if one.high >= capacity]):
            return _spell(word, hours, expected, sure=False)
    return Outlook("free")


def _spell(word: str, hours: Sequence[int], expected: Sequence[Expected], *, sure: bool) -> Outlook:
    begin, members = hours[0], set(hours)
    end = begin
    while end in members:
        end += 1
    is_now = begin == expected[0].hour
    return Outlook(word, None if is_now else begin, end if end <= expected[-1].hour else None, sure)
