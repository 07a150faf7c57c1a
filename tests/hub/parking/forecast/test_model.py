"""The forecast beats both simple rules wherever there is anything to know, and says nothing where there is not."""

import math
import random
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.core.holidays import is_holiday
from hub.core.i18n import TIMEZONE
from hub.parking.rules import forecast as rules
from hub.parking.rules.forecast import Calendar, Forecaster, Report
from hub.parking.rules.forecast.evaluation import held_out_hours
from tests.hub.parking.forecast.data import SHAPES, Hours, Wild, capacities, shape, town

pytestmark = pytest.mark.thorough

SPRING, AUTUMN = date(2026, 3, 2), date(2026, 9, 7)
BEGIN = int(datetime(2026, 8, 3, tzinfo=UTC).timestamp()) // 3600


def judged(measured: Hours, capacity: float | None = None) -> Report:
    return rules.evaluate(measured, Calendar(TIMEZONE, is_holiday, {}), capacity)


def beats_both(report: Report, by: float = 0.85, at_worst: float = 1.05) -> None:
    """All horizons together by a clear margin, and no single one much worse than the better of the two."""
    errors = report.all
    assert errors.forecast < by * min(errors.same_hour_last_week, errors.persistence), errors
    ratios = {h: one.forecast / min(one.same_hour_last_week, one.persistence) for h, one in report.horizons.items()}
    assert max(ratios.values()) < at_worst, ratios


@pytest.mark.parametrize("site", ["thermarium", "bahnhof_pr", "stadtcarre"])
@pytest.mark.parametrize("seed", [11, 12])
def test_it_beats_both_on_the_towns_arrivals(site: str, seed: int) -> None:
    beats_both(judged(town(site, seed, AUTUMN, 84), capacities()[site]))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("seed", [21, 22])
def test_it_beats_both_on_shapes_that_the_town_does_not_have(name: str, seed: int) -> None:
    beats_both(judged(shape(name, seed, SPRING if seed % 2 else AUTUMN, 84)))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(40))
def test_it_beats_both_however_unruly(seed: int) -> None:
    chance = random.Random(seed)
    wild = Wild(
        capacity=chance.choice((15, 60, 400)),
        shock=chance.choice((0.05, 0.2, 0.35)),
        memory=chance.choice((0.5, 0.8, 0.95)),
        noise=chance.choice((0.02, 0.05)),
        drift=chance.choice((-0.4, 0, 0.6)),
        events=chance.choice((0, 0.05)),
        holiday_factor=chance.choice((None, 0.4)),
    )
    first = date(2026, chance.randint(1, 12), 1)
    name = chance.choice(sorted(SHAPES))
    beats_both(judged(shape(name, seed, first, chance.choice((60, 90, 150)), wild)), 0.95, 1.3)


@pytest.mark.parametrize("cars", [0.0, 7.0, 120.0])
def test_what_never_changes_is_known_exactly(cars: float) -> None:
    report = judged(dict.fromkeys(range(BEGIN, BEGIN + 6 * 168), cars), 120)
    assert (report.all.forecast, report.all.inside) == (0, 1)


def test_two_weeks_are_enough_to_be_better() -> None:
    report = judged(shape("office", 5, AUTUMN, 14))
    assert report.held_out == 168
    beats_both(report)


def test_of_less_than_eight_days_nothing_is_judged() -> None:
    assert held_out_hours(8 * 24 - 1) == 0
    assert judged(shape("office", 5, AUTUMN, 7)).all.count == 0
    assert judged({}).all.count == 0


