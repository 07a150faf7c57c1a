"""What one browser may know and keep: codes of the person before, half a log-in, forms, lines in the log."""

import logging
from pathlib import Path

import flask
import pyotp
import pytest
from sqlalchemy import func, select

from hub.account import api
from hub.account.store.codes import HeldRow
from hub.app import create_app
from hub.core.db import Base
from hub.settings import Settings
from tests.hub.account.authenticator import Authenticator
from tests.hub.account.desk import PASSWORD
from tests.hub.account.visitor import Visitor

ROSA, OTTO = "rosa@example.org", "otto@example.org"
INJECTED = "http://x\nERROR hub.core: somebody made this up"


def test_the_next_person_at_the_browser_does_not_see_the_recovery_codes(house: flask.Flask) -> None:
    Visitor(house).register(OTTO)
    browser = Visitor(house).register(ROSA)
    kept = browser.client.get_cookie("sk_codes", path="/konto")
    assert kept is not None
    browser.post("/abmelden")
    assert browser.client.get_cookie("sk_codes", path="/konto") is None
    browser.client.set_cookie("sk_codes", kept.value, path="/konto")
    browser.log_in(OTTO)
    answer = browser.get("/konto/willkommen")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/konto/sicherheit")


def test_the_owner_sees_the_recovery_codes_once(house: flask.Flask) -> None:
    browser = Visitor(house).register(ROSA)
    assert "Ihre Notfallcodes" in browser.get("/konto/willkommen").text
    assert browser.get("/konto/willkommen").status_code == 303


def half_logged_in(house: flask.Flask) -> tuple[Visitor, Visitor, str]:
    """(owner, a thief who knows the old password and got to the second page, the app's secret)."""
    owner = Visitor(house).register(ROSA)
    secret = owner.set_app()
    thief = Visitor(house, "198.51.100.66")
    thief.log_in(ROSA)
    return owner, thief, pyotp.TOTP(secret).now()


def test_half_a_log_in_ends_with_the_password_that_began_it(house: flask.Flask) -> None:
    owner, thief, code = half_logged_in(house)
    answer = owner.post("/konto/sicherheit/passwort", password="ganz neue wörter hinter dem berg")
    assert answer.status_code == 303
    answer = thief.post("/anmelden/code", ticket=thief.hidden("ticket"), code=code)
    assert answer.status_code == 401
    assert thief.client.get_cookie("sk_session") is None


def test_half_a_log_in_goes_on_in_the_browser_that_began_it_alone(house: flask.Flask) -> None:
    _owner, thief, code = half_logged_in(house)
    ticket, other = thief.hidden("ticket"), Visitor(house)
    assert other.post("/anmelden/code", ticket=ticket, code=code).status_code == 401
    assert thief.post("/anmelden/code", ticket=ticket, code=code).status_code == 303


@pytest.mark.parametrize("method", ["head", "options", "get", "put"])
def test_only_a_form_that_was_sent_is_kept(house: flask.Flask, method: str) -> None:
    visitor = Visitor(house)
    answer = getattr(visitor.client, method)("/konto/sicherheit?x=1")
    if method in ("get", "head"):
        assert answer.headers["Location"] == "/anmelden?next=%2Fkonto%2Fsicherheit%3Fx%3D1"
    if method == "options":
        assert (answer.status_code, "GET" in answer.headers["Allow"]) == (200, True)
    with visitor.database.read() as session:
        assert session.scalar(select(func.count()).select_from(HeldRow)) == 0


def test_a_form_of_a_page_signs_nothing_that_the_account_believes(house: flask.Flask) -> None:
    seed = '"account\\000recovery\\0001\\000AAAAA00000"'
    client = house.test_client(use_cookies=False)
    page = client.get("/anmelden", headers={"Cookie": f"sk_form={seed}"}).text
    field = page.split('name="csrf" value="')[1].split('"')[0]
    ring = api.Keyring(house.secret_key)
    assert field != ring.digest("recovery", "1", "AAAAA00000")


def test_behind_tls_no_other_host_can_plant_the_forms_cookie(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, public_url="https://konto.example.org")
    app = create_app(settings)
    Base.metadata.create_all(app.extensions["database"].engine)
    client = app.test_client()
    cookies = client.get("/anmelden", base_url="https://konto.example.org").headers.getlist("Set-Cookie")
    mine = [one for one in cookies if one.startswith("__Host-sk_form=")]
    assert len(mine) == 1
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in mine[0].split(";")}
    app.extensions["database"].close()


@pytest.mark.parametrize("signed_in", [True, False])
def test_no_browser_writes_its_own_lines_into_the_log(
    house: flask.Flask, caplog: pytest.LogCaptureFixture, signed_in: bool
) -> None:
    device, visitor = Authenticator(), Visitor(house)
    visitor.register(ROSA, PASSWORD)
    visitor.add_passkey(device)
    device.origin = INJECTED + "x" * 5000
    with caplog.at_level(logging.INFO):
        if signed_in:
            assert visitor.add_passkey(device).status_code == 422
        else:
            assert Visitor(house).log_in_by_passkey(device).status_code == 401
    messages = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert messages
    assert all("\n" not in one and len(one) < 400 for one in messages)
