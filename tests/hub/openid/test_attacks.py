"""Many at once, and nonsense of every kind."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import setup
from hub.app import create_app
from hub.core.clock import now_ms
from hub.openid import rules
from hub.settings import Settings
from tests import ready
from tests.hub.account.desk import register
from tests.hub.openid import service as inside
from tests.hub.openid.running import CALLBACK, LOGGED_OUT, Provider, Service, Visitor

process = pytest.mark.process
JSON = ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/userinfo")
PATHS = (*JSON, "/oauth/authorize", "/oauth/logout", "/oauth/consent", "/oauth/wechseln", "/oauth/logout/ja")
ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "invalid_token",
    "unsupported_grant_type",
    "unsupported_response_type",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
}


def at_once(work: Callable[[], requests.Response], count: int = 16) -> list[requests.Response]:
    """The answers of many threads that begin together."""
    answers: list[requests.Response] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        answers.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers


@process
@pytest.mark.parametrize("round_", range(5))
def test_of_sixteen_with_one_code_at_most_one_gets_tokens_and_they_are_dead(
    service: Service, rosa: Visitor, round_: int
) -> None:
    """At most one, perhaps none: a second use that comes before the first one's tokens are stored ends them unborn."""
    code = rosa.code(service)
    answers = at_once(lambda: service.exchange(code))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) <= 1
    assert all(answer.json()["error"] == "invalid_grant" for answer in answers if answer.status_code != 200)
    for tokens in good:
        assert service.userinfo(tokens["access_token"]).status_code == 401
        assert service.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


@process
@pytest.mark.parametrize("round_", range(5))
def test_of_sixteen_with_one_refresh_token_at_most_one_rotates_it_and_the_family_is_dead(
    service: Service, rosa: Visitor, round_: int
) -> None:
    first = rosa.tokens(service)
    answers = at_once(lambda: service.refresh(first["refresh_token"]))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(good) <= 1
    assert all(answer.json()["error"] == "invalid_grant" for answer in answers if answer.status_code != 200)
    for tokens in (first, *good):
        assert service.userinfo(tokens["access_token"]).status_code == 401
        assert service.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


_NAMES = """grant_type code code_verifier refresh_token token token_type_hint client_secret access_token claims
post_logout_redirect_uri sk_asked ticket answer csrf resource ui_locales lang theme"""
NAMES = st.sampled_from([*sorted(rules.PARAMETERS), *_NAMES.split()])
HABITS = {
    "redirect_uri": CALLBACK,
    "post_logout_redirect_uri": LOGGED_OUT,
    "response_type": "code",
    "scope": "openid email",
    "code_challenge": "A" * 43,
    "code_challenge_method": "S256",
    "grant_type": "authorization_code",
    "prompt": "none",
    "max_age": "9",
}
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "\x00", "%00", "a\nb", "openid", "code", "refresh_token", "plain", "9" * 40, "[" * 3000, "ü€😀"]
    ),
    st.sampled_from(["urn:ietf:params:oauth:request_uri:x", "eyJhbGciOiJFUzI1NiJ9.e30.AA", "W10.W10.W10", "ü€😀"]),
)


@st.composite
def soups(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Parameters: some as they should be, some changed, some twice, some that nobody knows."""
    kept = draw(st.sets(st.sampled_from(sorted(HABITS))))
    pairs = [(name, HABITS[name]) for name in sorted(kept)]
    pairs += draw(st.lists(st.tuples(st.one_of(NAMES, st.text(max_size=12)), VALUES), max_size=6))
    return pairs


AUTHORIZATIONS = st.one_of(
    st.none(),
    st.just("client"),
    st.sampled_from(["Basic", "Basic ", "Basic !!", "Basic /w==", "Basic Og==", "Bearer", "Bearer x", "DPoP x", "x"]),
)


def is_sound(path: str, status: int, location: str, body: Any) -> None:
    """Whatever was asked: no fault of ours, no redirect to strangers, and machines hear an error that they know."""
    assert status < 500, (path, body)
    assert not location or location.startswith(("/", CALLBACK, LOGGED_OUT)), location
    assert not location.startswith("//")
    if path in JSON:
        assert isinstance(body, dict)
        assert status in (200, 201) or body["error"] in ERRORS, body


@process
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "POST"]),
    query=soups(),
    body=soups(),
    authorization=AUTHORIZATIONS,
    known=st.booleans(),
)
def test_no_soup_of_parameters_upsets_a_running_hub(
    provider: Provider,
    path: str,
    method: str,
    query: list[tuple[str, str]],
    body: list[tuple[str, str]],
    authorization: str | None,
    known: bool,
) -> None:
    shared = _shared(provider)
    own = [("client_id", shared[0].client_id)] if known else []
    answer = shared[1].web.request(
        method,
        f"{provider.url}{path}",
        params=[*own, *query],
        data=None if method == "GET" else [*own, *body],
        auth=shared[0].basic if authorization == "client" else None,
        headers={"Authorization": authorization} if authorization and authorization != "client" else {},
        allow_redirects=False,
        timeout=30,
    )
    is_json = answer.headers["Content-Type"].startswith("application/json")
    is_sound(path, answer.status_code, answer.headers.get("Location", ""), answer.json() if is_json else answer.text)


@process
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=300),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "x"]),
)
def test_no_bytes_at_all_upset_a_running_hub(provider: Provider, path: str, body: bytes, kind: str) -> None:
    service, _visitor = _shared(provider)
    answer = service.post(path, body, headers={"Content-Type": kind})
    assert answer.status_code < 500


_made: dict[str, tuple[Service, Visitor]] = {}


def _shared(provider: Provider) -> tuple[Service, Visitor]:
    """One service and one person for all examples."""
    if provider.url not in _made:
        _made[provider.url] = (provider.add_client(), Visitor(provider).log_in())
        _made[provider.url][1].code(_made[provider.url][0])
    return _made[provider.url]


def test_no_soup_upsets_either_database(database_url: str, tmp_path: Path) -> None:
    """PostgreSQL refuses what SQLite takes: NUL, numbers that are too large, texts that are too long."""
    chosen = Settings(state_dir=tmp_path, database_url=database_url, public_url="http://localhost:8080")
    ready.migrate(chosen)
    setup.seed(chosen)
    app = create_app(chosen)
    database, browser = app.extensions["database"], app.test_client()
    register(database, inside_mail := "rosa@example.org", password=None, now=now_ms())
    inside.log_in(database, browser, inside_mail)
    pool = inside.connect(database, browser)
    pool.code()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(path=st.sampled_from(PATHS), method=st.sampled_from(["GET", "POST"]), soup=soups(), proven=st.booleans())
    def attack(path: str, method: str, soup: list[tuple[str, str]], proven: bool) -> None:
        fields: dict[str, list[str]] = {"client_id": [pool.facts.client_id]}
        for name, value in soup:
            fields.setdefault(name, []).append(value)
        sent = {"query_string": fields} if method == "GET" else {"data": fields}
        answer = browser.open(path, method=method, headers=pool.basic if proven else {}, **sent)
        is_sound(path, answer.status_code, answer.headers.get("Location", ""), answer.json if answer.is_json else "")

    attack()
    database.close()
