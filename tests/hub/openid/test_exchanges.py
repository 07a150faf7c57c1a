"""The machine endpoints of a running hub: tokens, userinfo, revoking, pushing, keys; right and wrong."""

import base64
import time
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.errors import ExpiredTokenError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from sqlalchemy import text

from hub.core.sealing import Sealer
from tests.hub.openid.running import OTTO, Provider, Service, Visitor, sent

pytestmark = pytest.mark.process

DAY = 86_400_000
MACHINES = ("/oauth/token", "/oauth/revoke", "/oauth/par", "/oauth/userinfo")


def is_error(answer: requests.Response, status: int, error: str) -> None:
    """A clear OAuth error that no cache keeps (RFC 6749, 5.2)."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    description = answer.json().get("error_description", "")
    assert all(" " <= one <= "~" and one not in '"\\' for one in description)


def test_tokens_come_as_the_standard_says(service: Service, rosa: Visitor) -> None:
    answer = service.exchange(rosa.code(service))
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"}
    claims = service.claims(body["id_token"])
    assert {"iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid"} <= set(claims)
    assert claims["iat"] < claims["exp"] <= claims["iat"] + 600


def test_an_id_token_ends_and_a_service_that_looks_sees_it(service: Service, rosa: Visitor) -> None:
    token = rosa.tokens(service)["id_token"]
    read = jwt.decode(token, KeySet.import_key_set({"keys": service.published()}), algorithms=["ES256"])
    JWTClaimsRegistry(exp={"essential": True}).validate(read.claims)
    with pytest.raises(ExpiredTokenError):
        JWTClaimsRegistry(now=int(time.time()) + 3600, exp={"essential": True}).validate(read.claims)


@pytest.mark.parametrize("late", [0, 31_000])
def test_a_code_that_is_used_twice_ends_what_came_of_it(
    provider: Provider, service: Service, rosa: Visitor, late: int
) -> None:
    """Half a minute later, too, and after the web server was killed: nothing of it lives in a process's memory."""
    code = rosa.code(service)
    first = service.exchange(code).json()
    second = service.refresh(first["refresh_token"]).json()
    assert service.userinfo(first["access_token"]).status_code == 200
    if late:
        provider.change("UPDATE openid_code SET used_at = used_at - :late, expires_at = expires_at - :late", late=late)
        provider.kill_and_restart()
    is_error(service.exchange(code), 400, "invalid_grant")
    assert [service.userinfo(one["access_token"]).status_code for one in (first, second)] == [401, 401]
    for one in (first, second):
        is_error(service.refresh(one["refresh_token"]), 400, "invalid_grant")


