"""What is current, and what "open" means."""

from datetime import UTC, date, datetime, timedelta

from hub.bulletin.rules import Opening, Span, is_coming, is_fresh, is_shown, opening

MORNING = Span(datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 12, tzinfo=UTC))
EVENING = Span(datetime(2026, 11, 24, 14, tzinfo=UTC), datetime(2026, 11, 24, 18, tzinfo=UTC))
TODAY = date(2026, 11, 24)


def at(hour: int) -> Opening:
    return opening([MORNING, EVENING], datetime(2026, 11, 24, hour, tzinfo=UTC))


def test_inside_an_interval_it_is_open_until_its_end() -> None:
    assert at(8) == Opening(True, MORNING.end, None)


def test_at_the_end_of_an_interval_it_is_closed() -> None:
    assert at(12) == Opening(False, None, EVENING.start)


def test_after_the_last_interval_nothing_is_promised() -> None:
    assert at(18) == Opening(False, None, None)


def test_an_event_is_shown_until_its_last_day_is_over() -> None:
    assert is_coming(TODAY - timedelta(3), TODAY, TODAY)
    assert not is_coming(TODAY - timedelta(3), TODAY - timedelta(1), TODAY)
    assert not is_coming(TODAY - timedelta(1), None, TODAY)


def test_a_warning_is_shown_on_its_days_alone() -> None:
    assert is_shown(TODAY, TODAY, TODAY)
    assert not is_shown(TODAY + timedelta(1), None, TODAY)
    assert not is_shown(None, TODAY - timedelta(1), TODAY)


def test_news_of_tomorrow_wait() -> None:
    assert is_fresh(TODAY, TODAY)
    assert not is_fresh(TODAY + timedelta(1), TODAY)
