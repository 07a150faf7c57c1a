"""Opening times of a node's WiFi as people type and read them. A span is two times, ["07:00", "22:00"]."""

import re
from collections.abc import Sequence

MOST_SPANS = 4
SHUT = frozenset({"", "-", "–", "zu", "geschlossen", "closed"})
ALWAYS = frozenset({"immer", "ganztags", "always", "all day"})
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:uhr)?")
_SPAN = re.compile(rf"{_TIME.pattern}\s*(?:-|–|—|bis|to)\s*{_TIME.pattern}")


def day_of(text: str) -> list[list[str]]:
    """The spans of "7–12, 14:00-22:30"; ValueError for what is none. An end before its beginning is the next day's."""
    said = " ".join(text.lower().split())
    if said in SHUT:
        return []
    if said in ALWAYS:
        return [["00:00", "24:00"]]
    spans = [_span(part.strip()) for part in re.split(r"[,;]| und | and ", said)]
    if len(spans) > MOST_SPANS:
        raise ValueError(text)
    return spans


def words_of(day: Sequence[Sequence[str]]) -> str:
    """A day's spans as they are shown, and as `day_of` reads them again."""
    return ", ".join(f"{start}–{end}" for start, end in day)


def _span(text: str) -> list[str]:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    start, end = _clock(found[1], found[2]), _clock(found[3], found[4])
    if start in (end, "24:00"):
        raise ValueError(text)
    return [start, end]


def _clock(hour: str, minute: str | None) -> str:
    minutes = int(minute or 0)
    if minutes > 59 or int(hour) * 60 + minutes > 24 * 60:
        raise ValueError(hour)
    return f"{int(hour):02d}:{minutes:02d}"
