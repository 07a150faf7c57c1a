"""Headline, balance and pictures of the control room."""

from hypothesis import given
from hypothesis import strategies as st

from hub.dashboard import rules

COUNTS = st.dictionaries(st.sampled_from(rules.BAY_STATES), st.integers(0, 2000))


@given(COUNTS)
def test_the_stack_is_full_and_shows_every_state_that_exists(counts: dict[str, int]) -> None:
    stack = rules.crystals(counts)
    assert len(stack) == (50 if sum(counts.values()) else 0)
    assert {crystal.state for crystal in stack} == {state for state, count in counts.items() if count}
    assert len({(crystal.column, crystal.row) for crystal in stack}) == len(stack)


def test_one_faulty_bay_in_a_thousand_is_still_a_cube() -> None:
    assert [c.state for c in rules.crystals({"occupied": 999, "faulty": 1})].count("faulty") == 1


def test_a_line_is_interrupted_where_nothing_is_known() -> None:
    path = rules.sparkline([10, 20, None, 20, 10])
    assert path.count("M") == 2
    assert rules.sparkline([None, None]) == ""


@given(st.lists(st.none() | st.integers(0, 10**9), max_size=80))
def test_a_line_never_leaves_its_picture(values: list[int | None]) -> None:
    numbers = rules.sparkline(values, 600, 54).replace("M", " ").replace("L", " ").split()
    assert all(0 <= float(y) <= 54 for y in numbers[1::2])


def test_what_came_in_is_somewhere() -> None:
    balance = rules.Balance(received=110, stored=100, duplicate=5, refused=3, quarantined=2, missing=0, waiting=0)
    assert balance.unaccounted == 0
    assert balance.aside == 5


def test_load_is_unknown_without_both_numbers() -> None:
    assert rules.load(None, 40) is None
    assert rules.load(3, 0) is None
    assert rules.load(20, 40) == 0.5


def test_the_headline_counts_in_words_up_to_twelve() -> None:
    item = rules.Attention("offline", "danger")
    assert [rules.headline([item] * n) for n in (0, 1, 2, 13)] == ["calm", "one", "two", "many"]


def test_dangers_stand_first_then_the_oldest() -> None:
    late, early = rules.Attention("a", "danger", since=2), rules.Attention("b", "danger", since=1)
    assert rules.attention_order([rules.Attention("c", "warning", since=0), late, early])[:2] == [early, late]


@given(st.lists(st.tuples(st.floats(8.9, 9.2), st.floats(49.1, 49.4)), min_size=1, max_size=30))
def test_every_point_lies_inside_the_map(points: list[tuple[float, float]]) -> None:
    frame = rules.frame_around(points, 620, 326)
    assert frame is not None
    for lon, lat in points:
        x, y = frame.place(lon, lat)
        assert 0 <= x <= 620
        assert 0 <= y <= 326
