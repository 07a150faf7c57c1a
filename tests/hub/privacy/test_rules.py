"""Unused accounts end after a warning; exported values can be read."""

from hypothesis import given
from hypothesis import strategies as st

from hub.account.rules import UNUSED_DAYS, WARNING_DAYS, Standing, standing
from hub.privacy import rules

DAY = 86_400_000
NOW = 1_800_000_000_000


def test_an_account_that_was_used_within_two_years_stays() -> None:
    assert standing(NOW - 729 * DAY, 0, NOW) == Standing.USED


def test_after_two_years_its_owner_is_warned_and_has_thirty_days() -> None:
    seen = NOW - UNUSED_DAYS * DAY
    assert standing(seen, 0, NOW) == Standing.WARN
    assert standing(seen, NOW, NOW + 29 * DAY) == Standing.WAITING
    assert standing(seen, NOW, NOW + WARNING_DAYS * DAY) == Standing.OVER


def test_a_warning_of_before_the_last_log_in_does_not_count() -> None:
    seen = NOW - 900 * DAY
    assert standing(seen, seen - 5 * DAY, NOW) == Standing.WARN


@given(st.integers(0, NOW), st.integers(0, NOW), st.integers(0, 2 * NOW))
def test_nothing_is_deleted_without_a_warning_thirty_days_ago(seen: int, warned: int, now: int) -> None:
    if standing(seen, warned, now) == Standing.OVER:
        assert warned > seen
        assert now - warned >= WARNING_DAYS * DAY
        assert now - seen >= UNUSED_DAYS * DAY


def test_moments_become_iso_8601_and_never_becomes_null() -> None:
    facts = {"at": 0, "created_at": 1000, "until": 2000, "rows": [{"seen_at": 0, "count": 7}], "has_app": True}
    assert rules.readable("", facts) == {
        "at": None,
        "created_at": "1970-01-01T00:00:01+00:00",
        "until": "1970-01-01T00:00:02+00:00",
        "rows": [{"seen_at": None, "count": 7}],
        "has_app": True,
    }
