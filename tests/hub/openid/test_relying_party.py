"""openid-client, a library that many services use, gets along with the provider and would notice a false one."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from tests.hub.openid.party import Party, connected
from tests.hub.openid.running import ROSA, Provider, Visitor, where
from tests.spine.processes import wait_until

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def party(provider: Provider) -> Iterator[Party]:
    with connected(provider) as made:
        yield made


def walk(party: Party, visitor: Visitor, **wishes: str) -> str:
    """From the service's button to the address that the hub sends the browser back to."""
    start = party.get("/login", **wishes)
    assert start.status_code == 302, start.text
    answer = visitor.get(start.headers["Location"])
    while not answer.headers.get("Location", "").startswith(party.url):
        if answer.status_code == 303:
            answer = visitor.get(answer.headers["Location"])
        elif 'action="/oauth/consent"' in answer.text:
            answer = visitor.agree(answer)
        else:
            answer = visitor.type_password(answer)
    return answer.headers["Location"]


def log_in(party: Party, visitor: Visitor, **wishes: str) -> dict[str, Any]:
    """What the service knows at the end."""
    answer = requests.get(walk(party, visitor, **wishes), timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("how", ["plain", "par"])
def test_a_person_logs_in_with_password_and_consent(provider: Provider, party: Party, how: str) -> None:
    visitor = Visitor(provider)
    found = log_in(party, visitor, how=how)
    assert found["header"]["alg"] == "ES256"
    assert (found["claims"]["iss"], found["claims"]["aud"]) == (provider.url, party.service.client_id)
    assert (found["claims"]["email"], found["claims"]["amr"]) == (ROSA, ["pwd"])
    info = party.tell("/userinfo")
    assert (info["sub"], info["email"]) == (found["claims"]["sub"], ROSA)


def test_max_age_and_acr_are_kept_and_checked(provider: Provider, party: Party) -> None:
    visitor = Visitor(provider)
    substantial = "http://eidas.europa.eu/LoA/substantial"
    found = log_in(party, visitor, max_age="300", acr_values=substantial)
    assert found["claims"]["acr"] == "http://eidas.europa.eu/LoA/low"
    assert isinstance(found["claims"]["auth_time"], int)
    assert log_in(party, visitor, max_age="0", how="par")["claims"]["auth_time"] >= found["claims"]["auth_time"]
    assert log_in(party, visitor, prompt="login")["claims"]["sub"] == found["claims"]["sub"]


def test_a_service_whose_clock_says_that_the_token_is_over_refuses_it(provider: Provider, party: Party) -> None:
    """So there is an end in it, and it is looked at."""
    visitor = Visitor(provider).log_in()
    answer = requests.get(walk(party, visitor, clock="late"), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (400, "OAUTH_JWT_TIMESTAMP_CHECK_FAILED")
    assert log_in(party, visitor)["claims"]["email"] == ROSA


def change(address: str, **values: str | None) -> str:
    """The address with other parameters; None takes one away."""
    parts = urlsplit(address)
    pairs = {**dict(parse_qsl(parts.query)), **values}
    return parts._replace(query=urlencode({name: value for name, value in pairs.items() if value})).geturl()


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"spoiled": "state"}, "state"),
        ({"spoiled": "nonce"}, "nonce"),
        ({"state": "unknown"}, "invalid_request"),
    ],
)
def test_a_changed_answer_is_noticed(
    provider: Provider, party: Party, values: dict[str, str | None], word: str
) -> None:
    address = walk(party, Visitor(provider).log_in())
    assert parse_qsl(urlsplit(address).query)[-1] == ("iss", provider.url)
    answer = requests.get(change(address, **values), timeout=30)
    assert answer.status_code == 400
    assert word in answer.text


def test_errors_reach_the_service_as_errors(provider: Provider, party: Party) -> None:
    for wishes, error in (
        ({"prompt": "none"}, "login_required"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ):
        answer = requests.get(walk(party, Visitor(provider), **wishes), timeout=30)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    pushed = party.get("/login", how="par", code_challenge_method="plain")
    assert (pushed.status_code, pushed.json()["error"]) == (400, "invalid_request")


def test_refreshing_and_revoking(provider: Provider, party: Party) -> None:
    found = log_in(party, Visitor(provider).log_in())
    again = party.tell("/refresh")
    assert again["rotated"]
    assert again["claims"]["sub"] == found["claims"]["sub"]
    assert party.tell("/userinfo")["sub"] == found["claims"]["sub"]
    assert party.tell("/revoke") == {}
    assert party.get("/userinfo").status_code == 400
    assert party.get("/refresh").json()["error"] == "invalid_grant"


def test_the_service_logs_out_and_hears_of_it_on_the_back_channel(provider: Provider, party: Party) -> None:
    visitor = Visitor(provider).log_in()
    found = log_in(party, visitor)
    before = len(party.tell("/heard"))
    answer = visitor.get(party.get("/logout").headers["Location"])
    assert answer.headers["Location"] == f"{party.url}/bye?state=bye"
    assert where(visitor.get("/konto")) == "/anmelden"
    assert wait_until(lambda: len(party.tell("/heard")) > before, 20)
    (token,) = [one for one in party.tell("/heard")[before:] if one["sid"] == found["claims"]["sid"]]
    assert token["sub"] == found["claims"]["sub"]
    assert party.get("/refresh").json()["error"] == "invalid_grant"


def test_a_log_out_at_the_town_reaches_the_service(provider: Provider, party: Party) -> None:
    visitor = Visitor(provider).log_in()
    found = log_in(party, visitor)
    visitor.send(visitor.get("/konto"), "/abmelden")
    assert wait_until(lambda: found["claims"]["sid"] in [one["sid"] for one in party.tell("/heard")], 20)


def test_after_another_log_in_the_service_must_ask_and_the_way_back_is_kept(provider: Provider, party: Party) -> None:
    visitor = Visitor(provider).log_in()
    log_in(party, visitor)
    visitor.log_in()  # a new session, which the id token does not name
    page = visitor.get(party.get("/logout").headers["Location"])
    assert "Möchten Sie sich abmelden?" in page.text
    answer = visitor.send(page, "/oauth/logout/ja")
    assert answer.headers["Location"] == f"{party.url}/bye?state=bye"
