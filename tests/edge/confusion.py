"""What the rules make of simulated signals, counted: `python -m tests.edge.confusion`.

Seeds below 1000 were used while the rules were tuned; the published figures are of 1000 to 1199.
"""

from collections import Counter

from edge.rules import FREE, OCCUPIED, UNKNOWN, Bay, Limits, Smoother, Thresholds, level_of, observe
from edge.simulation import signals

HELD_OUT = range(1000, 1200)


def decide(samples: list[signals.Sample], limits: Limits = Limits(), thresholds: Thresholds = Thresholds()):
    """(sample, state) one by one, as the agent would decide them."""
    bay, smoother = Bay(), Smoother()
    for sample in samples:
        smoother = smoother.add(sample.distance_m)
        distance = smoother.distance_m
        bay = observe(bay, level_of(distance, bay.level, thresholds), sample.at, limits, distance)
        yield sample, bay.state


def confusion(scene: str, seeds: range = HELD_OUT) -> Counter[tuple[str, str]]:
    """(truth, state) -> samples, of all samples with a truth after the first 15 s."""
    counts: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        for sample, state in decide(signals.play(scene, seed)):
            if sample.parked is not None and sample.at >= 15:
                counts[OCCUPIED if sample.parked else FREE, state] += 1
    return counts


def wrong_events(scene: str, seeds: range = HELD_OUT) -> int:
    """How many runs had any moment with occupied for free or free for occupied."""
    wrong = {(True, FREE), (False, OCCUPIED)}
    return sum(
        any((sample.parked, state) in wrong for sample, state in decide(signals.play(scene, seed))) for seed in seeds
    )


def main() -> None:
    """Prints one line a scene."""
    print(f"{len(HELD_OUT)} runs of each scene, seeds {HELD_OUT.start} to {HELD_OUT.stop - 1}")
    for scene in signals.SCENES:
        counts = confusion(scene)
        total = sum(counts.values())
        right = sum(number for (truth, state), number in counts.items() if truth == state)
        unknown = sum(number for (_, state), number in counts.items() if state == UNKNOWN)
        print(
            f"{scene:22} right {right / total:7.2%}, unknown {unknown / total:6.2%}, "
            f"false occupied {counts[FREE, OCCUPIED] / total:6.2%}, false free {counts[OCCUPIED, FREE] / total:6.2%}, "
            f"faulty {sum(n for (_, s), n in counts.items() if s == 'faulty') / total:6.2%}, "
            f"runs with an error {wrong_events(scene)}"
        )


if __name__ == "__main__":
    main()
