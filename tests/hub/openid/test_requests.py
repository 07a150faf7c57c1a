"""Authorization requests against a running hub: who is asked what, and what the service is told."""

import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from hub.account.api import acting, organisations, sessions
from hub.core.clock import now_ms
from tests.hub.openid.running import CALLBACK, OTTO, Provider, Service, Visitor, sent, where

pytestmark = pytest.mark.process

LOW, SUBSTANTIAL = "http://eidas.europa.eu/LoA/low", "http://eidas.europa.eu/LoA/substantial"


def test_an_operator_registers_a_service_by_command(provider: Provider, rosa: Visitor) -> None:
    service = provider.command_client()
    assert rosa.tokens(service)["token_type"] == "Bearer"


def test_the_answer_names_state_and_issuer(provider: Provider, service: Service, rosa: Visitor) -> None:
    page = rosa.authorize(service, state="a b&c=ü%")
    answer = sent(rosa.agree(page))
    assert (answer["state"], answer["iss"]) == ("a b&c=ü%", provider.url)
    assert set(answer) == {"code", "state", "iss"}
    assert rosa.authorize(service).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "https://evil.example/cb",
        f"{CALLBACK}/",
        f"{CALLBACK}/../evil",
        f"{CALLBACK}?a=b",
        f"{CALLBACK}#a",
        f"{CALLBACK}%23",
        "https://pool.example:444/cb",
        "https://pool.example:443/cb",
        "https://somebody@pool.example/cb",
        "https://pool.example@evil.example/cb",
        "http://pool.example/cb",
        "https://POOL.example/cb",
        "https://pool.example.evil.example/cb",
        "javascript:alert(1)",
        "x" * 3000,
    ],
)
def test_only_the_very_registered_address_is_ever_redirected_to(
    service: Service, rosa: Visitor, redirect_uri: str | None
) -> None:
    answer = rosa.authorize(service, redirect_uri=redirect_uri)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert "Dieser Dienst ist nicht richtig eingerichtet" in answer.text
    assert not redirect_uri or f'="{redirect_uri}' not in answer.text


def test_an_unknown_client_gets_a_page(service: Service, rosa: Visitor) -> None:
    for name in (None, "", "nobody", "\x00", "ü", service.client_id + "\x00", service.client_id * 9):
        answer = rosa.authorize(service, client_id=name)
        assert (answer.status_code, answer.headers.get("Location")) == (400, None)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"response_mode": "jwt"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://pool.example/request.jwt"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "A" * 42}, "invalid_request"),
        ({"code_challenge": "A" * 42 + "="}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "none consent"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "١"}, "invalid_request"),
        ({"nonce": "n" * 2001}, "invalid_request"),
    ],
)
def test_a_wrong_request_goes_back_with_its_error(
    provider: Provider, service: Service, rosa: Visitor, change: dict[str, str | None], error: str
) -> None:
    for visitor in (rosa, Visitor(provider)):
        answer = sent(visitor.authorize(service, **change))
        assert (answer["error"], answer["state"], answer["iss"]) == (error, "st", provider.url)
        assert answer["error_description"].isascii()
        assert "code" not in answer


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "prompt", "max_age", "code_challenge", "response_type"])
def test_a_parameter_that_comes_twice_is_refused(service: Service, rosa: Visitor, name: str) -> None:
    query = [*service.parameters(prompt="consent", max_age="9").items()]
    answer = sent(rosa.get("/oauth/authorize", [*query, (name, dict(query)[name])]))
    assert answer["error"] == "invalid_request"
    assert ("state" in answer) == (name != "state")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_service_or_address_that_comes_twice_is_answered_with_a_page(
    service: Service, rosa: Visitor, name: str
) -> None:
    query = [*service.parameters().items()]
    for other in (dict(query)[name], "https://evil.example/"):
        answer = rosa.get("/oauth/authorize", [*query, (name, other)])
        assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_what_nobody_knows_is_ignored_even_when_it_comes_twice(service: Service, rosa: Visitor) -> None:
    query = [*service.parameters(claims="{}", display="wap", login_hint="x", ui_locales="fr").items()]
    page = rosa.get("/oauth/authorize", [*query, ("resource", "https://a.example"), ("resource", "https://b.example")])
    assert "Anmelden bei Thermalbad?" in page.text


def test_empty_parameters_count_as_left_out(service: Service, rosa: Visitor) -> None:
    page = rosa.authorize(service, prompt="", max_age="", response_mode="", request="", id_token_hint="", acr_values="")
    assert "Anmelden bei Thermalbad?" in page.text


