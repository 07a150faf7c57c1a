"""Pages and ages."""

from hypothesis import given
from hypothesis import strategies as st

from hub.operations import rules


@given(st.integers(0, 10_000), st.integers(-5, 1_000))
def test_every_row_is_on_a_page_and_every_page_exists(total: int, number: int) -> None:
    last = rules.pages(total)
    assert (last - 1) * rules.PAGE < max(total, 1) <= last * rules.PAGE
    assert 1 <= rules.within(number, total) <= last
    assert rules.within(rules.within(number, total), total) == rules.within(number, total)


def test_an_age_is_told_in_the_greatest_unit_that_fits() -> None:
    told = [rules.age(0, seconds * 1000) for seconds in (0, 59, 60, 3_599, 3_600, 86_399, 86_400, 200_000)]
    assert told == [(0, "s"), (59, "s"), (1, "min"), (59, "min"), (1, "h"), (23, "h"), (1, "day"), (2, "day")]
    assert rules.age(5_000, 0) == (0, "s")
