"""The picture of a day stays within its frame and shows each hour once; the sentence says the result."""

from datetime import datetime

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.i18n import TIMEZONE
from hub.parking.api.forecasts import HOUR_MS, Outlook
from hub.parking.rules.forecast import Expected, picture
from hub.parking.rules.forecast.picture import BOTTOM, LEFT, RIGHT, TOP
from hub.parking.web import words

NOON = int(datetime(2026, 11, 26, 12, tzinfo=TIMEZONE).timestamp()) // 3600
SHARES = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=24)
CARS = st.lists(st.tuples(st.floats(0, 50), st.floats(0, 10), st.floats(0, 10)), max_size=24)


def expected(cars: list[tuple[float, float, float]]) -> list[Expected]:
    return [Expected(NOON + index, c, max(0, c - low), min(50, c + high)) for index, (c, low, high) in enumerate(cars)]


@given(SHARES, CARS, st.integers(0, HOUR_MS - 1), st.sampled_from([0, 1, 2]))
def test_everything_lies_within_the_frame(
    shares: list[float | None], cars: list[tuple[float, float, float]], minute: int, offset: int
) -> None:
    drawn = picture(shares, expected(cars), 50, NOON * HOUR_MS + minute, offset)
    for bar in (*drawn.measured, *drawn.expected):
        assert LEFT <= bar.x <= bar.x + bar.width <= RIGHT + 0.2
        assert TOP - 0.1 <= bar.y <= BOTTOM
        assert abs(bar.y + bar.height - BOTTOM) < 0.2
    assert LEFT <= drawn.now <= RIGHT
    hours = [bar.hour for bar in (*drawn.measured, *drawn.expected)]
    assert len(set(hours)) == len(hours)
    assert (drawn.band == "") == (not cars)


def test_hours_without_a_measurement_have_no_bar() -> None:
    drawn = picture([0.5, None, 0.2], [], 50, NOON * HOUR_MS, 1)
    assert [bar.hour for bar in drawn.measured] == [NOON - 2, NOON]


def test_the_axis_is_the_towns_clock_and_midnight_is_marked() -> None:
    drawn = picture([0.5] * 12, expected([(5, 1, 1)] * 24), 50, NOON * HOUR_MS, 1)
    assert [label.hour for label in drawn.labels] == [6, 12, 18, 0, 6]
    assert drawn.midnight == next(label.x for label in drawn.labels if label.hour == 0)


def test_a_car_park_without_bays_is_no_division_by_zero() -> None:
    assert picture([0.5], expected([(0, 0, 0)]), 0, NOON * HOUR_MS, 1).measured == []


@pytest.mark.parametrize(
    ("outlook", "german", "english"),
    [
        (Outlook("full", NOON + 5), "Gegen 17 Uhr voraussichtlich voll.", "At about 17:00, probably full."),
        (
            Outlook("few", NOON + 22),
            "Morgen gegen 10 Uhr voraussichtlich nur noch wenige freie Plätze.",
            "Tomorrow at about 10:00, probably only a few spaces left.",
        ),
        (Outlook("full", NOON + 5, sure=False), "Gegen 17 Uhr vielleicht voll.", "At about 17:00, possibly full."),
        (Outlook("full", None, NOON + 3), "Bis etwa 15 Uhr voraussichtlich voll.", "Probably full until about 15:00."),
        (
            Outlook("full", None, NOON + 3, sure=False),
            "Bis etwa 15 Uhr vielleicht voll.",
            "Possibly full until about 15:00.",
        ),
        (
            Outlook("few", None, NOON + 3),
            "Bis etwa 15 Uhr voraussichtlich nur wenige freie Plätze.",
            "Probably only a few free spaces until about 15:00.",
        ),
        (Outlook("full"), "Voraussichtlich den ganzen Tag voll.", "Probably full all day."),
        (Outlook("full", sure=False), "Den ganzen Tag vielleicht voll.", "Possibly full all day."),
        (
            Outlook("few"),
            "Voraussichtlich den ganzen Tag nur wenige freie Plätze.",
            "Probably only a few free spaces all day.",
        ),
        (
            Outlook("free"),
            "In den nächsten 24 Stunden voraussichtlich immer genug freie Plätze.",
            "Probably enough free spaces at any time in the next 24 hours.",
        ),
    ],
)
def test_the_sentence_says_the_result(outlook: Outlook, german: str, english: str) -> None:
    app = flask.Flask("words")
    for language, sentence in (("de", german), ("en", english)):
        with app.test_request_context(f"/?lang={language}"):
            assert words.sentence(outlook, NOON * HOUR_MS).replace("\u00a0", " ") == sentence