def test_scopes_that_nobody_knows_are_left_out(service: Service, rosa: Visitor) -> None:
    assert rosa.tokens(service, scope="openid email phone dance")["scope"] == "email openid"


def test_prompt_none_tells_the_service_what_is_missing_and_shows_nothing(
    provider: Provider, service: Service, rosa: Visitor
) -> None:
    assert sent(Visitor(provider).authorize(service, prompt="none"))["error"] == "login_required"
    assert sent(rosa.authorize(service, prompt="none"))["error"] == "consent_required"
    rosa.code(service)
    assert "code" in sent(rosa.authorize(service, prompt="none"))


def test_prompt_login_asks_for_the_password_again_and_once(service: Service, rosa: Visitor) -> None:
    first = service.claims(rosa.tokens(service)["id_token"])
    time.sleep(1.1)  # auth_time is in seconds
    answer = rosa.authorize(service, prompt="login")
    assert where(answer) == "/anmelden/bestaetigen"
    target = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    assert where(rosa.get(target)) == "/anmelden/bestaetigen", "coming back without a password changes nothing"
    back = rosa.type_password(rosa.get(answer.headers["Location"]))
    assert where(back) == "/oauth/authorize"
    tokens = service.exchange(sent(rosa.get(back.headers["Location"]))["code"]).json()
    assert service.claims(tokens["id_token"])["auth_time"] > first["auth_time"]
    assert where(rosa.authorize(service, prompt="login")) == "/anmelden/bestaetigen", "the next request asks anew"


def test_a_mark_of_one_request_counts_for_no_other(service: Service, rosa: Visitor) -> None:
    rosa.code(service)
    answer = rosa.authorize(service, prompt="login")
    rosa.type_password(rosa.get(answer.headers["Location"]))
    target = parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]
    mark = parse_qs(urlsplit(target).query)["sk_asked"][0]
    assert where(rosa.authorize(service, prompt="login", nonce="other", sk_asked=mark)) == "/anmelden/bestaetigen"
    assert "code" in sent(rosa.get(target))


def test_a_stranger_logs_in_by_password_and_comes_back_to_the_very_request(
    provider: Provider, service: Service
) -> None:
    stranger = Visitor(provider)
    answer = stranger.authorize(service)
    assert where(answer) == "/anmelden"
    back = stranger.type_password(stranger.get(answer.headers["Location"]))
    page = stranger.get(back.headers["Location"])
    assert "form-action 'self' https://pool.example" in page.headers["Content-Security-Policy"]
    assert "code" in sent(stranger.agree(page))


def test_max_age_zero_is_like_prompt_login(service: Service, rosa: Visitor) -> None:
    rosa.code(service)
    answer = rosa.authorize(service, max_age="0")
    assert where(answer) == "/anmelden/bestaetigen"
    assert sent(rosa.authorize(service, max_age="0", prompt="none"))["error"] == "login_required"
    back = rosa.type_password(rosa.get(answer.headers["Location"]))
    assert "code" in sent(rosa.get(back.headers["Location"]))


def test_an_old_log_in_is_confirmed_when_max_age_says_so(provider: Provider, service: Service, rosa: Visitor) -> None:
    rosa.code(service)
    assert "code" in sent(rosa.authorize(service, max_age="3000", prompt="none"))
    provider.change("UPDATE account_session SET authenticated_at = authenticated_at - 3600000")
    assert sent(rosa.authorize(service, max_age="3000", prompt="none"))["error"] == "login_required"
    assert where(rosa.authorize(service, max_age="3000")) == "/anmelden/bestaetigen"
    claims = service.claims(rosa.tokens(service, max_age="4000")["id_token"])
    assert 3590 < time.time() - claims["auth_time"] < 3700


@pytest.mark.parametrize("change", [{"redirect_uri": f"{CALLBACK}\x00"}, {"client_id": "\x00"}])
def test_a_nul_in_what_names_the_service_goes_nowhere(service: Service, rosa: Visitor, change: dict[str, str]) -> None:
    answer = rosa.authorize(service, **change)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


@pytest.mark.parametrize("name", ["nonce", "scope", "state", "prompt", "id_token_hint", "acr_values"])
def test_a_nul_elsewhere_is_told_to_the_service(service: Service, rosa: Visitor, name: str) -> None:
    assert sent(rosa.authorize(service, **{name: "a\x00b"}))["error"] == "invalid_request"


