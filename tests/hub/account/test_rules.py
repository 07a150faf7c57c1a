"""Passwords, sessions, guessing, redirects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.account import rules

NOW = 1_800_000_000_000


@pytest.mark.parametrize("password", ["short-one", "aaaaaaaaaaaaaaa", "my-kurverwaltung-1", "x" * 300, "abababababab"])
def test_weak_passwords_are_refused_with_a_sentence(password: str) -> None:
    assert rules.password_problem(password, "kurverwaltung") is not None


def test_a_long_password_without_digits_is_good_enough() -> None:
    assert rules.password_problem("salz wasser rosen turm", "kurverwaltung") is None
    assert rules.password_problem("salz wasser rosen turm", "al@example.org") is None, "two letters stand anywhere"
    assert rules.password_problem("salz wasser rosen turm", "wasser@example.org") is not None


@pytest.mark.parametrize("name", ["", "a", "Admin", "a b", "../etc", "x" * 41, "-x", "ä" * 5])
def test_names_are_short_and_plain(name: str) -> None:
    assert rules.name_problem(name) is not None


def test_a_session_ends_after_twelve_hours_even_when_it_is_used() -> None:
    session = rules.Session(NOW, NOW + rules.SESSION_MS, NOW + rules.SESSION_MS - 1)
    assert rules.is_alive(session, NOW + rules.SESSION_MS - 1)
    assert not rules.is_alive(session, NOW + rules.SESSION_MS)


def test_a_session_ends_after_a_long_pause() -> None:
    session = rules.new_session(NOW)
    assert rules.is_alive(session, NOW + rules.IDLE_MS - 1)
    assert not rules.is_alive(session, NOW + rules.IDLE_MS)


def test_a_session_from_the_future_is_not_believed() -> None:
    assert not rules.is_alive(rules.new_session(NOW), NOW - 2 * rules.MINUTE)


def test_the_fifth_failure_makes_one_wait_until_the_first_is_old() -> None:
    failures = tuple(NOW + n for n in range(5))
    limit = rules.NAME_AND_ADDRESS
    assert rules.wait_ms(failures[:4], NOW + 10, limit) == 0
    assert rules.wait_ms(failures, NOW + 10, limit) == limit.window_ms - 10
    assert rules.wait_ms(failures, NOW + limit.window_ms, limit) == 0


@given(st.lists(st.integers(0, 10**6)).map(tuple), st.integers(0, 10**7))
def test_after_the_advised_wait_one_try_is_free(failures: tuple[int, ...], now: int) -> None:
    limit = rules.Limit(failures=3, window_ms=1000)
    past = tuple(at for at in failures if at <= now)
    assert rules.wait_ms(past, now + rules.wait_ms(past, now, limit), limit) == 0


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "admin",
        "/\t/evil",
    ],
)
def test_after_log_in_nobody_is_sent_elsewhere(target: str) -> None:
    assert rules.safe_target(target) == "/"


def test_after_log_in_one_goes_where_one_wanted() -> None:
    assert rules.safe_target("/admin?lang=en") == "/admin?lang=en"


def test_a_code_for_a_new_password_sets_a_password_only() -> None:
    allowed = {(purpose, key) for purpose in ("register", "reset", "recover", "x") for key in ("passkey", "password")}
    allowed = {one for one in allowed if rules.may_set(*one)}
    assert allowed == {
        ("register", "passkey"),
        ("register", "password"),
        ("reset", "password"),
        ("recover", "passkey"),
        ("recover", "password"),
    }


def test_two_factors_make_an_identified_person_sure_only_when_the_second_is_trusted() -> None:
    both = frozenset({"pwd", "otp"})
    assert rules.level_of_login(both, NOW + 1, NOW, trusted=True) == rules.Level.SUBSTANTIELL
    assert rules.level_of_login(both, NOW + 1, NOW, trusted=False) == rules.Level.BASIS
    assert rules.level_of_login(both, NOW, NOW, trusted=True) == rules.Level.BASIS
    assert rules.level_of_login(frozenset({"pwd"}), NOW + 1, NOW, trusted=True) == rules.Level.BASIS
    assert [rules.is_trusted(level) for level in rules.Level] == [False, True, True]
