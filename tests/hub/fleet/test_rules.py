"""Online, offline, and two nodes under one name."""

from hypothesis import given
from hypothesis import strategies as st

from hub.fleet.rules import SILENT_MS, TWIN_WINDOW_MS, Sighting, are_twins, is_online, remember


def seen(*outboxes: str, step: int = 1000) -> tuple[Sighting, ...]:
    sightings: tuple[Sighting, ...] = ()
    for index, outbox in enumerate(outboxes):
        sightings = remember(sightings, Sighting(outbox, index * step))
    return sightings


def test_two_nodes_that_take_turns_under_one_name_are_twins() -> None:
    assert are_twins(seen("a", "b", "a"), 3000)


def test_a_reflashed_node_is_no_twin() -> None:
    assert not are_twins(seen("a", "a", "b", "b"), 4000)


def test_twins_that_fell_silent_are_forgotten() -> None:
    assert not are_twins(seen("a", "b", "a"), TWIN_WINDOW_MS + 60_000)


@given(st.lists(st.sampled_from("ab"), max_size=40))
def test_an_outbox_that_comes_back_is_always_noticed(outboxes: list[str]) -> None:
    runs = [outbox for index, outbox in enumerate(outboxes) if index == 0 or outbox != outboxes[index - 1]]
    assert are_twins(seen(*outboxes), len(outboxes) * 1000) == (len(runs) > 2)


def test_a_node_that_is_silent_for_three_minutes_is_offline() -> None:
    assert is_online("online", 0, SILENT_MS)
    assert not is_online("online", 0, SILENT_MS + 1)
    assert not is_online("offline", 0, 1)
    assert not is_online(None, None, 1)
