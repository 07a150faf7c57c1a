"""One line of the doctor's list, and how bad it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad a finding is."""

    OK = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's list; `advice` is one sentence, empty when all is well."""

    area: str
    level: Level
    text: str
    advice: str = ""


def good(area: str, text: str) -> Finding:
    """All is well there."""
    return Finding(area, Level.OK, text)


def warn(area: str, text: str, advice: str) -> Finding:
    """Works, but somebody should look."""
    return Finding(area, Level.WARN, text, advice)


def bad(area: str, text: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(area, Level.BAD, text, advice)


def worst(findings: Sequence[Finding]) -> Level:
    """The level of the whole node."""
    return max((finding.level for finding in findings), default=Level.OK)
