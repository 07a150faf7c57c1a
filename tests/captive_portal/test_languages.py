"""The portal's words in all its languages."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.words import LANGUAGES, WORDS, Speech
from captive_portal.words.speech import BY_CODE

SPEECHES = st.sampled_from([Speech(code) for code in LANGUAGES])
DAYS = st.dates(date(2020, 1, 1), date(2060, 1, 1))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001
OTHERS = [code for code in LANGUAGES if code != "de"]


def placeholders(words: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", words))


def test_the_portal_speaks_seven_languages_and_german_comes_first() -> None:
    assert list(LANGUAGES) == ["de", "en", "fr", "tr", "uk", "pl", "ar"]


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_every_word_with_the_same_placeholders(code: str) -> None:
    expected = {key: placeholders(words) for key, words in WORDS["de"].items()}
    assert {key: placeholders(words) for key, words in WORDS[code].items()} == expected
    assert all(words.strip() for words in WORDS[code].values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_all_its_days_and_months(code: str) -> None:
    own = BY_CODE[code]
    for names, number in ((own.days, 7), (own.months, 12), (own.from_days, 8), (own.until_days, 8)):
        assert len(set(names)) == number


def test_only_arabic_is_written_from_right_to_left() -> None:
    assert [code for code in LANGUAGES if Speech(code).direction == "rtl"] == ["ar"]


@given(SPEECHES, st.integers(-100, 400 * 3600))
def test_every_duration_is_said(speech: Speech, seconds: int) -> None:
    assert speech.duration(seconds).strip()
    assert "{" not in speech.duration(seconds)


@given(SPEECHES, st.integers(0, 100_000))
def test_every_number_has_a_plural_form(speech: Speech, number: int) -> None:
    assert speech.free(number)


@given(SPEECHES, DAYS, st.integers(0, 400), st.integers(0, 40), st.integers(-40, 40))
def test_every_day_and_span_is_said(speech: Speech, today: date, ahead: int, length: int, started: int) -> None:
    start = today + timedelta(started)
    said = [
        speech.day(today + timedelta(ahead), today),
        speech.short_day(start),
        speech.long_day(start),
        speech.span(start, start + timedelta(length), today),
        speech.span(today + timedelta(ahead), None, today),
    ]
    assert all(words.strip() and "{" not in words for words in said)


@given(SPEECHES, MOMENTS, MOMENTS)
def test_every_moment_is_said(speech: Speech, moment: datetime, now: datetime) -> None:
    said = [
        speech.clock(moment),
        speech.moment(moment, now.date()),
        speech.closes(moment),
        speech.opens(moment, now.date()),
        speech.hour(moment.time().isoformat("minutes")),
    ]
    assert all(words.strip() and "{" not in words for words in said)


@given(SPEECHES, st.text(max_size=20))
def test_a_time_that_is_none_is_left_as_it_is(speech: Speech, words: str) -> None:
    try:
        time.fromisoformat(words)
    except ValueError:
        assert speech.hour(words) == words


@pytest.mark.parametrize(
    ("code", "hours", "said"),
    [
        ("de", 1, "1 Stunde"),
        ("de", 4, "4 Stunden"),
        ("en", 2, "2 hours"),
        ("fr", 1, "1 heure"),
        ("fr", 5, "5 heures"),
        ("tr", 4, "4 saat"),
        ("uk", 1, "1 година"),
        ("uk", 4, "4 години"),
        ("uk", 11, "11 годин"),
        ("uk", 21, "21 година"),
        ("uk", 24, "24 години"),
        ("pl", 1, "1 godzina"),
        ("pl", 4, "4 godziny"),
        ("pl", 12, "12 godzin"),
        ("pl", 21, "21 godzin"),
        ("pl", 22, "22 godziny"),
        ("ar", 1, "ساعة واحدة"),
        ("ar", 2, "ساعتان"),
        ("ar", 4, "4 ساعات"),
        ("ar", 12, "12 ساعة"),
        ("ar", 100, "100 ساعة"),
        ("ar", 103, "103 ساعات"),
    ],
)
def test_the_plural_follows_the_rules_of_the_language(code: str, hours: int, said: str) -> None:
    assert Speech(code).duration(hours * 3600).replace("\u00a0", " ") == said


def test_a_weekday_is_bent_where_the_language_bends_it() -> None:
    tuesday, saturday = date(2026, 11, 24), date(2026, 11, 28)
    assert Speech("de").span(saturday, saturday + timedelta(3), tuesday) == "ab Samstag"
    assert Speech("pl").span(saturday, saturday + timedelta(3), tuesday) == "od soboty"
    assert Speech("uk").span(tuesday - timedelta(1), saturday, tuesday) == "до суботи"
    assert Speech("tr").span(tuesday - timedelta(1), saturday, tuesday) == "cumartesi gününe kadar"


@given(SPEECHES)
def test_the_words_around_a_placeholder_are_the_sentence_without_it(speech: Speech) -> None:
    before, after = speech.around("you_are_at")
    assert f"{before}Kurpark{after}" == speech.say("you_are_at", label="Kurpark")
