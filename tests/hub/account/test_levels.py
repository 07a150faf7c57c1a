"""Nobody becomes surer than what they proved, through the web."""

import re

import flask
import pyotp
import pytest

from hub.account import api
from hub.account.api import staff
from hub.account.rules import Level
from hub.account.store import people
from hub.core.clock import now_ms
from tests.hub.account.authenticator import Authenticator
from tests.hub.account.visitor import Visitor

ROSA, CLERK, BOSS = "rosa@example.org", "amt@example.org", "chefin@example.org"
CODE = r"[0-9A-Z]{5}-[0-9A-Z]{5}"


def number(app: flask.Flask, mail: str) -> int:
    with app.extensions["database"].read() as session:
        found = api.find_by_name(session, mail)
    assert found is not None
    return found.id


def identify(app: flask.Flask, mail: str) -> None:
    """The citizens' office saw a document."""
    clerk, rosa = api.Person(0, CLERK, frozenset({"clerk"})), number(app, mail)
    app.extensions["database"].write(lambda session: staff.identify(session, clerk, rosa, "Rosa Quelle", now_ms()))


def level(visitor: Visitor) -> Level:
    """Of the browser's session."""
    cookie = visitor.client.get_cookie("sk_session")
    assert cookie is not None
    found = api.sessions.session_person(visitor.database, cookie.value, now_ms())
    assert found is not None
    return found.level


def log_in_with_app(visitor: Visitor, mail: str, code: str) -> None:
    visitor.log_in(mail)
    assert visitor.post("/anmelden/code", ticket=visitor.hidden("ticket"), code=code).status_code == 303


def test_a_password_thief_does_not_become_as_sure_as_the_person_by_an_own_app(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    identify(house, ROSA)
    thief = Visitor(house, "198.51.100.66")
    thief.log_in(ROSA)
    assert level(thief) == Level.BASIS
    secret = thief.set_app()
    assert "Ihre App zählt noch nicht" in thief.get("/konto/sicherheit").text
    thief.post("/abmelden")
    log_in_with_app(thief, ROSA, pyotp.TOTP(secret).now())
    assert level(thief) == Level.BASIS


def test_nor_by_an_own_passkey_nor_by_codes_that_they_made(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    identify(house, ROSA)
    thief, device = Visitor(house, "198.51.100.66"), Authenticator()
    thief.log_in(ROSA)
    assert thief.add_passkey(device).status_code == 303
    assert "Zählt noch nicht" in thief.get("/konto/sicherheit").text
    thief.post("/konto/sicherheit/codes")
    codes = [one.replace("-", "") for one in re.findall(CODE, thief.page)]
    thief.set_app()
    thief.post("/abmelden")
    thief.log_in_by_passkey(device)
    assert level(thief) == Level.BASIS
    thief.post("/abmelden")
    log_in_with_app(thief, ROSA, codes[0])
    assert level(thief) == Level.BASIS


def test_keys_from_before_the_counter_and_keys_added_with_them_count(house: flask.Flask) -> None:
    owner, old, new = Visitor(house).register(ROSA), Authenticator(), Authenticator()
    owner.add_passkey(old)
    identify(house, ROSA)
    owner.post("/abmelden")
    owner.log_in_by_passkey(old)
    assert level(owner) == Level.SUBSTANTIELL
    owner.add_passkey(new)
    secret = owner.set_app()
    assert "zählt noch nicht" not in owner.get("/konto/sicherheit").text.lower()
    other = Visitor(house)
    other.log_in_by_passkey(new)
    assert level(other) == Level.SUBSTANTIELL
    log_in_with_app(Visitor(house), ROSA, pyotp.TOTP(secret).now())


def test_after_a_second_visit_at_the_counter_a_new_key_counts(house: flask.Flask) -> None:
    owner, device = Visitor(house).register(ROSA), Authenticator()
    identify(house, ROSA)
    owner.add_passkey(device)
    identify(house, ROSA)
    owner.post("/abmelden")
    owner.log_in_by_passkey(device)
    assert level(owner) == Level.SUBSTANTIELL


def test_a_passkey_of_a_recovery_in_person_counts(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    identify(house, ROSA)
    rosa, ring, clerk = number(house, ROSA), api.Keyring(house.secret_key), api.Person(0, CLERK, frozenset())
    code = house.extensions["database"].write(lambda s: staff.recover(s, ring, clerk, rosa, now_ms()))
    owner, device = Visitor(house), Authenticator()
    owner.post("/anmelden/wiederherstellen", mail=ROSA, code=code)
    ticket, options = owner.question("create")
    fields = {"granted": owner.hidden("granted"), "ticket": ticket, "handle": owner.hidden("handle")}
    assert owner.post("/konto/neu/passkey", **fields, answer=device.create(options)).status_code == 303
    assert level(owner) == Level.SUBSTANTIELL


@pytest.mark.parametrize("door", ["/admin", "/admin/rollen", "/admin/protokoll", "/buergerbuero/konten"])
def test_a_role_for_one_place_opens_no_door_of_the_whole_town(house: flask.Flask, door: str) -> None:
    visitor = Visitor(house).register(ROSA)
    rosa = number(house, ROSA)
    for role in ("admin", "clerk"):
        house.extensions["database"].write(lambda s, role=role: people.add_role(s, rosa, role, "kita-sonne"))
    assert visitor.get(door).status_code in (403, 404)
    assert visitor.get("/konto").text.count('href="/admin"') == 0
    visitor.post("/admin/rollen", name=ROSA, role="admin", scope="")
    with house.extensions["database"].read() as session:
        assert people.roles_of(session, rosa) == {("admin", "kita-sonne"), ("clerk", "kita-sonne")}


def test_an_admin_of_one_place_does_not_stand_in_for_the_last_admin(house: flask.Flask) -> None:
    Visitor(house).register(ROSA)
    Visitor(house).register(BOSS)
    database, rosa, boss = house.extensions["database"], number(house, ROSA), number(house, BOSS)
    database.write(lambda s: people.add_role(s, rosa, "admin", "kita-sonne"))
    database.write(lambda s: people.add_role(s, boss, "admin"))
    with database.read() as session:
        assert [one.kind for one in api.personal.obstacles(session, boss, now_ms())] == ["last_admin"]
        assert api.personal.obstacles(session, rosa, now_ms()) == []
