"""What a node may be told: the ranges of its rules and the room between its thresholds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

RULES: Mapping[str, tuple[float, float]] = {  # name -> lowest and highest value
    "occupied_after_s": (1, 60),
    "free_after_s": (1, 120),
    "max_flips": (2, 100),
    "repeat_minutes": (1, 30),
}
MIN_GAP_M = 0.15
HIGHEST_M = 4.0


@dataclass(frozen=True)
class Problem:
    """What is wrong: kind range (subject = rule), both, gap (subject = bay)."""

    kind: str
    subject: str


def problem(rules: Mapping[str, float], bays: Mapping[str, Mapping[str, float]]) -> Problem | None:
    """The first thing that a node would refuse; None when all is well."""
    for name, value in rules.items():
        low, high = RULES.get(name, (1, 0))
        if not low <= value <= high:
            return Problem("range", name)
    for bay, values in bays.items():
        near, far = values.get("occupied_below_m"), values.get("free_above_m")
        if near is None or far is None:
            return Problem("both", bay)
        if not 0 < near < far < HIGHEST_M or far - near < MIN_GAP_M - 1e-9:
            return Problem("gap", bay)
    return None


RINGS = ("canary", "early", "rest")  # who gets an update first
BLOCK_MS = 24 * 3600 * 1000


@dataclass(frozen=True)
class Difference:
    """One value that two versions do not share; "" = the node's own file holds. `path` begins rules, bays or wifi."""

    path: tuple[str, ...]
    before: str
    after: str


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    """What changed between two configuration messages, in the order of their keys."""
    old, new = dict(_flat(before)), dict(_flat(after))
    paths = [*old, *(path for path in new if path not in old)]
    found = [Difference(path, old.get(path, ""), new.get(path, "")) for path in sorted(paths)]
    return [one for one in found if one.before != one.after]


def _flat(body: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    for part in ("rules", "wifi"):
        values = body.get(part)
        for key, value in values.items() if isinstance(values, Mapping) else ():
            yield from _value((part, str(key)), value)
    bays = body.get("bays")
    for bay in bays if isinstance(bays, Sequence) else ():
        for key, value in bay.items():
            if key != "id":
                yield ("bays", str(bay["id"]), str(key)), _text(value)


def _value(path: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], str]]:
    if path[-1] != "hours" or not isinstance(value, Sequence):
        yield path, _text(value)
        return
    for number, day in enumerate(value):
        yield (*path, str(number)), ", ".join(f"{start}–{end}" for start, end in day) or "–"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