def test_a_code_is_over_after_a_minute(provider: Provider, service: Service, rosa: Visitor) -> None:
    code = rosa.code(service)
    provider.change("UPDATE openid_code SET expires_at = expires_at - 60000")
    is_error(service.exchange(code), 400, "invalid_grant")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": "x" * 42}, "invalid_request"),
        ({"code_verifier": "x" * 129}, "invalid_request"),
        ({"code_verifier": "ü" * 43}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "https://pool.example/other"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code": "nonsense"}, "invalid_grant"),
        ({"code": "ü€😀"}, "invalid_grant"),
        ({"code": "a\x00b"}, "invalid_request"),
        ({"code": "x" * 5000}, "invalid_request"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": 'x" y\\ü'}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_a_wrong_exchange_has_a_clear_error(
    service: Service, rosa: Visitor, change: dict[str, str | None], error: str
) -> None:
    is_error(service.exchange(rosa.code(service), **change), 400, error)


def test_the_challenge_itself_is_no_verifier(service: Service, rosa: Visitor) -> None:
    """What PKCE plain would accept."""
    is_error(service.exchange(rosa.code(service), code_verifier=service.challenge), 400, "invalid_grant")


def test_a_code_of_another_service_is_worthless_and_stays_good_for_its_own(
    provider: Provider, service: Service, rosa: Visitor
) -> None:
    thief = provider.add_client("Bücherei")
    thief.verifier = service.verifier
    code = rosa.code(service)
    is_error(thief.exchange(code), 400, "invalid_grant")
    assert service.exchange(code).status_code == 200


def test_an_exchange_with_a_parameter_that_comes_twice_is_refused(service: Service, rosa: Visitor) -> None:
    fields = {"grant_type": "authorization_code", "code": rosa.code(service), "redirect_uri": service.redirect_uri}
    pairs = [*fields.items(), ("code_verifier", service.verifier)]
    for name, value in fields.items():
        is_error(service.post("/oauth/token", [*pairs, (name, value)]), 400, "invalid_request")
    assert service.post("/oauth/token", pairs).status_code == 200


def test_parameters_in_the_address_do_not_count(service: Service, rosa: Visitor) -> None:
    address = f"/oauth/token?grant_type=authorization_code&code={rosa.code(service)}"
    is_error(service.post(address, {"code_verifier": service.verifier}), 400, "invalid_request")
    secret = f"/oauth/token?client_id={service.client_id}&client_secret={service.client_secret}"
    is_error(service.post(secret, {"grant_type": "authorization_code"}, auth=None), 400, "invalid_request")


def _basic(pair: bytes) -> dict[str, Any]:
    return {"auth": None, "headers": {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}}


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/par"])
def test_a_service_proves_itself_in_exactly_one_way(service: Service, path: str) -> None:
    fields: dict[str, str] = {"grant_type": "authorization_code", "code": "x", "token": "x"}
    fields |= {name: value for name, value in service.parameters().items() if name != "client_id"}
    name, secret = service.basic
    own = {"client_id": name, "client_secret": secret}
    encoded = "".join(f"%{byte:02X}" for byte in name.encode())
    for options in ({}, {"auth": None, "fields": own}, _basic(f"{encoded}:{secret}".encode())):
        sent_fields = fields | options.pop("fields", {})
        assert service.post(path, sent_fields, **options).json().get("error") != "invalid_client"
    for options in (
        {"auth": None},
        {"auth": (name, "wrong")},
        {"auth": (name, "")},
        {"auth": ("nobody", secret)},
        {"auth": None, "fields": {"client_id": name}},
        {"auth": None, "fields": {**own, "client_secret": "wrong"}},
        {"auth": None, "fields": {**own, "client_id": "nobody"}},
        {"auth": None, "headers": {"Authorization": "Bearer x"}},
        {"auth": None, "headers": {"Authorization": "Basic !"}},
        {"auth": None, "headers": {"Authorization": "Basic"}},
        _basic(b"\xff\xfe:x"),
        _basic(b"no colon"),
        _basic(name.encode() + b"\x00:" + secret.encode()),
        _basic(b":"),
        _basic("ü:ü".encode()),
    ):
        answer = service.post(path, fields | options.pop("fields", {}), **options)
        is_error(answer, 401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith('Basic realm="')
    is_error(service.post(path, fields | own), 400, "invalid_request")
    is_error(service.post(path, fields | {"client_id": "another"}), 400, "invalid_request")


@pytest.mark.parametrize("path", MACHINES)
def test_odd_requests_are_answered_in_the_machines_language(service: Service, path: str) -> None:
    url = f"{service.url}{path}"
    is_error(service.post(path, {"code": "x" * 100_000, "access_token": "x" * 100_000}), 413, "invalid_request")
    for method in ("PUT", "DELETE", "PATCH", *(() if path == "/oauth/userinfo" else ("GET",))):
        answer = requests.request(method, url, auth=service.basic)
        is_error(answer, 405, "invalid_request")
        assert "POST" in answer.headers["Allow"]
    assert "POST" in requests.options(url).headers["Allow"]
    if path != "/oauth/userinfo":
        for body in ({"json": {"grant_type": "authorization_code"}}, {"data": b"\xff\x00"}, {}):
            is_error(requests.post(url, auth=service.basic, **body), 400, "invalid_request")


def test_a_strange_host_header_is_no_fault_of_ours(service: Service) -> None:
    for host in ("hub.example", "[::1", "a b", "127.0.0.1:1"):
        for path in MACHINES:
            answer = service.post(path, {"token": "x", "grant_type": "refresh_token"}, headers={"Host": host})
            assert answer.status_code < 500


def test_userinfo_is_asked_in_three_ways(service: Service, rosa: Visitor) -> None:
    token = rosa.tokens(service)["access_token"]
    url, header = f"{service.url}/oauth/userinfo", {"Authorization": f"Bearer {token}"}
    answers = [
        requests.get(url, headers=header),
        requests.get(url, headers={"Authorization": f"bearer {token}"}),
        requests.post(url, headers=header),
        requests.post(url, data={"access_token": token}),
    ]
    assert [one.status_code for one in answers] == [200] * 4
    assert len({one.text for one in answers}) == 1
    assert answers[0].headers["Cache-Control"] == "no-store"
    is_error(requests.post(url, headers=header, data={"access_token": token}), 400, "invalid_request")
    is_error(requests.post(url, data=[("access_token", token)] * 2), 400, "invalid_request")


def test_userinfo_says_why_not(provider: Provider, service: Service, rosa: Visitor) -> None:
    tokens, url = rosa.tokens(service), f"{service.url}/oauth/userinfo"
    nothing = requests.get(url)
    is_error(nothing, 401, "invalid_token")
    assert nothing.headers["WWW-Authenticate"] == 'Bearer realm="stadtknoten"'
    assert requests.get(url, params={"access_token": tokens["access_token"]}).status_code == 401
    assert service.userinfo("ü".encode().decode("latin-1")).status_code == 401
    for wrong in ("x", tokens["refresh_token"], tokens["id_token"], "x" * 9000):
        answer = service.userinfo(wrong)
        is_error(answer, 401, "invalid_token")
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    narrow = service.refresh(tokens["refresh_token"], scope="email").json()
    is_error(service.userinfo(narrow["access_token"]), 403, "insufficient_scope")
    provider.change("UPDATE openid_token SET expires_at = expires_at - 900000 WHERE kind = 'access'")
    is_error(service.userinfo(tokens["access_token"]), 401, "invalid_token")


def test_a_closed_account_opens_nothing_any_more(provider: Provider, service: Service) -> None:
    otto = Visitor(provider).log_in(OTTO)
    tokens = otto.tokens(service)
    provider.change("UPDATE account_person SET disabled = true WHERE name = :name", name=OTTO)
    try:
        is_error(service.userinfo(tokens["access_token"]), 401, "invalid_token")
        is_error(service.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    finally:
        provider.change("UPDATE account_person SET disabled = false WHERE name = :name", name=OTTO)


def test_a_refresh_token_works_once_and_a_second_use_ends_the_family(service: Service, rosa: Visitor) -> None:
    first = rosa.tokens(service)
    second = service.refresh(first["refresh_token"]).json()
    third = service.refresh(second["refresh_token"]).json()
    claims = service.claims(third["id_token"])
    assert "nonce" not in claims
    assert claims["auth_time"] == service.claims(first["id_token"])["auth_time"]
    is_error(service.refresh(first["refresh_token"]), 400, "invalid_grant")
    assert [service.userinfo(one["access_token"]).status_code for one in (first, second, third)] == [401] * 3
    is_error(service.refresh(third["refresh_token"]), 400, "invalid_grant")


def test_a_refresh_may_ask_for_less_and_a_wish_for_more_costs_nothing(service: Service, rosa: Visitor) -> None:
    first = rosa.tokens(service, scope="openid email")
    for more in ("openid profile", "openid email profile", "dance"):
        is_error(service.refresh(first["refresh_token"], scope=more), 400, "invalid_scope")
    less = service.refresh(first["refresh_token"], scope="openid").json()
    assert less["scope"] == "openid"
    assert "email" not in service.userinfo(less["access_token"]).json()
    again = service.refresh(less["refresh_token"]).json()
    assert again["scope"] == "email openid", "the refresh token itself lost nothing"


def test_a_refresh_token_is_for_its_service(provider: Provider, service: Service, rosa: Visitor) -> None:
    tokens, thief = rosa.tokens(service), provider.add_client("Bücherei")
    is_error(thief.refresh(tokens["refresh_token"]), 400, "invalid_grant")
    for wrong in (tokens["access_token"], "x", "x\x00"):
        assert service.refresh(wrong).status_code == 400
    assert service.refresh(tokens["refresh_token"]).status_code == 200


def test_a_revoked_token_is_worthless_whatever_the_hint_says(
    provider: Provider, service: Service, rosa: Visitor
) -> None:
    for kind in ("access_token", "refresh_token"):
        for hint in ({}, {"token_type_hint": "access_token"}, {"token_type_hint": "dance"}):
            tokens = rosa.tokens(service)
            stranger = provider.add_client("Bücherei").post("/oauth/revoke", {"token": tokens[kind]})
            assert (stranger.status_code, service.userinfo(tokens["access_token"]).status_code) == (200, 200)
            assert service.post("/oauth/revoke", {"token": tokens[kind], **hint}).status_code == 200
            assert service.userinfo(tokens["access_token"]).status_code == 401
            assert service.refresh(tokens["refresh_token"]).status_code == 400
    assert service.post("/oauth/revoke", {"token": "unknown"}).status_code == 200
    is_error(service.post("/oauth/revoke", {}), 400, "invalid_request")


def test_a_pushed_request_is_checked_at_once(service: Service, rosa: Visitor) -> None:
    for change, error in (
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"client_id": "nobody"}, "invalid_request"),
        ({"request_uri": "urn:x"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"nonce": "\x00"}, "invalid_request"),
    ):
        is_error(service.post("/oauth/par", service.parameters(**change)), 400, error)
    answer = service.post("/oauth/par", service.parameters(colour="rosa"))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    query = {"client_id": service.client_id, "request_uri": answer.json()["request_uri"]}
    assert "code" in sent(rosa.agree(rosa.get("/oauth/authorize", query)))
    assert rosa.get("/oauth/authorize", query).status_code == 400
    assert rosa.get("/oauth/authorize", {**query, "redirect_uri": "https://evil.example/"}).status_code == 400


def test_what_the_browser_adds_to_a_pushed_request_does_not_count(service: Service, rosa: Visitor) -> None:
    pushed = service.post("/oauth/par", service.parameters(scope="openid")).json()["request_uri"]
    more = {"scope": "openid email", "state": "evil", "redirect_uri": "https://evil.example/"}
    page = rosa.get("/oauth/authorize", {"client_id": service.client_id, "request_uri": pushed, **more})
    answer = sent(rosa.agree(page))
    assert answer["state"] == "st"
    assert service.exchange(answer["code"]).json()["scope"] == "openid"


def test_keys_turn_with_an_overlap(provider: Provider, service: Service, rosa: Visitor) -> None:
    old = rosa.tokens(service)["id_token"]
    (first,) = service.published()
    assert set(first) == {"kty", "crv", "x", "y", "kid", "use", "alg"}, "and nothing private"
    provider.change("UPDATE openid_key SET created_at = created_at - :days", days=90 * DAY)
    assert [key["kid"] for key in service.published()][1:] == [first["kid"]]
    assert service.claims(rosa.tokens(service)["id_token"]), "for a day the old key still signs"
    provider.change("UPDATE openid_key SET created_at = created_at - :days", days=DAY)
    new = rosa.tokens(service)["id_token"]
    new_kid, old_kid = (key["kid"] for key in service.published())
    header = jwt.decode(new, KeySet.import_key_set({"keys": service.published()}), algorithms=["ES256"]).header
    assert (header["kid"], header["alg"], old_kid) == (new_kid, "ES256", first["kid"])
    assert service.claims(old)["sub"] == service.claims(new)["sub"], "what the old key signed is still verified"
    assert "code" in sent(rosa.authorize(service, id_token_hint=old, prompt="none"))
    provider.change("UPDATE openid_key SET created_at = created_at - :days", days=8 * DAY)
    assert [key["kid"] for key in service.published()] == [new_kid]


def test_private_keys_lie_sealed_in_the_database(provider: Provider, service: Service, rosa: Visitor) -> None:
    rosa.tokens(service)
    with provider.database.read() as session:
        rows = session.execute(text("SELECT sealed, public FROM openid_key")).all()
    for sealed, public in rows:
        assert '"d"' not in public and '"d"' not in sealed
        assert '"d"' in Sealer(provider.settings.secret(), "openid keys").open(sealed)


def test_discovery_says_what_is_so(provider: Provider, service: Service, rosa: Visitor) -> None:
    answer = requests.get(f"{provider.url}/.well-known/openid-configuration")
    facts = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert "max-age" in answer.headers["Cache-Control"]
    assert facts["issuer"] == provider.url
    for name in facts:
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert facts[name].startswith(provider.url)
            assert requests.options(facts[name]).status_code == 200, name
    for name in ("acr_values_supported", "prompt_values_supported", "claims_supported", "scopes_supported"):
        assert len(facts[name]) == len(set(facts[name])) > 0
    for prompt in set(facts["prompt_values_supported"]) - {"none"}:
        assert rosa.authorize(service, prompt=prompt).status_code in (200, 303)
    for grant_type in facts["grant_types_supported"]:
        assert service.post("/oauth/token", {"grant_type": grant_type}).json()["error"] == "invalid_request"
    for mode in facts["response_modes_supported"]:
        assert rosa.authorize(service, response_mode=mode).status_code == 200
    tokens = rosa.tokens(service)
    own = {"client_id": service.client_id, "client_secret": service.client_secret}
    proofs = {"client_secret_basic": ({}, service.basic), "client_secret_post": (own, None)}
    for endpoint in ("token", "revocation"):
        for method in facts[f"{endpoint}_endpoint_auth_methods_supported"]:
            fields, auth = proofs[method]
            body = {"grant_type": "refresh_token", "refresh_token": "x", "token": "x", **fields}
            answer = requests.post(facts[f"{endpoint}_endpoint"], data=body, auth=auth)
            assert answer.json().get("error") in (None, "invalid_grant")
    claims = service.claims(tokens["id_token"])
    always = {"iss", "aud", "exp", "iat", "nonce"}
    assert set(claims) - always <= set(facts["claims_supported"])
    assert facts["code_challenge_methods_supported"] == ["S256"]
    assert facts["id_token_signing_alg_values_supported"] == ["ES256"]
    assert facts["subject_types_supported"] == ["pairwise"]
    supported = [facts[f"{name}_parameter_supported"] for name in ("claims", "request", "request_uri")]
    assert supported == [False] * 3


def test_two_hosts_see_two_subjects(provider: Provider, service: Service, rosa: Visitor) -> None:
    other = provider.command_client(redirect="https://library.example/cb", name="Bücherei")
    page = rosa.authorize(other)
    code = sent(rosa.agree(page), "https://library.example/cb")["code"]
    theirs = other.claims(other.exchange(code).json()["id_token"])["sub"]
    assert theirs != service.claims(rosa.tokens(service)["id_token"])["sub"]


def test_no_page_of_another_site_may_read_the_answers(provider: Provider, service: Service, rosa: Visitor) -> None:
    """Every service has a secret and asks from its server: browsers need no CORS, so nobody gets it."""
    origin = {"Origin": "https://evil.example"}
    for path in (*MACHINES, "/oauth/jwks", "/.well-known/openid-configuration"):
        for method in ("OPTIONS", "GET", "POST"):
            answer = requests.request(method, f"{provider.url}{path}", headers=origin)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
