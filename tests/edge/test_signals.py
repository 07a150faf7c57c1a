"""The rules on simulated signals of seeds that were not used while they were tuned."""

import pytest

from edge.rules import FREE, OCCUPIED, UNKNOWN
from edge.simulation import signals
from tests.edge.confusion import confusion, decide, wrong_events

SEEDS = range(1000, 1050)


def share(scene: str, *cells: tuple[str, str]) -> float:
    counts = confusion(scene, SEEDS)
    return sum(counts[cell] for cell in cells) / sum(counts.values())


@pytest.mark.parametrize("scene", signals.SCENES)
def test_most_of_the_time_the_state_is_the_truth(scene: str) -> None:
    assert share(scene, (FREE, FREE), (OCCUPIED, OCCUPIED)) > 0.97


@pytest.mark.parametrize("scene", ["car parks and leaves", "truck overhang", "dead sensor"])
def test_in_plain_scenes_hardly_any_run_has_an_error(scene: str) -> None:
    assert wrong_events(scene, SEEDS) <= len(SEEDS) * 0.02


@pytest.mark.parametrize("scene", ["person", "trolley"])
def test_what_walks_by_hardly_ever_becomes_a_car(scene: str) -> None:
    assert share(scene, (FREE, OCCUPIED)) < 0.03


def test_a_dead_sensor_is_unknown_after_its_third_lost_echo() -> None:
    for seed in SEEDS:
        run = list(decide(signals.play("dead sensor", seed)))
        first_lost = next(number for number, (sample, _) in enumerate(run) if sample.distance_m is None)
        assert run[first_lost + 1][1] == OCCUPIED
        assert all(state == UNKNOWN for _, state in run[first_lost + 2 :])


def test_without_the_rule_of_standing_still_people_would_be_cars() -> None:
    from edge.rules import Limits

    loose = Limits(still_m=2.0)
    wrong = sum(
        any(
            sample.parked is False and state == OCCUPIED
            for sample, state in decide(signals.play("person", seed), loose)
        )
        for seed in SEEDS
    )
    assert wrong > 3 * max(1, wrong_events("person", SEEDS))
