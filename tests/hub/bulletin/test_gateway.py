"""Opening hours with the holidays of Baden-Württemberg."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from hub.bulletin import gateway

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = "Mo-Fr 08:30-12:00, Tu 14:00-16:00, Th 14:00-18:00; PH off"
SAUNA = "Mo-Th 10:00-22:00; Fr,Sa 10:00-23:00; Su,PH 10:00-21:00"
POOL = "May 01-Sep 15: Mo-Su,PH 08:00-20:00"


def hours(text: str, day: date) -> list[str]:
    spans = gateway.spans(text, day, 1, BERLIN)
    return [f"{span.start:%H:%M}-{span.end:%H:%M}" for span in spans]


def test_a_tuesday_has_morning_and_afternoon() -> None:
    assert hours(OFFICE, date(2026, 11, 24)) == ["08:30-12:00", "14:00-16:00"]


@pytest.mark.parametrize("day", [date(2027, 1, 6), date(2027, 5, 27), date(2026, 11, 1), date(2026, 10, 3)])
def test_epiphany_corpus_christi_and_the_others_are_holidays_here(day: date) -> None:
    assert gateway.is_holiday(day)
    assert hours(OFFICE, day) == []


def test_a_holiday_of_another_state_is_a_working_day_here() -> None:
    assert not gateway.is_holiday(date(2026, 10, 31))  # Reformation Day
    assert not gateway.is_holiday(date(2027, 3, 8))  # Women's Day, Berlin


def test_who_is_open_on_holidays_is_open_with_the_holidays_hours() -> None:
    assert hours(SAUNA, date(2027, 1, 6)) == ["10:00-21:00"]


def test_a_season_opens_and_closes() -> None:
    assert hours(POOL, date(2027, 5, 27)) == ["08:00-20:00"]  # Corpus Christi in the season
    assert hours(POOL, date(2027, 4, 30)) == []


def test_summer_time_is_kept() -> None:
    span = gateway.spans(OFFICE, date(2027, 7, 6), 1, BERLIN)[0]
    assert span.start.utcoffset().total_seconds() == 7200


def test_unreadable_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="opening hours"):
        gateway.check("whenever we like")