def test_missing_weeks_and_hours_do_not_spoil_it() -> None:
    chance = random.Random(3)
    whole = shape("office", 6, AUTUMN, 100)
    first = min(whole)
    kept = {hour: cars for hour, cars in whole.items() if not 30 < (hour - first) // 24 < 51 and chance.random() > 0.2}
    beats_both(judged(kept))


def test_a_closed_car_park_is_expected_empty_while_it_is_closed() -> None:
    whole = shape("office", 7, AUTUMN, 90)
    closed = {hour: 0.0 if (hour - min(whole)) // 24 >= 60 else cars for hour, cars in whole.items()}
    errors = judged(closed).all
    assert errors.forecast < 0.4 * errors.same_hour_last_week


def test_a_car_park_that_is_often_full_is_expected_full_and_never_more() -> None:
    """It fills up at night; the highest number that was seen again and again is its capacity."""
    report = judged(shape("residents", 10, AUTUMN, 90, Wild(capacity=60, drift=0.6)))
    beats_both(report)


def test_where_only_whole_numbers_were_seen_whole_numbers_are_expected() -> None:
    forecaster = Forecaster(Calendar(TIMEZONE, is_holiday, {}), 15)
    for hour, cars in shape("evening", 32, AUTUMN, 30, Wild(capacity=15)).items():
        forecaster.learn(hour, cars)
    assert all(one.cars == int(one.cars) for one in forecaster.forecast())


def test_no_value_that_came_later_changes_a_forecast() -> None:
    measured = shape("pool", 8, AUTUMN, 40)
    middle = min(measured) + 30 * 24
    calendar = Calendar(TIMEZONE, is_holiday, {})
    knows_less, knows_more = Forecaster(calendar), Forecaster(calendar)
    for hour in range(min(measured), middle):
        knows_less.learn(hour, measured[hour])
        knows_more.learn(hour, measured[hour])
    then = knows_more.forecast()
    for hour in range(middle, middle + 100):
        knows_more.learn(hour, 119)
    assert knows_less.forecast() == then != knows_more.forecast()


def test_a_holiday_is_expected_like_a_sunday() -> None:
    calendar = Calendar(TIMEZONE, lambda day: day == date(2026, 10, 27), {})
    forecaster = Forecaster(calendar)
    measured = shape("office", 9, AUTUMN, 60, Wild(shock=0.02, events=0))
    midnight = int(datetime(2026, 10, 27, tzinfo=TIMEZONE).timestamp()) // 3600
    for hour in range(min(measured), midnight):
        forecaster.learn(hour, measured[hour])
    assert max(one.cars for one in forecaster.forecast()) < 40 < measured[midnight + 11]  # an ordinary Tuesday


def test_days_of_one_kind_are_learned_from_days_of_that_kind() -> None:
    fairs = {date(2026, 9, 19), date(2026, 10, 10), date(2026, 10, 31)}
    measured = shape("shop", 10, AUTUMN, 60, Wild(shock=0.02, events=0))
    local = {hour: datetime.fromtimestamp(hour * 3600, TIMEZONE) for hour in measured}
    measured = {h: cars * (0.4 if local[h].date() in fairs else 1) for h, cars in measured.items()}
    last = int(datetime(2026, 10, 31, tzinfo=TIMEZONE).timestamp()) // 3600
    noon = {}
    for name, events in (("told", dict.fromkeys(fairs, "fair")), ("not told", {})):
        forecaster = Forecaster(Calendar(TIMEZONE, is_holiday, events))
        for hour in range(min(measured), last):
            forecaster.learn(hour, measured[hour])
        noon[name] = next(one.cars for one in forecaster.forecast() if one.hour == last + 12)
    assert abs(noon["told"] - measured[last + 12]) < abs(noon["not told"] - measured[last + 12]) / 2


def test_less_than_a_week_is_no_forecast() -> None:
    forecaster = Forecaster(Calendar(TIMEZONE, is_holiday, {}), 50)
    for hour in range(BEGIN, BEGIN + 167):
        forecaster.learn(hour, 10)
    assert forecaster.forecast() == []
    forecaster.learn(BEGIN + 167, 10)
    assert len(forecaster.forecast()) == rules.HORIZON


def test_a_week_with_few_measurements_is_no_forecast() -> None:
    forecaster = Forecaster(Calendar(TIMEZONE, is_holiday, {}), 50)
    for hour in range(BEGIN, BEGIN + 300):
        forecaster.learn(hour, 10 if hour % 3 == 0 else None)
    assert forecaster.forecast() == []


def test_hours_come_in_their_order() -> None:
    forecaster = Forecaster(Calendar(TIMEZONE, is_holiday, {}), 50)
    forecaster.learn(BEGIN, 10)
    with pytest.raises(ValueError, match="order"):
        forecaster.learn(BEGIN, 10)


CARS = st.one_of(st.none(), st.floats(0, 1e6), st.sampled_from([0.0, 40.0]))


@settings(max_examples=30, deadline=None)
@given(st.lists(CARS, min_size=24, max_size=24 * 7), st.integers(1, 40), st.integers(0, 400), st.integers(-200, 200))
def test_whatever_came_the_forecast_is_a_number_within_bounds_and_the_same_again(
    pattern: list[float | None], capacity: int, gap: int, shift: int
) -> None:
    def run() -> list[rules.Expected]:
        forecaster = Forecaster(Calendar(TIMEZONE, is_holiday, {}), capacity)
        hour = BEGIN + shift * 24
        for index in range(16 * 24):
            hour += 1 + (gap if index == 200 else 0)
            forecaster.learn(hour, pattern[index % len(pattern)])
        return forecaster.forecast()

    found = run()
    for one in found:
        assert all(math.isfinite(value) for value in (one.cars, one.low, one.high))
        assert 0 <= one.low <= one.cars <= one.high <= capacity
    assert run() == found


def test_eight_of_ten_hours_lie_in_their_band() -> None:
    for name in ("office", "pool"):
        assert 0.7 < judged(shape(name, 31, AUTUMN, 120), 120).all.inside < 0.92
