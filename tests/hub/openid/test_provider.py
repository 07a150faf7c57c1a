"""The provider from the outside: every flow, and every way to use it wrongly, over HTTP."""

import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import flask
import pytest
from flask.testing import FlaskClient

from hub import setup
from hub.app import create_app
from hub.core import clock
from hub.core.db import Database
from hub.openid.web import ground
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import register
from tests.hub.openid.service import CALLBACK, LOGGED_OUT, Service, connect, form_token, log_in, sent

MAIL = "rosa@example.org"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[flask.Flask]:
    settings = Settings(state_dir=Path(tmp_path_factory.mktemp("hub")), public_url="http://localhost:8080")
    ready.migrate(settings)
    setup.seed(settings)
    made = create_app(settings)
    database = made.extensions["database"]
    for mail in (MAIL, "otto@example.org"):
        register(database, mail, password=None, now=clock.now_ms())
    yield made
    database.close()


@pytest.fixture
def database(app: flask.Flask) -> Database:
    found: Database = app.extensions["database"]
    return found


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def pool(database: Database, client: FlaskClient) -> Service:
    """A connected service; Rosa is logged in."""
    log_in(database, client, MAIL)
    return connect(database, client)


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The provider's clock, that many seconds from now."""
    moment = clock.now_ms() + int(seconds * 1000)
    monkeypatch.setattr(ground, "now", lambda: moment)


