"""What an ultrasonic sensor hears in the street, with the truth beside it: for tuning the rules and judging them.

The sensor stands at the head of a bay and looks into it: the empty bay is 2.6 m deep to the kerb behind, a car stands
0.35 to 0.75 m away. A sample is (seconds, distance in metres or None for a lost echo, whether a car is parked).
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

STEP_S = 0.5
EMPTY_M = 2.6


@dataclass(frozen=True)
class Sample:
    """One ping and the truth at its moment; truth None = a car is just moving in or out, either answer is right."""

    at: float
    distance_m: float | None
    parked: bool | None


Scene = Iterator[tuple[float | None, bool | None]]
Play = Callable[[random.Random], Scene]


def _empty(chance: random.Random, seconds: float) -> Scene:
    for _ in range(int(seconds / STEP_S)):
        yield EMPTY_M + chance.gauss(0, 0.01), False


def _standing(chance: random.Random, metres: float, seconds: float) -> Scene:
    for _ in range(int(seconds / STEP_S)):
        yield metres + chance.gauss(0, 0.008), True


def _moving(chance: random.Random, start: float, end: float, seconds: float) -> Scene:
    steps = max(1, int(seconds / STEP_S))
    for step in range(steps):
        yield start + (end - start) * (step + 1) / steps + chance.gauss(0, 0.02), None


def _settling(chance: random.Random, metres: float, seconds: float) -> Scene:
    """The rules may take so long (5 s and 10 s hold, and the tick): no answer is wrong yet."""
    for _ in range(int(seconds / STEP_S)):
        yield metres + chance.gauss(0, 0.008), None


def parking(chance: random.Random) -> Scene:
    """A car comes, stands, leaves."""
    place = chance.uniform(0.35, 0.75)
    yield from _empty(chance, 30)
    yield from _moving(chance, EMPTY_M, place, chance.uniform(2, 5))
    yield from _settling(chance, place, 7)
    yield from _standing(chance, place, chance.uniform(60, 240))
    yield from _moving(chance, place, EMPTY_M, chance.uniform(2, 5))
    yield from _settling(chance, EMPTY_M, 12)
    yield from _empty(chance, 30)


def creeping_in(chance: random.Random) -> Scene:
    """A learner: forward, stop, back, forward again, half a minute long."""
    place, here = chance.uniform(0.35, 0.75), EMPTY_M
    yield from _empty(chance, 20)
    for _ in range(chance.randint(2, 4)):
        there = chance.uniform(0.6, 1.3)
        yield from _moving(chance, here, there, chance.uniform(2, 4))
        for _ in range(int(chance.uniform(0.5, 2.5) / STEP_S)):
            yield there + chance.gauss(0, 0.01), None
        here = there
    yield from _moving(chance, here, place, 2)
    yield from _settling(chance, place, 7)
    yield from _standing(chance, place, 90)


def person(chance: random.Random) -> Scene:
    """Somebody walks through the bay, or stands there and talks; nobody stands as still as a car."""
    yield from _empty(chance, 20)
    if chance.random() < 0.6:
        for _ in range(int(chance.uniform(1, 4) / STEP_S)):
            yield chance.uniform(0.3, 1.6), False
    else:
        centre, sway = chance.uniform(0.4, 1.0), 0.0
        for _ in range(int(chance.uniform(10, 60) / STEP_S)):
            sway = 0.5 * sway + chance.gauss(0, 0.09)
            yield max(0.1, centre + sway), False
    yield from _empty(chance, 30)


def trolley(chance: random.Random) -> Scene:
    """A shopping trolley is pushed past; its grid gives an echo now and then."""
    yield from _empty(chance, 20)
    for _ in range(int(chance.uniform(3, 12) / STEP_S)):
        yield (chance.uniform(0.4, 1.2) if chance.random() < 0.6 else EMPTY_M), False
    yield from _empty(chance, 30)


def rain(chance: random.Random) -> Scene:
    """Heavy rain over an empty and then a taken bay: drops echo from anywhere, some pings are lost."""
    place = chance.uniform(0.35, 0.75)

    def wet(scene: Scene) -> Scene:
        for distance, parked in scene:
            luck = chance.random()
            if luck < 0.05:
                yield None, parked
            elif luck < 0.13 and distance is not None:
                yield chance.uniform(0.1, distance), parked
            else:
                yield distance, parked

    yield from wet(_empty(chance, 120))
    yield from wet(_moving(chance, EMPTY_M, place, 4))
    yield from wet(_settling(chance, place, 12))
    yield from wet(_standing(chance, place, 120))


def truck_overhang(chance: random.Random) -> Scene:
    """The tail of a lorry in the next bay reaches into the sensor's beam, with weak and jumping echoes."""
    edge_m = chance.uniform(1.05, 1.45)
    yield from _empty(chance, 20)
    for _ in range(int(chance.uniform(60, 200) / STEP_S)):
        yield (edge_m + chance.gauss(0, 0.03) if chance.random() < 0.8 else EMPTY_M), False
    yield from _empty(chance, 30)


def dead_sensor(chance: random.Random) -> Scene:
    """A car stands there and the sensor dies: what it said last is not true for ever."""
    place = chance.uniform(0.35, 0.75)
    yield from _empty(chance, 20)
    yield from _moving(chance, EMPTY_M, place, 3)
    yield from _settling(chance, place, 7)
    yield from _standing(chance, place, 30)
    for _ in range(200):
        yield None, None


SCENES: Mapping[str, Play] = {
    "car parks and leaves": parking,
    "car creeps in": creeping_in,
    "person": person,
    "trolley": trolley,
    "rain": rain,
    "truck overhang": truck_overhang,
    "dead sensor": dead_sensor,
}


def play(name: str, seed: int) -> list[Sample]:
    """The samples of one scene; the same for the same seed."""
    chance = random.Random(f"{seed}/{name}")  # noqa: S311 (a simulation, no secret)
    return [Sample(number * STEP_S, *sample) for number, sample in enumerate(SCENES[name](chance))]
