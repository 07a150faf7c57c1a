"""Admins, log-in, sessions on a real database."""

import pytest
from sqlalchemy import text

from hub.account import api, rules
from hub.core.db import Database

NOW = 1_800_000_000_000
PHONE = "192.0.2.7"


def log_in(database: Database, name: str, password: str, now: int = NOW) -> api.Proof:
    proof = api.login.authenticate(database, name, password, PHONE, now)
    assert proof is not None
    return proof


def open_session(database: Database, proof: api.Proof, now: int = NOW, old: str = "") -> str:
    return database.write(lambda session: api.sessions.open_session(session, proof, now, old_token=old))


def person_of(database: Database, token: str, now: int = NOW) -> api.Person | None:
    return api.sessions.session_person(database, token, now)


def test_a_made_up_password_logs_in_and_is_stored_as_argon2id(database: Database) -> None:
    password = api.create_admin(database, "Leitstelle")
    assert len(password) >= 20
    person = person_of(database, open_session(database, log_in(database, " leitstelle ", password)))
    assert person is not None
    assert person.roles == {"admin"}
    with database.read() as session:
        stored = session.execute(text("SELECT password_hash FROM account_person")).scalar_one()
    assert stored.startswith("$argon2id$")
    assert password not in stored


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(database: Database) -> None:
    api.create_admin(database, "leitstelle")
    assert api.login.authenticate(database, "leitstelle", "wrong", PHONE, NOW) is None
    assert api.login.authenticate(database, "nobody", "wrong", PHONE, NOW) is None
    assert api.login.authenticate(database, "", "", PHONE, NOW) is None


def test_a_second_admin_of_the_same_name_is_refused(database: Database) -> None:
    api.create_admin(database, "leitstelle")
    with pytest.raises(ValueError, match="admin reset leitstelle"):
        api.create_admin(database, "LEITSTELLE")


def test_a_weak_password_or_a_strange_name_makes_no_admin(database: Database) -> None:
    with pytest.raises(ValueError, match="12 characters"):
        api.create_admin(database, "leitstelle", "short")
    with pytest.raises(ValueError, match="a name has"):
        api.create_admin(database, "a b")


def test_a_session_is_found_by_its_token_until_log_out(database: Database) -> None:
    person = log_in(database, "leitstelle", api.create_admin(database, "leitstelle"))
    token = open_session(database, person, NOW)
    found = person_of(database, token, NOW + 1)
    assert found is not None
    assert found.id == person.person_id
    database.write(lambda session: api.sessions.end_session(session, token, NOW))
    assert person_of(database, token, NOW + 2) is None
    assert person_of(database, "", NOW) is None


def test_a_stolen_database_opens_no_session(database: Database) -> None:
    person = log_in(database, "leitstelle", api.create_admin(database, "leitstelle"))
    token = open_session(database, person, NOW)
    with database.read() as session:
        stored = session.execute(text("SELECT token_hash FROM account_session")).scalar_one()
    assert token not in stored
    assert person_of(database, stored, NOW) is None


def test_logging_in_again_ends_the_browsers_old_session(database: Database) -> None:
    person = log_in(database, "leitstelle", api.create_admin(database, "leitstelle"))
    old = open_session(database, person, NOW)
    new = open_session(database, person, NOW, old)
    assert old != new
    assert person_of(database, old, NOW) is None
    assert person_of(database, new, NOW) is not None


def test_a_used_session_lives_on_and_a_forgotten_one_ends(database: Database) -> None:
    person = log_in(database, "leitstelle", api.create_admin(database, "leitstelle"))
    token, hour = open_session(database, person, NOW), 60 * rules.MINUTE
    assert person_of(database, token, NOW + hour) is not None
    assert person_of(database, token, NOW + 2 * hour + rules.MINUTE) is not None
    assert person_of(database, token, NOW + 5 * hour) is None


def test_a_closed_account_neither_logs_in_nor_keeps_its_sessions(database: Database) -> None:
    password = api.create_admin(database, "leitstelle")
    token = open_session(database, log_in(database, "leitstelle", password), NOW)
    api.disable(database, "leitstelle")
    assert person_of(database, token, NOW) is None
    assert api.login.authenticate(database, "leitstelle", password, PHONE, NOW) is None


def test_a_reset_gives_a_new_password_and_ends_every_session(database: Database) -> None:
    old = api.create_admin(database, "leitstelle")
    token = open_session(database, log_in(database, "leitstelle", old), NOW)
    new = api.reset_admin(database, "leitstelle", "salz wasser rosen turm")
    assert person_of(database, token, NOW) is None
    assert api.login.authenticate(database, "leitstelle", old, PHONE, NOW) is None
    log_in(database, "leitstelle", new)
    with pytest.raises(ValueError, match="nobody named"):
        api.reset_admin(database, "stranger")


def test_after_five_wrong_passwords_even_the_right_one_must_wait(database: Database) -> None:
    password = api.create_admin(database, "leitstelle")
    for _ in range(5):
        assert api.login.authenticate(database, "leitstelle", "wrong", PHONE, NOW) is None
    with pytest.raises(api.ThrottledError) as caught:
        api.login.authenticate(database, "leitstelle", password, PHONE, NOW + 1000)
    assert caught.value.seconds == 15 * 60 - 1
    assert api.login.authenticate(database, "leitstelle", password, "198.51.100.1", NOW + 1000) is not None
    log_in(database, "leitstelle", password, NOW + 15 * rules.MINUTE)


def test_one_address_cannot_try_many_names(database: Database) -> None:
    for number in range(20):
        assert api.login.authenticate(database, f"name{number}", "wrong", PHONE, NOW) is None
    with pytest.raises(api.ThrottledError):
        api.login.authenticate(database, "another", "wrong", PHONE, NOW)


def test_success_forgives_the_earlier_slips(database: Database) -> None:
    password = api.create_admin(database, "leitstelle")
    for _ in range(3):
        for _ in range(4):
            api.login.authenticate(database, "leitstelle", "wrong", PHONE, NOW)
        log_in(database, "leitstelle", password)