def test_a_nul_in_an_unknown_parameter_is_ignored_like_the_parameter(service: Service, rosa: Visitor) -> None:
    rosa.code(service)
    assert "code" in sent(rosa.authorize(service, prompt="none", colour="a\x00b"))


def test_acr_values_are_a_wish_and_the_token_says_what_is_true(service: Service, rosa: Visitor) -> None:
    """OpenID Connect Core 3.1.2.1: acr_values asks for a voluntary claim. Essential ones (5.5.1.1) need the parameter
    claims, which we do not support and do not announce, so it is ignored."""
    rosa.code(service)
    answer = rosa.authorize(service, acr_values=SUBSTANTIAL)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["level"] == ["2"]
    page = rosa.get(answer.headers["Location"])
    assert "Sie kommen auch so weiter" in page.text
    back = rosa.type_password(page)
    tokens = service.exchange(sent(rosa.get(back.headers["Location"]))["code"]).json()
    assert service.claims(tokens["id_token"])["acr"] == LOW
    essential = json.dumps({"id_token": {"acr": {"essential": True, "values": [SUBSTANTIAL]}}})
    quiet = service.exchange(sent(rosa.authorize(service, acr_values=SUBSTANTIAL, prompt="none"))["code"]).json()
    assert service.claims(quiet["id_token"])["acr"] == LOW
    assert "code" in sent(rosa.authorize(service, claims=essential, prompt="none"))


def test_who_was_identified_and_has_two_factors_is_substantial_in_the_token(
    provider: Provider, service: Service
) -> None:
    until = now_ms() + 86_400_000
    provider.change("UPDATE account_person SET identified_until = :until WHERE name = :name", until=until, name=OTTO)
    otto = Visitor(provider).log_in(OTTO, ("swk", "user"))
    claims = service.claims(otto.tokens(service, acr_values=SUBSTANTIAL)["id_token"])
    assert (claims["acr"], claims["amr"]) == (SUBSTANTIAL, ["swk", "user"])


def test_a_hint_at_oneself_passes_also_when_the_token_is_over(
    provider: Provider, service: Service, rosa: Visitor
) -> None:
    hint = rosa.tokens(service)["id_token"]
    assert "code" in sent(rosa.authorize(service, id_token_hint=hint, prompt="none"))
    assert "code" in sent(rosa.authorize(service, id_token_hint=hint))


def test_a_hint_at_somebody_else_offers_to_change_the_account(
    provider: Provider, service: Service, rosa: Visitor
) -> None:
    hint, otto = rosa.tokens(service)["id_token"], Visitor(provider).log_in(OTTO)
    otto.code(service)
    assert sent(otto.authorize(service, id_token_hint=hint, prompt="none"))["error"] == "login_required"
    page = otto.authorize(service, id_token_hint=hint)
    assert "erwartet ein anderes Konto als Ihres" in page.text
    assert sent(otto.send(page, "/oauth/wechseln", answer="no"))["error"] == "login_required"
    back = otto.send(page, "/oauth/wechseln", answer="yes")
    assert where(back) == "/oauth/authorize"
    log_in = otto.get(back.headers["Location"])
    assert where(log_in) == "/anmelden"
    back = otto.type_password(otto.get(log_in.headers["Location"]))
    assert "code" in sent(otto.get(back.headers["Location"]))


def test_a_hint_that_is_no_token_of_this_service_helps_nobody(
    provider: Provider, service: Service, rosa: Visitor
) -> None:
    tokens = rosa.tokens(service)
    foreign = rosa.tokens(provider.add_client("Bücherei"))["id_token"]
    nested = "W1tb" * 500 + ".e30.AA"  # [[[ ...
    unsigned = f"eyJhbGciOiJub25lIn0.{tokens['id_token'].split('.')[1]}."
    for hint in ("nonsense", foreign, nested, unsigned, tokens["access_token"], "..", "W10.W10.W10"):
        assert sent(rosa.authorize(service, id_token_hint=hint, prompt="none"))["error"] == "login_required"
        assert "code" in sent(rosa.authorize(service, id_token_hint=hint))


