"""Tokens, pushed requests and log-outs from the outside: what they open, how long, and for whom."""

import pytest
from flask.testing import FlaskClient

from hub.core.db import Database
from tests.hub.openid.service import CALLBACK, LOGGED_OUT, MAIL, Service, at, connect, form_token, log_in, sent


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
