"""The authenticator app, recovery codes, raising a session."""

import pyotp
import pytest

from hub.account import api, rules
from hub.account.api import login, secrets, sessions
from hub.core.db import Database
from tests.hub.account.desk import NOW, PASSWORD, PHONE, RING, person, register

MAIL = "rosa@example.org"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(now: int) -> str:
    return pyotp.TOTP(SECRET).at(now // 1000)


def with_app(database: Database) -> int:
    rosa = register(database, MAIL)
    assert database.write(lambda s: secrets.set_app(s, RING, rosa, SECRET, code(NOW), NOW))
    return rosa


def second(database: Database, typed: str, now: int) -> api.Proof | None:
    proof = login.authenticate(database, MAIL, PASSWORD, PHONE, now)
    assert proof is not None
    assert proof.needs_code
    return login.check_second(database, RING, proof, typed, PHONE, now)


def test_the_app_is_switched_on_by_a_right_code_only(database: Database) -> None:
    rosa = register(database, MAIL)
    assert not database.write(lambda s: secrets.set_app(s, RING, rosa, SECRET, "000000", NOW))
    proof = login.authenticate(database, MAIL, PASSWORD, PHONE, NOW)
    assert proof is not None
    assert not proof.needs_code


def test_a_code_counts_once_and_no_older_one_after_it(database: Database) -> None:
    with_app(database)
    later = NOW + 60_000
    assert second(database, code(NOW), NOW + 1000) is None  # it switched the app on
    assert second(database, code(later), later) == api.Proof(1, frozenset({"pwd", "otp"}))
    assert second(database, code(later), later + 1000) is None
    assert second(database, code(later - 30_000), later + 1000) is None


def test_a_clock_that_is_half_a_minute_wrong_is_no_problem(database: Database) -> None:
    with_app(database)
    assert second(database, code(NOW + 90_000), NOW + 60_000) is not None
    assert second(database, code(NOW + 150_000), NOW + 180_000) is not None
    assert second(database, code(NOW + 240_000), NOW + 360_000) is None


def test_who_guesses_codes_must_wait_wherever_they_come_from(database: Database) -> None:
    rosa = with_app(database)
    proof = api.Proof(rosa, frozenset({"pwd"}), needs_code=True)
    for number in range(20):
        assert login.check_second(database, RING, proof, "000000", f"192.0.2.{number}", NOW) is None
    with pytest.raises(api.ThrottledError):
        login.check_second(database, RING, proof, code(NOW + 60_000), "198.51.100.1", NOW + 60_000)


def test_a_recovery_code_replaces_the_app_once(database: Database) -> None:
    rosa = with_app(database)
    made = database.write(lambda s: login.new_recovery_codes(s, RING, rosa, NOW))
    assert second(database, made[3].lower().replace("-", " "), NOW + 60_000) is not None
    assert second(database, made[3], NOW + 60_000) is None
    newer = database.write(lambda s: login.new_recovery_codes(s, RING, rosa, NOW))
    assert second(database, made[4], NOW + 60_000) is None
    assert second(database, newer[4], NOW + 60_000) is not None


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("kurz", "short"),
        ("x" * 257, "long"),
        ("passwordpassword", "guessable"),
        ("rosa.quelle1234!", "guessable"),
        ("aaaaaaaaaaaaaaaaaaa", "guessable"),
        ("qwertzuiopasdf", "guessable"),
    ],
)
def test_weak_passwords_are_refused_for_a_reason(password: str, problem: str) -> None:
    with pytest.raises(secrets.WeakPasswordError) as caught:
        secrets.hash_password(password, "rosa.quelle@example.org", None, ("Rosa Quelle",))
    assert caught.value.problem == problem


def test_a_stolen_password_is_known_by_its_prefix_file(tmp_path) -> None:
    # SHA-1 of the password, cut after five digits as in the range files
    (tmp_path / "3C6E8.txt").write_text("")
    import hashlib

    digest = hashlib.sha1(PASSWORD.encode()).hexdigest().upper()
    (tmp_path / digest[:5]).write_text(f"{'0' * 35}:3\n{digest[5:].lower()}:41\n")
    with pytest.raises(secrets.WeakPasswordError, match="breached"):
        secrets.hash_password(PASSWORD, MAIL, tmp_path)
    assert secrets.hash_password("andere zufällige wörter im turm", MAIL, tmp_path)


def test_a_session_gets_a_new_token_when_it_is_raised_and_is_fresh_again(database: Database) -> None:
    rosa = register(database, MAIL)
    proof = api.Proof(rosa, frozenset({"pwd"}))
    token = database.write(lambda s: sessions.open_session(s, proof, NOW))
    later = NOW + rules.FRESH_MS
    stale = sessions.session_person(database, token, later)
    assert stale is not None
    assert not stale.fresh
    upstream = api.Proof(rosa, frozenset({"fed"}), level=api.Level.HOCH)
    newer = database.write(lambda s: sessions.raise_session(s, token, upstream, later))
    assert sessions.session_person(database, token, later) is None
    raised = sessions.session_person(database, newer, later)
    assert raised is not None
    assert (raised.fresh, raised.level, raised.session_id) == (True, api.Level.HOCH, stale.session_id)
    calm = sessions.session_person(database, newer, later + rules.RAISED_MS - 1)
    assert calm is not None
    assert calm.level == api.Level.HOCH
    database.write(lambda s: sessions.raise_session(s, newer, proof, later))  # a weaker proof lowers nothing


def test_nobody_raises_the_session_of_somebody_else(database: Database) -> None:
    rosa, otto = register(database, MAIL), register(database, "otto@example.org")
    token = database.write(lambda s: sessions.open_session(s, api.Proof(rosa, frozenset({"pwd"})), NOW))
    with pytest.raises(ValueError, match="another person"):
        database.write(lambda s: sessions.raise_session(s, token, api.Proof(otto, frozenset({"pwd"})), NOW))


def test_one_ends_ones_own_sessions_only(database: Database) -> None:
    rosa, otto = person(database, register(database, MAIL)), person(database, register(database, "otto@example.org"))
    assert not database.write(lambda s: sessions.end_listed(s, otto, rosa.session_id, NOW))
    assert database.write(lambda s: sessions.end_listed(s, rosa, rosa.session_id, NOW))
