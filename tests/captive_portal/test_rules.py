"""The portal's decisions."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from captive_portal import rules
from captive_portal.rules import Event, Office, Text

TODAY = date(2026, 11, 24)
NAME = Text({"de": "Amt", "en": "Office"})


def office(*spans: tuple[int, int]) -> Office:
    return Office(NAME, "Kirchplatz 4", spans, True)


def event(start: date, end: date | None = None) -> Event:
    return Event(NAME, NAME, start, end, "", "fest", True)


@given(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(-(10**6), 10**6))
def test_a_session_is_never_longer_than_granted_and_never_negative(now: int, granted: int, drift: int) -> None:
    assert 0 <= rules.remaining_s(now + granted * 1000, granted, now + drift) <= granted


def test_the_last_part_of_a_second_still_counts() -> None:
    assert rules.remaining_s(1001, 60, 0) == 2


def test_an_office_is_open_from_its_first_to_before_its_last_moment() -> None:
    assert rules.open_until(office((10, 20)), 10) == 20
    assert rules.open_until(office((10, 20)), 20) is None
    assert rules.opens_next(office((10, 20), (30, 40)), 25) == 30


def test_when_nothing_is_open_the_one_that_opens_first_is_shown() -> None:
    late, early = office((90, 99)), office((50, 60))
    assert rules.offices_to_show([late, early], 10, 3) == [early]


def test_an_event_that_runs_is_shown_and_yesterdays_is_gone() -> None:
    running, over = event(TODAY - timedelta(2), TODAY), event(TODAY - timedelta(1))
    assert rules.events_to_show([over, running], TODAY, 5) == [running]


@given(st.integers(1, 500), st.data())
def test_one_crystal_stays_hollow_while_one_place_is_free(capacity: int, data) -> None:
    free = data.draw(st.integers(0, capacity))
    filled = rules.filled_crystals(capacity, free)
    assert 0 <= filled <= rules.CRYSTALS
    assert (filled == rules.CRYSTALS) == (free == 0)


def test_the_language_is_the_wanted_one_else_the_best_accepted_else_german() -> None:
    offered = ("de", "en")
    assert rules.choose_language("en", "de", offered) == "en"
    assert rules.choose_language(None, "fr, en;q=0.5, de;q=0.4", offered) == "en"
    assert rules.choose_language("xx", "", offered) == "de"


@given(st.text(max_size=60))
def test_no_accept_language_header_breaks_the_page(header: str) -> None:
    assert rules.choose_language(None, header, ("de", "en")) in ("de", "en")


def test_a_text_without_the_language_falls_back_to_german() -> None:
    assert Text({"de": "Markt"}).in_language("en") == "Markt"