def test_discovery_says_what_the_provider_does(client: FlaskClient) -> None:
    found = client.get("/.well-known/openid-configuration").json
    assert found["issuer"] == "http://localhost:8080"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["id_token_signing_alg_values_supported"] == ["ES256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    (key,) = client.get("/oauth/jwks").json["keys"]
    assert {"kty", "crv", "x", "y", "kid", "use", "alg"} == set(key)


def test_the_whole_flow_ends_in_claims_for_this_service_alone(pool: Service, database: Database) -> None:
    page = pool.authorize()
    assert "Anmelden bei Thermalbad?" in page.text
    assert "form-action 'self' https://pool.example" in page.headers["Content-Security-Policy"]
    received = sent(pool.agree(page))
    assert (received["state"], received["iss"]) == ("st", "http://localhost:8080")
    answer = pool.exchange(received["code"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    claims = pool.claims(answer.json["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == ("http://localhost:8080", pool.facts.client_id, "no")
    assert claims["acr"] == "http://eidas.europa.eu/LoA/low"
    assert claims["amr"] == ["swk", "user"]
    assert claims["exp"] > claims["iat"] >= claims["auth_time"]
    assert (claims["email"], claims["email_verified"]) == (MAIL, True)
    info = pool.userinfo(answer.json["access_token"]).json
    assert info["sub"] == claims["sub"]
    other = connect(database, pool.client, "Bücherei")
    second = other.claims(other.exchange(other.code()).json["id_token"])
    assert second["sub"] == claims["sub"]  # the same host: the same sector


def test_who_agreed_once_is_not_asked_again_for_the_same(pool: Service) -> None:
    pool.code()
    assert "code" in sent(pool.authorize(prompt="none"))
    assert pool.authorize(scope="openid email profile offline_access").status_code == 200
    assert pool.authorize(prompt="consent").status_code == 200


def test_a_no_goes_back_to_the_service(pool: Service) -> None:
    assert sent(pool.agree(pool.authorize(), "no"))["error"] == "access_denied"


def test_strangers_log_in_first_and_come_back_to_the_very_request(pool: Service, database: Database) -> None:
    pool.client.delete_cookie("sk_session")
    answer = pool.authorize()
    where = urlsplit(answer.headers["Location"])
    assert (answer.status_code, where.path) == (303, "/anmelden")
    target = parse_qs(where.query)["next"][0]
    assert target.startswith("/oauth/authorize?")
    page = pool.client.get(answer.headers["Location"])
    assert "form-action 'self' https://pool.example" in page.headers["Content-Security-Policy"]
    log_in(database, pool.client, MAIL)
    assert "Anmelden bei Thermalbad?" in pool.client.get(target).text


def test_prompt_none_never_shows_a_page(pool: Service, database: Database) -> None:
    assert sent(pool.authorize(prompt="none"))["error"] == "consent_required"
    pool.client.delete_cookie("sk_session")
    assert sent(pool.authorize(prompt="none"))["error"] == "login_required"


def test_prompt_login_and_max_age_zero_ask_again_and_then_go_on(pool: Service, database: Database) -> None:
    pool.code()
    for wish in ({"prompt": "login"}, {"max_age": "0"}):
        answer = pool.authorize(**wish)
        where = urlsplit(answer.headers["Location"])
        assert where.path == "/anmelden/bestaetigen"
        target = parse_qs(where.query)["next"][0]
        assert urlsplit(pool.client.get(target).headers["Location"]).path == "/anmelden/bestaetigen"
        log_in(database, pool.client, MAIL)
        assert "code" in sent(pool.client.get(target))
        assert urlsplit(pool.authorize(**wish).headers["Location"]).path == "/anmelden/bestaetigen"


def test_a_mark_of_another_request_does_not_count(pool: Service, database: Database) -> None:
    pool.code()
    target = parse_qs(urlsplit(pool.authorize(prompt="login").headers["Location"]).query)["next"][0]
    mark = parse_qs(urlsplit(target).query)["sk_asked"][0]
    log_in(database, pool.client, MAIL)
    other = connect(database, pool.client, "Bücherei")
    other.code()
    assert urlsplit(other.authorize(prompt="login", sk_asked=mark).headers["Location"]).path.startswith("/anmelden")


def test_max_age_lets_a_young_log_in_pass(pool: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.code()
    assert "code" in sent(pool.authorize(max_age="600"))
    at(monkeypatch, 700)
    assert sent(pool.authorize(max_age="600", prompt="none"))["error"] == "login_required"


def test_a_hint_at_ones_own_token_passes_even_when_it_is_over(pool: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    hint = pool.exchange(pool.code()).json["id_token"]
    assert "code" in sent(pool.authorize(id_token_hint=hint, prompt="none"))
    at(monkeypatch, 3600)
    assert "code" in sent(pool.authorize(id_token_hint=hint, prompt="none"))


def test_a_hint_at_somebody_else_or_a_false_one_is_login_required(pool: Service, database: Database) -> None:
    hint = pool.exchange(pool.code()).json["id_token"]
    assert sent(pool.authorize(id_token_hint="nonsense", prompt="none"))["error"] == "login_required"
    assert sent(pool.authorize(id_token_hint=hint[:-4] + "AAAA", prompt="none"))["error"] == "login_required"
    log_in(database, pool.client, "otto@example.org")
    pool.code()
    assert sent(pool.authorize(id_token_hint=hint, prompt="none"))["error"] == "login_required"
    assert "erwartet ein anderes Konto als Ihres" in pool.authorize(id_token_hint=hint).text


def test_acr_values_ask_for_more_once_and_tell_what_it_is(pool: Service) -> None:
    pool.code()
    wish = {"acr_values": "http://eidas.europa.eu/LoA/substantial"}
    answer = pool.authorize(**wish)
    where = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert where["level"] == ["2"]
    code = sent(pool.client.get(where["next"][0]))["code"]
    assert pool.claims(pool.exchange(code).json["id_token"])["acr"] == "http://eidas.europa.eu/LoA/low"
    assert "code" in sent(pool.authorize(acr_values="urn:nobody:knows", prompt="none"))


@pytest.mark.parametrize("pause", [0, 31])
def test_a_code_that_is_used_twice_ends_the_tokens_of_the_first_use(
    pool: Service, monkeypatch: pytest.MonkeyPatch, pause: int
) -> None:
    code = pool.code()
    first = pool.exchange(code).json
    assert pool.userinfo(first["access_token"]).status_code == 200
    at(monkeypatch, pause)
    second = pool.exchange(code)
    assert (second.status_code, second.json["error"]) == (400, "invalid_grant")
    assert pool.userinfo(first["access_token"]).status_code == 401
    assert pool.refresh(first["refresh_token"]).json["error"] == "invalid_grant"


def test_of_many_who_bring_one_code_at_once_nobody_keeps_a_token_that_works_twice(
    app: flask.Flask, pool: Service
) -> None:
    code, answers = pool.code(), []

    def exchange() -> None:
        service = Service(app.test_client(), pool.facts, pool.verifier)
        answers.append(service.exchange(code))

    threads = [threading.Thread(target=exchange) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) <= 1
    assert all(answer.json["error"] == "invalid_grant" for answer in answers if answer.status_code != 200)
    assert all(pool.userinfo(answer.json["access_token"]).status_code == 401 for answer in good)


def test_a_code_is_over_after_a_minute(pool: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    code = pool.code()
    at(monkeypatch, 61)
    assert pool.exchange(code).json["error"] == "invalid_grant"


def test_a_code_is_for_the_service_it_was_made_for(pool: Service, database: Database) -> None:
    other = connect(database, pool.client, "Bücherei")
    other.verifier = pool.verifier
    assert other.exchange(pool.code()).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"redirect_uri": "https://pool.example/other"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code": "nonsense"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
    ],
)
def test_a_wrong_exchange_has_a_clear_error(pool: Service, change: dict[str, str | None], error: str) -> None:
    answer = pool.exchange(pool.code(), **change)
    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_the_challenge_itself_is_no_verifier(pool: Service) -> None:
    """What PKCE plain would accept."""
    code = pool.code()
    assert pool.exchange(code, code_verifier=pool.challenge).json["error"] == "invalid_grant"


def test_a_wrong_secret_opens_nothing(pool: Service) -> None:
    code = pool.code()
    pool.facts = pool.facts.__class__(pool.facts.client_id, "wrong", pool.facts.redirect_uris)
    answer = pool.exchange(code)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://pool.example/request"}, "request_uri_not_supported"),
        ({"scope": "email"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "x"}, "invalid_request"),
    ],
)
def test_a_wrong_request_goes_back_with_a_clear_error(pool: Service, change: dict[str, str | None], error: str) -> None:
    received = sent(pool.authorize(**change))
    assert (received["error"], received["state"], received["iss"]) == (error, "st", "http://localhost:8080")


@pytest.mark.parametrize(
    "change", [{"redirect_uri": "https://evil.example/"}, {"redirect_uri": None}, {"client_id": "nobody"}]
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(pool: Service, change: dict[str, str | None]) -> None:
    answer = pool.authorize(**change)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert 'href="https://evil.example' not in answer.text


def test_parameters_that_nobody_knows_are_no_fault(pool: Service) -> None:
    assert pool.authorize(colour="rosa", claims="{}").status_code == 200


def test_a_request_may_come_by_post(pool: Service) -> None:
    answer = pool.client.post("/oauth/authorize", data=pool.parameters())
    assert answer.status_code == 303
    assert "Anmelden bei Thermalbad?" in pool.client.get(answer.headers["Location"]).text


def test_a_refresh_token_works_once_and_a_second_use_ends_everything(pool: Service) -> None:
    first = pool.exchange(pool.code()).json
    second = pool.refresh(first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]
    claims = pool.claims(second["id_token"])
    assert "nonce" not in claims
    assert claims["sub"] == pool.claims(first["id_token"])["sub"]
    assert pool.userinfo(second["access_token"]).status_code == 200
    assert pool.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    assert pool.userinfo(second["access_token"]).status_code == 401
    assert pool.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_a_refresh_may_ask_for_less_and_never_for_more(pool: Service) -> None:
    first = pool.exchange(pool.code(scope="openid email")).json
    less = pool.refresh(first["refresh_token"], scope="openid").json
    assert "email" not in pool.userinfo(less["access_token"]).json
    more = pool.refresh(less["refresh_token"], scope="openid profile")
    assert more.json["error"] == "invalid_scope"


def test_userinfo_takes_header_and_form_and_nothing_that_is_over(
    pool: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = pool.exchange(pool.code()).json["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    by_get, by_post = pool.userinfo(token).json, pool.client.post("/oauth/userinfo", headers=header).json
    by_form = pool.client.post("/oauth/userinfo", data={"access_token": token}).json
    assert by_get == by_post == by_form
    for wrong in ("", "nonsense"):
        refused = pool.userinfo(wrong)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    at(monkeypatch, 901)
    assert pool.userinfo(token).status_code == 401


def test_a_refresh_token_is_no_access_token(pool: Service) -> None:
    assert pool.userinfo(pool.exchange(pool.code()).json["refresh_token"]).status_code == 401


def test_a_revoked_token_is_worthless_and_strangers_revoke_nothing(pool: Service, database: Database) -> None:
    tokens = pool.exchange(pool.code()).json
    other = connect(database, pool.client, "Bücherei")
    data = {"token": tokens["access_token"]}
    assert pool.client.post("/oauth/revoke", data=data, headers=other.basic).status_code == 200
    assert pool.userinfo(tokens["access_token"]).status_code == 200
    assert pool.client.post("/oauth/revoke", data=data, headers=pool.basic).status_code == 200
    assert pool.userinfo(tokens["access_token"]).status_code == 401
    assert pool.client.post("/oauth/revoke", data={"token": "x"}, headers=pool.basic).status_code == 200
    assert pool.client.post("/oauth/revoke", data=data).status_code == 401


def push(pool: Service) -> dict[str, str]:
    """A pushed request, as a browser brings it."""
    made = pool.client.post("/oauth/par", data=pool.parameters(), headers=pool.basic)
    assert made.status_code == 201
    return {"client_id": pool.facts.client_id, "request_uri": made.json["request_uri"]}


def test_a_pushed_request_waits_a_moment_for_its_browser(pool: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = push(pool)
    at(monkeypatch, 91)
    assert pool.client.get("/oauth/authorize", query_string=reference).status_code == 400


def test_whoever_arrived_with_a_pushed_request_may_take_their_time_and_gets_one_answer(
    pool: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = push(pool)
    pool.client.get("/oauth/authorize", query_string=reference)
    at(monkeypatch, 29 * 60)
    page = pool.client.get("/oauth/authorize", query_string=reference)
    assert "Anmelden bei Thermalbad?" in page.text
    assert "code" in sent(pool.agree(page))
    assert pool.client.get("/oauth/authorize", query_string=reference).status_code == 400
    reference = push(pool)
    assert "code" in sent(pool.client.get("/oauth/authorize", query_string=reference))
    assert pool.client.get("/oauth/authorize", query_string=reference).status_code == 400


def test_looking_again_does_not_make_a_pushed_request_live_longer(
    pool: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = push(pool)
    for minutes in (0, 20, 29):
        at(monkeypatch, minutes * 60)
        assert pool.client.get("/oauth/authorize", query_string=reference).status_code == 200
    at(monkeypatch, 31 * 60)
    assert pool.client.get("/oauth/authorize", query_string=reference).status_code == 400


def test_a_pushed_request_belongs_to_its_client(pool: Service, database: Database) -> None:
    other = connect(database, pool.client, "Bücherei")
    stolen = {**push(pool), "client_id": other.facts.client_id}
    assert pool.client.get("/oauth/authorize", query_string=stolen).status_code == 400


def test_a_wrong_push_is_refused_at_once(pool: Service) -> None:
    assert pool.client.post("/oauth/par", data=pool.parameters()).status_code == 401
    for change, error in (
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"client_id": "nobody"}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
    ):
        answer = pool.client.post("/oauth/par", data=pool.parameters(**change), headers=pool.basic)
        assert (answer.status_code, answer.json["error"]) == (400, error)


def test_a_service_logs_its_own_session_out_at_once_and_others_ask(pool: Service, database: Database) -> None:
    tokens = pool.exchange(pool.code()).json
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": LOGGED_OUT, "state": "z"}
    answer = pool.client.get("/oauth/logout", query_string=query)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LOGGED_OUT}?state=z")
    assert pool.client.get("/konto").status_code == 303
    assert pool.userinfo(tokens["access_token"]).status_code == 401
    log_in(database, pool.client, MAIL)
    question = pool.client.get("/oauth/logout", query_string=query)
    assert "Möchten Sie sich abmelden?" in question.text
    assert pool.client.get("/konto").status_code == 200
    token = question.text.split('name="csrf" value="')[1].split('"')[0]
    assert pool.client.post("/oauth/logout/ja", data={"csrf": token}).status_code == 303
    assert pool.client.get("/konto").status_code == 303


def test_a_log_out_leads_to_registered_addresses_only(pool: Service) -> None:
    tokens = pool.exchange(pool.code()).json
    for uri in ("https://evil.example/", CALLBACK):
        query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": uri}
        answer = pool.client.get("/oauth/logout", query_string=query)
        assert (answer.status_code, "Sie sind noch angemeldet" in answer.text) == (400, True)
    assert pool.client.get("/konto").status_code == 200
    pool.client.delete_cookie("sk_session")
    assert "Sie sind nicht angemeldet" in pool.client.get("/oauth/logout", query_string=query).text


def test_the_owner_sees_and_ends_a_connection(pool: Service) -> None:
    tokens = pool.exchange(pool.code()).json
    page = pool.client.get("/konto/dienste")
    assert "Thermalbad" in page.text
    path = f"/konto/dienste/{pool.facts.client_id}/trennen"
    assert pool.client.post(path, data={"csrf": form_token(pool.client, "/konto/dienste")}).status_code == 303
    assert pool.userinfo(tokens["access_token"]).status_code == 401
    assert pool.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert sent(pool.authorize(prompt="none"))["error"] == "consent_required"


def test_a_consent_ticket_is_for_the_person_who_saw_the_page(pool: Service, database: Database) -> None:
    page = pool.authorize()
    log_in(database, pool.client, "otto@example.org")
    assert pool.agree(page).status_code == 403


def test_when_a_session_ends_its_tokens_end_and_those_for_offline_stay(pool: Service, database: Database) -> None:
    short = pool.exchange(pool.code()).json
    long = pool.exchange(pool.code(scope="openid offline_access")).json
    token = form_token(pool.client, "/konto")
    pool.client.post("/abmelden", data={"csrf": token})
    assert pool.userinfo(short["access_token"]).status_code == 401
    assert pool.refresh(long["refresh_token"]).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/logout"])
def test_nonsense_is_never_a_server_error(client: FlaskClient, path: str) -> None:
    for data in ({}, {"client_id": "\x00"}, {"code": "ü€😀"}, {"grant_type": "x" * 5000}):
        for answer in (client.post(path, data=data), client.get(path, query_string=data)):
            assert answer.status_code < 500
