"""The pass number finds typing errors and tells nothing; colours come from the tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.citypass import rules

KEY = b"k" * 32
handles = st.text(min_size=1, max_size=50)


@given(handles)
def test_a_number_is_always_the_same_and_reads_back(handle: str) -> None:
    number = rules.pass_number(KEY, handle)
    assert number == rules.pass_number(KEY, handle)
    assert rules.read_number(number) == number
    assert [len(group) for group in number.split("-")] == [4, 4, 4]


def test_another_person_or_another_key_has_another_number() -> None:
    numbers = {rules.pass_number(key, f"handle{n}") for key in (KEY, b"x" * 32) for n in range(5000)}
    assert len(numbers) == 10_000


@given(handles, st.integers(0, 11), st.sampled_from(rules.SIGNS))
def test_one_wrong_sign_is_always_found(handle: str, place: int, sign: str) -> None:
    signs = rules.pass_number(KEY, handle).replace("-", "")
    wrong = signs[:place] + sign + signs[place + 1 :]
    assert (rules.read_number(wrong) is None) == (wrong != signs)


@given(handles, st.integers(0, 10))
def test_two_neighbours_that_changed_places_are_always_found(handle: str, place: int) -> None:
    signs = rules.pass_number(KEY, handle).replace("-", "")
    wrong = signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :]
    assert (rules.read_number(wrong) is None) == (wrong != signs)


@given(handles)
def test_small_letters_blanks_and_signs_that_look_alike_do_not_matter(handle: str) -> None:
    number = rules.pass_number(KEY, handle)
    typed = number.lower().replace("-", " ").replace("0", "o").replace("1", "l").replace("2", "z")
    assert rules.read_number(typed) == number


@given(st.text(max_size=30))
def test_whatever_is_typed_it_is_a_number_or_none(typed: str) -> None:
    found = rules.read_number(typed)
    assert found is None or rules.read_number(found) == found


def test_colours_are_found_for_light_and_dark_and_a_missing_one_is_an_error() -> None:
    css = ":root { --sk-salz: #F2F6F5; }\n@media (prefers-color-scheme: dark) { :root { --sk-salz: #0A181B; } }"
    assert rules.colours(css, ["salz"]) == {"salz": ("#F2F6F5", "#0A181B")}
    with pytest.raises(KeyError):
        rules.colours(css, ["pfeffer"])


@given(st.lists(st.binary(max_size=20), max_size=4), st.lists(st.binary(max_size=20), max_size=4))
def test_another_release_has_another_name(one: list[bytes], other: list[bytes]) -> None:
    assert (rules.release(one) == rules.release(other)) == (one == other)
