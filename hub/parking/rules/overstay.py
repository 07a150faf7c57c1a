"""What standing longer than the longest stay costs: a rule file of its own, because a fine is no parking fee."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MINUTE = 60_000
_KEYS = frozenset(("name", "title", "source", "as_of", "assumed", "note", "grace_minutes", "steps"))


class OverstayError(ValueError):
    """A rule file says something that cannot be; the text names the place."""


@dataclass(frozen=True)
class Step:
    """Up to so many minutes too long (None = longer) it costs so many cents."""

    up_to: int | None
    cents: int


@dataclass(frozen=True)
class Overstay:
    """The steps grow; within `grace` minutes nothing is due."""

    title: Mapping[str, str]
    grace: int
    steps: tuple[Step, ...]
    is_assumed: bool = False


def minutes_over(longest_end: int, now: int) -> int:
    """Started minutes (real time) after the end of the longest stay, both ms; 0 before it."""
    return max(0, -(-(now - longest_end) // _MINUTE))


def fee(rule: Overstay, minutes: int) -> int:
    """Cents for standing `minutes` too long; the grace is no discount: beyond it every minute counts."""
    if minutes <= rule.grace:
        return 0
    return next(step.cents for step in rule.steps if step.up_to is None or minutes <= step.up_to)


def read_overstay(data: object) -> Overstay:
    """The rule; OverstayError names what is wrong."""
    if not isinstance(data, Mapping) or set(data) - _KEYS:
        raise OverstayError("a rule has title, source, grace_minutes and steps, and nothing else")
    grace, steps = data.get("grace_minutes", 0), tuple(_step(one) for one in _list(data.get("steps")))
    if not _is_number(grace):
        raise OverstayError("grace_minutes is a whole number from 0")
    limits = [step.up_to for step in steps]
    if not steps or limits[-1] is not None or None in limits[:-1]:
        raise OverstayError("steps: the last one, and only it, has no up_to_minutes")
    if limits[:-1] != sorted(set(limits[:-1]), key=lambda limit: limit or 0):
        raise OverstayError("steps: up_to_minutes must grow")
    return Overstay(dict(data.get("title") or {}), grace, steps, bool(data.get("assumed")))


def _step(data: object) -> Step:
    if not isinstance(data, Mapping) or set(data) - {"up_to_minutes", "cents"}:
        raise OverstayError("steps: each has up_to_minutes and cents")
    up_to, cents = data.get("up_to_minutes"), data.get("cents")
    if not _is_number(cents) or (up_to is not None and not (_is_number(up_to) and up_to)):
        raise OverstayError("steps: whole minutes from 1 and whole cents from 0")
    return Step(up_to, int(cents or 0))


def _list(data: Any) -> Sequence[Any]:
    if not isinstance(data, list):
        raise OverstayError("steps: a list is expected")
    return data


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
