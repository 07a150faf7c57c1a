"""Log-in and step-up with BundID, through a real OpenID provider (oidc-provider-mock) in its own process."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import flask
import pytest

from hub.account import api, rules
from hub.account.rules import Level
from hub.account.store import people
from hub.core.clock import now_ms
from tests.hub.account import brokers
from tests.hub.account.brokers import Traveller, fields, linked, path
from tests.hub.account.desk import RING, register
from tests.hub.web.conftest import form_token

pytestmark = pytest.mark.process

STEP_UP = "/anmelden/bestaetigen"
OWN_WAY = 'autocomplete="current-password"'


@pytest.mark.parametrize(
    ("who", "level"),
    [
        ("basis", Level.BASIS),
        ("erika", Level.SUBSTANTIELL),
        ("kurz", Level.SUBSTANTIELL),
        ("eidas", Level.SUBSTANTIELL),
        ("hoch", Level.HOCH),
        ("fremd", Level.BASIS),
    ],
)
def test_a_log_in_has_the_level_that_the_broker_vouches_for(
    traveller: Traveller, rosa: int, issuer: str, who: str, level: Level
) -> None:
    linked(traveller.database, rosa, issuer, who, Level.BASIS)
    answer = traveller.trip(who, "/konto/familie")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/konto/familie")
    person = traveller.person()
    assert person is not None
    assert (person.id, person.level, person.fresh) == (rosa, level, True)


def test_the_request_asks_for_code_pkce_level_and_a_log_in_of_now(traveller: Traveller) -> None:
    asked = {name: found[0] for name, found in parse_qs(urlsplit(traveller.set_out("/konto", 3)).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[\w-]{43}", asked["code_challenge"])
    assert asked["acr_values"] == "STORK-QAA-Level-4"
    assert asked["prompt"] == "login"
    assert asked["scope"] == "openid profile"
    assert len(asked["nonce"]) >= 30
    assert "konto" not in asked["state"]
    again = parse_qs(urlsplit(traveller.set_out("/konto", 3)).query)
    assert all(again[name][0] != asked[name] for name in ("state", "nonce", "code_challenge"))


def test_setting_out_writes_nothing(traveller: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a GET from another site must change nothing")

    monkeypatch.setattr(traveller.database, "write", refuse)
    traveller.set_out()


def test_the_level_is_on_the_session_and_falls_back_after_two_hours(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    linked(traveller.database, rosa, issuer, "hoch", Level.HOCH)
    traveller.trip("hoch")
    cookie = traveller.client.get_cookie("sk_session")
    assert cookie is not None
    seen = []
    for minutes in (0, 60, 119, 121):  # used all the time, so that it does not end
        person = api.sessions.session_person(traveller.database, cookie.value, now_ms() + minutes * rules.MINUTE)
        seen.append(person.level if person is not None else None)
    assert seen == [Level.HOCH, Level.HOCH, Level.HOCH, Level.BASIS]
    other = Traveller(traveller.client.application.test_client(), issuer, traveller.database)
    other.log_in(rosa)
    person = other.person()
    assert person is not None
    assert person.level == Level.BASIS


def test_step_up_with_the_own_identity_raises_the_session_and_returns(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    traveller.log_in(rosa, now=now_ms() - rules.HOUR)
    old = traveller.client.get_cookie("sk_session")
    page = traveller.client.get(f"{STEP_UP}?next=/konto/firmen&level=2")
    assert "Mit BundID bestätigen" in page.text
    answer = traveller.trip("erika", "/konto/firmen", 2)
    assert answer.headers["Location"] == "/konto/firmen"
    person, new = traveller.person(), traveller.client.get_cookie("sk_session")
    assert person is not None
    assert (person.level, person.fresh) == (Level.SUBSTANTIELL, True)
    assert old is not None
    assert new is not None
    assert old.value != new.value
    assert api.sessions.session_person(traveller.database, old.value, now_ms()) is None


def test_step_up_keeps_the_form_that_waits(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    traveller.log_in(rosa, now=now_ms() - rules.HOUR)
    token = form_token(traveller.client, "/konto/sicherheit")
    data = {"csrf": token, "password": "fünf rosen am stillen wasser"}
    asked = traveller.client.post("/konto/sicherheit/passwort", data=data)
    target = parse_qs(urlsplit(asked.headers["Location"]).query)["next"][0]
    back = traveller.trip("erika", target)
    assert back.headers["Location"] == target
    kept = fields(traveller.client.get(target).text, "/konto/sicherheit/passwort")
    assert kept["password"] == data["password"]
    assert "passwort-neu" in traveller.client.post("/konto/sicherheit/passwort", data=kept).headers["Location"]


def test_log_in_keeps_the_form_of_who_was_not_logged_in(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    token = form_token(traveller.client, "/anmelden")
    asked = traveller.client.post("/konto/firmen", data={"csrf": token, "name": "Rosen & Söhne"})
    target = parse_qs(urlsplit(asked.headers["Location"]).query)["next"][0]
    assert traveller.trip("erika", target).headers["Location"] == target
    assert fields(traveller.client.get(target).text, "/konto/firmen")["name"] == "Rosen &amp; Söhne".replace(
        "&amp;", "&"
    )


def test_a_weaker_proof_than_needed_is_said_and_not_asked_in_circles(
    traveller: Traveller, rosa: int, issuer: str
) -> None:
    linked(traveller.database, rosa, issuer, "basis", Level.BASIS)
    traveller.log_in(rosa)
    answer = traveller.trip("basis", "/konto/firmen", 2)
    assert path(answer) == STEP_UP
    page = traveller.client.get(answer.headers["Location"])
    assert "reicht hier aber noch nicht" in page.text
    assert "level=2" in page.text


def test_two_windows_may_be_on_their_way_at_once(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    first, second = traveller.set_out("/konto/familie"), traveller.set_out("/konto/firmen")
    assert traveller.client.get(traveller.at_the_broker(second, "erika")).headers["Location"] == "/konto/firmen"
    assert traveller.person() is not None
    traveller.log_out()
    assert traveller.client.get(traveller.at_the_broker(first, "erika")).headers["Location"] == "/konto/familie"


def test_a_surer_log_in_at_the_broker_needs_no_app(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    sealed = RING.sealer("otp").seal("JBSWY3DP")
    traveller.database.write(lambda s: people.change_person(s, rosa, otp_secret=sealed))
    assert traveller.trip("erika").headers["Location"] == "/konto"
    assert traveller.person() is not None


def test_without_an_issuer_there_is_no_button_and_no_route(tmp_path: Path) -> None:
    with brokers.hub(tmp_path, "") as app:
        rosa = register(app.extensions["database"], "rosa@example.org", now=now_ms())
        visitor = Traveller(app.test_client(), "", app.extensions["database"])
        unknown = visitor.client.get("/gibt-es-nicht")
        for route in ("", "/zurueck", "/neu", "/verbinden"):
            answer = visitor.client.get(f"/anmelden/bundid{route}")
            assert (answer.status_code, "Diese Seite gibt es nicht" in answer.text) == (404, True)
            assert answer.status_code == unknown.status_code
        assert "BundID" not in visitor.client.get("/anmelden").text
        visitor.log_in(rosa)
        for page in ("/konto", "/konto/sicherheit", f"{STEP_UP}?level=2"):
            assert "BundID" not in visitor.client.get(page).text


def test_every_route_stands_in_the_access_table(bundid_app: flask.Flask) -> None:
    from hub.doors import ACCESS, UPSTREAM_ACCESS

    assert set(bundid_app.view_functions) == set(ACCESS | UPSTREAM_ACCESS)


def test_behind_tls_the_browser_guards_the_cookies_names(tmp_path: Path, issuer: str) -> None:
    with brokers.hub(tmp_path, issuer) as app:
        changed = app.extensions["settings"].model_copy(update={"public_url": "https://pass.example"})
        app.extensions["settings"] = changed
        answer = app.test_client().get("/anmelden/bundid")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-sk_broker=")
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
        assert "pass.example%2Fanmelden%2Fbundid%2Fzurueck" in answer.headers["Location"]


def test_a_long_way_to_a_connected_service_fits_into_the_trip(traveller: Traveller, rosa: int, issuer: str) -> None:
    linked(traveller.database, rosa, issuer, "erika", Level.BASIS)
    target = "/oauth/authorize?client_id=pool&state=" + "x" * 1500
    address = traveller.set_out(target)
    assert len(address) < 4000  # Keycloak's limit for a request's first line is 4096
    assert traveller.client.get(traveller.at_the_broker(address, "erika")).headers["Location"] == target


@pytest.mark.parametrize(("level", "own_ways"), [(1, True), (2, False), (3, False)])
def test_the_page_offers_only_ways_that_reach_the_level(
    traveller: Traveller, rosa: int, level: int, own_ways: bool
) -> None:
    traveller.log_in(rosa)
    page = traveller.client.get(f"{STEP_UP}?level={level}").text
    assert (OWN_WAY in page) == own_ways
    assert ("Mit BundID bestätigen" in page) == (level > 1)
    if level > 1:
        assert ("Bürgerbüro" in page) == (level == 2)


def test_after_the_identity_document_was_seen_the_own_ways_reach_substantiell(traveller: Traveller, rosa: int) -> None:
    until = now_ms() + rules.HOUR
    traveller.database.write(lambda session: people.change_person(session, rosa, identified_until=until))
    traveller.log_in(rosa, ("pwd",))
    page = traveller.client.get(f"{STEP_UP}?level=2").text
    assert OWN_WAY in page
    assert OWN_WAY not in traveller.client.get(f"{STEP_UP}?level=3").text