def test_a_person_unticks_what_the_service_need_not_know(service: Service, rosa: Visitor) -> None:
    page = rosa.authorize(service)
    assert 'name="scope" value="email" checked' in page.text
    code = sent(rosa.agree(page, scope=["profile"]))["code"]
    tokens = service.exchange(code).json()
    assert tokens["scope"] == "openid profile"
    claims, info = service.claims(tokens["id_token"]), service.userinfo(tokens["access_token"]).json()
    assert "email" not in claims and "email" not in info
    assert info["locale"] == "de"
    assert "code" in sent(rosa.authorize(service, prompt="none")), "a no is remembered and not asked again"
    page = rosa.authorize(service, prompt="consent")
    assert 'name="scope" value="email">' in page.text
    assert "email" in service.exchange(sent(rosa.agree(page, scope=["email"]))["code"]).json()["scope"]


def test_whoever_takes_a_claim_back_shrinks_the_tokens_that_are_out(service: Service, rosa: Visitor) -> None:
    tokens = rosa.tokens(service)
    assert "email" in service.userinfo(tokens["access_token"]).json()
    rosa.agree(rosa.authorize(service, prompt="consent"), scope=["profile"])
    assert "email" not in service.userinfo(tokens["access_token"]).json()
    again = service.refresh(tokens["refresh_token"]).json()
    assert again["scope"] == "openid profile"
    assert "email" not in service.claims(again["id_token"])


def test_nobody_gives_more_than_was_asked_for(service: Service, rosa: Visitor) -> None:
    page = rosa.authorize(service, scope="openid")
    code = sent(rosa.agree(page, scope=["email", "profile", "offline_access", "dance"]))["code"]
    assert service.exchange(code).json()["scope"] == "openid"


def test_a_no_to_everything_goes_back_to_the_service(service: Service, rosa: Visitor) -> None:
    assert sent(rosa.agree(rosa.authorize(service), answer="no"))["error"] == "access_denied"
    assert sent(rosa.authorize(service, prompt="none"))["error"] == "consent_required"


def test_the_page_of_services_shows_what_each_one_gets_and_ends_it(service: Service, rosa: Visitor) -> None:
    code = sent(rosa.agree(rosa.authorize(service), scope=["profile"]))["code"]
    tokens = service.exchange(code).json()
    page = rosa.get("/konto/dienste")
    assert "Der Dienst bekommt nicht: Ihre E-Mail-Adresse" in " ".join(page.text.split())
    assert "zuletzt benutzt" in page.text
    rosa.send(page, f"/konto/dienste/{service.client_id}/trennen")
    assert service.userinfo(tokens["access_token"]).status_code == 401
    assert service.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert service.client_id not in rosa.get("/konto/dienste").text


def test_who_acts_for_a_company_still_logs_in_as_themselves(provider: Provider, service: Service) -> None:
    """The token never speaks for an organisation: it names the person, and the page says so."""
    rosa = Visitor(provider).log_in()
    alone = service.claims(rosa.tokens(service)["id_token"])
    person = sessions.session_person(provider.database, rosa.web.cookies["sk_session"], now_ms())
    assert person is not None
    firm = provider.database.write(lambda s: organisations.create(s, person, "Salzgarten GmbH", now_ms()))
    provider.database.write(lambda s: acting.act_for(s, person, f"organisation:{firm}", now_ms()))
    page = rosa.authorize(service, prompt="consent")
    assert "Sie handeln gerade für Salzgarten GmbH." in page.text
    acted = service.claims(service.exchange(sent(rosa.agree(page))["code"]).json()["id_token"])
    assert acted["sub"] == alone["sub"]
    assert set(acted) == set(alone)
    assert "Salzgarten" not in str(acted)


def test_a_request_may_come_by_post(provider: Provider, service: Service, rosa: Visitor) -> None:
    answer = requests.post(f"{provider.url}/oauth/authorize", data=service.parameters(), allow_redirects=False)
    assert where(answer) == "/oauth/authorize"
    assert "Anmelden bei Thermalbad?" in rosa.get(answer.headers["Location"]).text


def test_another_persons_question_cannot_be_answered(provider: Provider, service: Service, rosa: Visitor) -> None:
    page = rosa.authorize(service)
    ticket = page.text.split('name="ticket" value="')[1].split('"')[0]
    otto = Visitor(provider).log_in(OTTO)
    assert otto.agree(otto.authorize(service), ticket=[ticket]).status_code == 403
    for wrong in ("", "x", "ü", ticket[:-5]):
        answer = otto.agree(otto.authorize(service), ticket=[wrong])
        assert (answer.status_code, "Das hat zu lange gedauert" in answer.text) == (400, True)
    assert otto.agree(otto.authorize(service), csrf=["x"]).status_code == 403
