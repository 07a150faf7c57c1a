"""What holds for every tariff, and the parts that no shipped one uses."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.parking.api import tariffs
from hub.parking.rules.tariff import NotAllowedError, Pricer, TariffError, read_tariff
from tests.hub.parking.tariff import naive

BERLIN = ZoneInfo("Europe/Berlin")
UNLIMITED = tuple(name for name in tariffs.names() if name not in ("heilbronn-nord", "friedrichshafen-2"))
MOMENTS = st.integers(0, 395 * 1440).map(lambda at: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=at))


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


def cents(terms: dict | list, start: str, end: str, **more) -> int:
    data = {"terms": terms if isinstance(terms, list) else [terms]}
    chosen = Pricer(read_tariff(data), BERLIN, lambda day: day in (date(2026, 1, 6), date(2026, 12, 25)))
    return chosen.price(seconds(start), seconds(end), **more).cents


@pytest.mark.thorough
@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(UNLIMITED), MOMENTS, st.integers(0, 3000), st.sampled_from((0, 10, 30, 60, 150)))
def test_the_engine_agrees_with_counting_minute_by_minute(name: str, start: datetime, minutes: int, used: int) -> None:
    begin = int(start.timestamp())
    found = tariffs.pricer(name).price(begin, begin + 60 * minutes, used_free_minutes=used)
    assert found.cents == naive.price(name, start, minutes, used)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(UNLIMITED), MOMENTS, st.integers(0, 5000), st.integers(0, 600))
def test_who_stays_longer_never_pays_less(name: str, start: datetime, minutes: int, more: int) -> None:
    begin, chosen = int(start.timestamp()), tariffs.pricer(name)
    assert chosen.cents(begin, begin + 60 * minutes) <= chosen.cents(begin, begin + 60 * (minutes + more))


def test_the_price_with_its_lines_is_the_price_without() -> None:
    begin = seconds("2026-03-02T20:00")
    for name in UNLIMITED:
        chosen = tariffs.pricer(name)
        assert chosen.price(begin, begin + 100_000).cents == chosen.cents(begin, begin + 100_000)


def test_a_second_beyond_an_interval_begins_the_next() -> None:
    begin = seconds("2026-03-02T10:00")
    assert [tariffs.pricer("sinsheim-kern").cents(begin, begin + more) for more in (1, 1800, 1801)] == [100, 100, 200]


def test_an_evening_costs_its_flat_price_once() -> None:
    terms = {"unit_minutes": 60, "cents": 100, "evening": {"from": "18:00", "to": "24:00", "cents": 250}}
    assert cents(terms, "2026-03-02T17:00", "2026-03-02T17:30") == 100
    assert cents(terms, "2026-03-02T17:00", "2026-03-02T23:00") == 350
    assert cents(terms, "2026-03-02T19:00", "2026-03-03T20:00") == 250 + 1800 + 250


def test_holidays_are_free_or_like_sundays_where_a_tariff_says_so() -> None:
    weekdays = {"charged": [{"days": "mo-sa"}], "unit_minutes": 60, "cents": 100}
    stay = ("2026-01-06T10:00", "2026-01-06T11:00")
    assert cents(weekdays, *stay) == 100
    assert cents({**weekdays, "holidays": "sunday"}, *stay) == 0
    assert cents({"unit_minutes": 60, "cents": 100, "holidays": "sunday"}, *stay) == 100
    assert cents({"unit_minutes": 60, "cents": 100, "holidays": "free"}, *stay) == 0


def test_a_tariff_that_changes_during_a_stay_prices_each_part_by_its_own() -> None:
    old, new = {"unit_minutes": 60, "cents": 100}, {"valid_from": "2026-07-01", "unit_minutes": 30, "cents": 80}
    assert cents([old, new], "2026-06-30T23:00", "2026-07-01T01:00") == 100 + 160
    # the hour that began under the old one runs to its end
    assert cents([old, new], "2026-06-30T23:30", "2026-07-01T01:00") == 100 + 80


def test_exempt_drivers_pay_nothing_or_not_the_first_minutes() -> None:
    terms = {
        "unit_minutes": 60,
        "cents": 100,
        "free_minutes": 30,
        "exempt": {"resident": {"free": True}, "disabled": {"free_minutes": 180}, "ev": {"free_minutes": 10}},
    }
    stay = ("2026-03-02T08:00", "2026-03-02T12:00")
    found = [cents(terms, *stay, exempt=kind) for kind in (None, "resident", "disabled", "ev")]
    assert found == [400, 0, 100, 400]


def test_a_week_costs_at_most_its_cap_from_monday_to_sunday() -> None:
    terms = {"unit_minutes": 60, "cents": 100, "day_cap": 500, "week_cap": 2000}
    assert cents(terms, "2026-03-02T00:00", "2026-03-09T00:00") == 2000
    assert cents(terms, "2026-03-06T00:00", "2026-03-11T00:00") == 1500 + 1000


def test_a_window_over_midnight_belongs_to_the_evening_on_which_it_begins() -> None:
    terms = {"charged": [{"days": "fr", "from": "22:00", "to": "02:00"}], "unit_minutes": 60, "cents": 100}
    assert cents(terms, "2026-03-06T20:00", "2026-03-07T08:00") == 400
    assert cents(terms, "2026-03-05T20:00", "2026-03-06T08:00") == 0


def test_residents_only_begins_and_ends_at_the_minute() -> None:
    chosen = tariffs.pricer("heilbronn-nord")
    begin = seconds("2026-03-02T17:00")
    assert chosen.price(begin, begin + 3600).cents == 150
    with pytest.raises(NotAllowedError):
        chosen.price(begin, begin + 3601)


@pytest.mark.parametrize(
    ("terms", "place"),
    [
        ({}, "exactly one"),
        ({"cents": 1, "unit_minutes": 60, "cents_per_minute": 1}, "exactly one"),
        ({"cents": 1}, "unit_minutes"),
        ({"cents": -1, "unit_minutes": 60}, "amount"),
        ({"cents": "NaN", "unit_minutes": 60}, "amount"),
        ({"cents": 1, "unit_minutes": 60, "prise": 1}, "prise is not known"),
        ({"cents": 1, "unit_minutes": 60, "charged": [{"from": "25:00"}]}, "a time is written"),
        ({"cents": 1, "unit_minutes": 60, "charged": [{"days": "mo-xx"}]}, "days are written"),
        ({"table": [{"up_to_minutes": 60, "cents": 100}]}, "last line"),
        ({"table": [{"up_to_minutes": 60, "cents": 1}, {"up_to_minutes": 30, "cents": 1}, {"cents": 2}]}, "grow"),
        ({"cents": 1, "unit_minutes": 60, "season": {"from": "02-30", "to": "03-01"}}, "no day"),
    ],
)
def test_a_tariff_that_cannot_be_is_refused_with_the_place(terms: dict, place: str) -> None:
    with pytest.raises(TariffError, match=place):
        read_tariff({"terms": [terms]})


def test_windows_that_overlap_are_refused() -> None:
    terms = {"charged": [{"to": "12:00"}, {"from": "11:00"}], "unit_minutes": 60, "cents": 100}
    with pytest.raises(TariffError, match="overlap"):
        cents(terms, "2026-03-02T08:00", "2026-03-02T09:00")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda one: (
            st.lists(one)
            | st.dictionaries(
                st.sampled_from(
                    ("terms", "cents", "unit_minutes", "charged", "steps", "table", "days", "from", "units")
                ),
                one,
            )
        ),
    )
)
def test_nonsense_is_refused_and_never_breaks(data: object) -> None:
    with pytest.raises(TariffError):
        read_tariff({"terms": [data], "x": 1} if not isinstance(data, dict) else data | {"nonsense": 1})


def test_clocks_that_change_leave_real_minutes() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        start = seconds(f"{day}T00:00")
        end = seconds(f"{day + timedelta(days=1)}T00:00")
        assert tariffs.pricer("rappsodie").cents(start, end) == 50 * hours
