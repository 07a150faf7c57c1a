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


NOW = 1_800_000_000_000


def node(label: str = "Kurpark", state: str = "good", at: int = NOW) -> rules.NodeLine:
    return rules.NodeLine(label, state, at)


def test_when_all_is_well_nothing_needs_a_person() -> None:
    assert rules.attentions(rules.Findings(nodes=[node(), rules.NodeLine("Neu", "never")]), NOW) == []


def test_silent_nodes_are_named_until_there_are_too_many() -> None:
    silent = [node(f"N{n}", "silent", NOW - n) for n in range(1, 5)]
    assert [item.subject for item in rules.attentions(rules.Findings(nodes=silent[:3]), NOW)] == ["N3", "N2", "N1"]
    [one] = rules.attentions(rules.Findings(nodes=silent), NOW)
    assert (one.kind, one.count, one.since) == ("many_silent", 4, NOW - 4)


def test_a_young_gap_may_still_close_and_an_old_one_is_a_danger() -> None:
    gap = rules.GapLine("n", "o", 3, 5, NOW)
    assert rules.attentions(rules.Findings(gaps=[gap]), NOW + rules.GAP_PATIENCE - 1) == []
    [item] = rules.attentions(rules.Findings(gaps=[gap]), NOW + rules.GAP_PATIENCE)
    assert (item.kind, item.level, item.count) == ("missing", "danger", 3)


def test_the_same_alarm_again_and_again_is_one_line() -> None:
    alarms = [rules.AlarmLine("n", "heat", f"{t} Grad", NOW + t) for t in (70, 75, 80)]
    [item] = rules.attentions(rules.Findings(alarms=alarms), NOW)
    assert (item.count, item.since, item.text) == (3, NOW + 70, "80 Grad")


def test_every_kind_of_bad_input_is_named() -> None:
    found = rules.Findings(refused=1, quarantined=2, faulty_bays=3, feedback=4)
    kinds = [(item.kind, item.count) for item in rules.attentions(found, NOW)]
    assert kinds == [("refused", 1), ("quarantined", 2), ("faulty", 3), ("feedback", 4)]


def test_an_own_certificate_becomes_a_danger_in_its_last_week() -> None:
    day = 86_400_000
    found = rules.Findings(certificates=[("web", NOW + 20 * day), ("broker", NOW + 3 * day)])
    items = [(item.subject, item.level, item.count) for item in rules.attentions(found, NOW)]
    assert items == [("broker", "danger", 3), ("web", "warning", 20)]


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


COUNTERS = {"stored": {"bay": 90, "skip": 1}, "quarantined": {"time too old": 2}, "numbered": {"refused": 3}}


def test_when_every_number_is_in_a_heap_nothing_is_lost() -> None:
    counters = {**COUNTERS, "skipped": {"messages": 4}, "duplicate": {"bay": 50}, "refused": {"not JSON": 9}}
    gap = rules.GapLine("n", "o", 5, 9, NOW)
    found = rules.balance(105, counters, [gap], NOW + 1)
    assert (found.stored, found.aside, found.skipped, found.underway, found.lost) == (91, 5, 4, 5, 0)


def test_a_number_that_is_in_no_heap_is_lost() -> None:
    assert rules.balance(97, COUNTERS, [], NOW).lost == 1


def test_a_gap_that_did_not_close_in_time_is_lost() -> None:
    gap = rules.GapLine("n", "o", 5, 6, NOW)
    found = rules.balance(98, COUNTERS, [gap], NOW + rules.GAP_PATIENCE)
    assert (found.underway, found.lost) == (0, 2)


def test_a_far_village_does_not_shrink_the_town_on_the_map() -> None:
    town = [(9.10 + n / 1000, 49.24 + n / 1000) for n in range(8)]
    assert rules.core([*town, (9.3, 49.3)]) == town
    assert rules.core([]) == []
    assert rules.core([(9.1, 49.2)]) == [(9.1, 49.2)]
