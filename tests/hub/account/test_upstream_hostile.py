"""A broker that lies, breaks or hangs: nobody gets in, the person reads a plain sentence, the log has an id."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from werkzeug.test import TestResponse

from hub.account.api import guard
from hub.account.api.throttle import login_keys
from hub.account.gateway import answers
from hub.account.gateway.upstream import Broker, Client, UpstreamError
from hub.account.rules import Level
from hub.core.clock import now_ms
from tests.hub.account import brokers, hostile
from tests.hub.account.brokers import Traveller, linked
from tests.hub.account.desk import register

pytestmark = pytest.mark.process

SENTENCE = "antwortet gerade nicht richtig"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with brokers.hostile_broker() as address:
        yield address


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Iterator[flask.Flask]:
    with brokers.hub(tmp_path_factory.mktemp("hub"), broker, hostile.CLIENT) as made:
        database = made.extensions["database"]
        linked(database, register(database, "erika@example.org", None, now_ms()), broker, "erika", Level.BASIS)
        yield made


@pytest.fixture
def erika(app: flask.Flask, broker: str) -> Traveller:
    """A browser of the person who is linked with the subject that the broker names."""
    control(broker)
    app.extensions.pop("upstream", None)  # a hub that just started
    return Traveller(app.test_client(), broker, app.extensions["database"])


def control(broker: str, fault: str = "", **claims: Any) -> None:
    requests.post(f"{broker}/control", json={"fault": fault, "claims": claims}, timeout=10)


def seen(broker: str) -> dict[str, int]:
    found: dict[str, int] = requests.get(f"{broker}/seen", timeout=10).json()["seen"]
    return found


def refused(traveller: Traveller, answer: TestResponse, log: pytest.LogCaptureFixture) -> str:
    """Nobody is in, the sentence is plain, the log knows its id; returns what the log says."""
    assert answer.status_code == 503
    assert SENTENCE in answer.text
    assert "Traceback" not in answer.text
    assert traveller.person() is None
    error_id = answer.text.split("Kennung für Rückfragen: ")[1].split(")")[0]
    lines = [record.getMessage() for record in log.records if error_id in record.getMessage()]
    assert len(lines) == 1
    assert hostile.SECRET not in log.text
    return lines[0]


def test_a_strict_broker_without_faults_lets_one_in(erika: Traveller) -> None:
    """So the codes below are refused for their fault alone: PKCE, client and address fit."""
    assert erika.trip(target="/konto/familie").headers["Location"] == "/konto/familie"
    assert erika.person() is not None


NOW = int(time.time())
BAD_TOKENS: dict[str, tuple[str, dict[str, Any]]] = {
    "another nonce": ("", {"nonce": "somebody-elses"}),
    "no nonce": ("", {"nonce": None}),
    "another audience": ("", {"aud": "another-client"}),
    "no audience": ("", {"aud": []}),
    "two audiences without azp": ("", {"aud": [hostile.CLIENT, "another"]}),
    "another azp": ("", {"azp": "another-client"}),
    "another issuer": ("", {"iss": "https://evil.example"}),
    "expired": ("", {"exp": NOW - 3600}),
    "an end that is no number": ("", {"exp": "tomorrow"}),
    "without an end": ("", {"exp": None}),
    "issued in the future": ("", {"iat": NOW + 3600, "exp": NOW + 7200}),
    "issued long ago": ("", {"iat": NOW - 3600}),
    "not valid yet": ("", {"nbf": NOW + 3600}),
    "an old log-in": ("", {"auth_time": NOW - 3600}),
    "no subject": ("", {"sub": None}),
    "an empty subject": ("", {"sub": ""}),
    "a subject that is a list": ("", {"sub": ["erika"]}),
    "an endless subject": ("", {"sub": "e" * 256}),
    "alg none": ("alg-none", {}),
    "HS256 with the public key": ("hs256-with-the-public-key", {}),
    "an unknown kid": ("unknown-kid", {}),
    "a strange key": ("strange-key", {}),
    "changed after signing": ("changed", {}),
    "no key at all": ("no-keys", {}),
    "token endpoint 500": ("token-500", {}),
    "token endpoint 1 MB": ("token-huge", {}),
    "token endpoint nonsense": ("token-nonsense", {}),
    "token endpoint list": ("token-list", {}),
    "token endpoint redirects": ("token-redirect", {}),
    "no ID token": ("token-none", {}),
    "mix-up": ("mix-up", {}),
    "promised issuer is missing": ("promised-iss", {}),
    "another error": ("error:server_error", {}),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_what_is_wrong_opens_nothing(
    erika: Traveller, broker: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault, claims = BAD_TOKENS[name]
    control(broker, fault, **claims)
    line = refused(erika, erika.trip(target="/konto/familie"), caplog)
    assert len(line) < 400
    assert "erika" not in line


def test_an_endless_answer_is_cut(erika: Traveller, broker: str, caplog: pytest.LogCaptureFixture) -> None:
    control(broker, "token-huge")
    assert f"more than {answers.MAX_BYTES} bytes" in refused(erika, erika.trip(), caplog)


def test_a_redirect_of_the_token_endpoint_is_not_followed(erika: Traveller, broker: str) -> None:
    control(broker, "token-redirect")
    erika.trip()
    assert "/elsewhere" not in seen(broker)


@pytest.mark.parametrize("fault", ["token-hang", "token-drip", "discovery-hang"])
def test_a_broker_that_hangs_costs_seconds_only(
    erika: Traveller, broker: str, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(answers, "READ_S", 0.6)
    monkeypatch.setattr(answers, "TOTAL_S", 1.0)
    control(broker, fault)
    began = time.monotonic()
    answer = erika.client.get("/anmelden/bundid") if fault == "discovery-hang" else erika.trip()
    assert time.monotonic() - began < hostile.HANG_S / 3
    assert "away" in refused(erika, answer, caplog) or fault == "token-drip"


@pytest.mark.parametrize("fault", ["discovery-issuer", "discovery-address", "discovery-500", "discovery-nonsense"])
def test_a_bad_discovery_document_stops_the_trip_before_it_begins(
    erika: Traveller, broker: str, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    control(broker, fault)
    answer = erika.client.get("/anmelden/bundid?next=/konto/familie")
    refused(erika, answer, caplog)
    assert 'name="next" value="/konto/familie"' in answer.text
    control(broker)
    assert erika.trip().status_code == 303


def test_a_broker_that_is_away_leaves_the_other_ways_open(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with brokers.hub(tmp_path, "http://127.0.0.1:9") as app:
        visitor = Traveller(app.test_client(), "", app.extensions["database"])
        answer = visitor.client.get("/anmelden/bundid")
        refused(visitor, answer, caplog)
        assert 'action="/anmelden"' in answer.text


def test_keys_are_fetched_once_and_once_more_for_an_unknown_kid(erika: Traveller, broker: str) -> None:
    for _ in range(2):
        assert erika.trip().status_code == 303
        erika.log_out()
    asked = seen(broker)
    assert (asked["/jwks"], asked["/.well-known/openid-configuration"]) == (1, 1)
    control(broker, "rotated")
    assert erika.trip().status_code == 303
    assert seen(broker)["/jwks"] == 1
    erika.log_out()
    control(broker, "unknown-kid")
    assert erika.trip().status_code == 503
    assert seen(broker)["/jwks"] == 1


@pytest.mark.parametrize("fault", ["right-iss", "secret-in-form"])
def test_brokers_that_do_it_another_right_way_are_understood(erika: Traveller, broker: str, fault: str) -> None:
    control(broker, fault)
    assert erika.trip().status_code == 303
    assert erika.person() is not None


@pytest.mark.parametrize("acr", [None, ["STORK-QAA-Level-4"], 4, {"STORK-QAA-Level-4": 1}, "stork-qaa-level-4", ""])
def test_an_acr_that_is_not_known_proves_basis(erika: Traveller, broker: str, acr: object) -> None:
    control(broker, acr=acr)
    assert erika.trip().status_code == 303
    person = erika.person()
    assert person is not None
    assert person.level == Level.BASIS


def test_claims_about_mail_and_roles_move_nothing(erika: Traveller, broker: str) -> None:
    register(erika.database, "opfer@example.org", None, now_ms())
    control(broker, sub="neu", email="opfer@example.org", email_verified=True, roles=["admin"])
    answer = erika.trip()
    assert answer.headers["Location"].startswith("/anmelden/bundid/neu")
    assert erika.person() is None


def test_a_name_from_the_broker_is_escaped(erika: Traveller, broker: str) -> None:
    control(broker, sub="neu", name="<script>alert(1)</script> " + "x" * 500)
    page = erika.client.get(erika.trip().headers["Location"]).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "x" * 101 not in page


def test_many_bad_trips_from_one_address_must_wait(erika: Traveller, broker: str) -> None:
    control(broker, "token-500")
    assert {erika.trip().status_code for _ in range(20)} == {503}
    answer = erika.client.get("/anmelden/bundid")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert guard.throttle().wait_ms(login_keys("erika@example.org", "127.0.0.1"), now_ms()) == 0


def test_a_waiting_broker_blocks_three_threads_at_most(erika: Traveller, broker: str) -> None:
    one = Broker(Client(broker, hostile.CLIENT, hostile.SECRET, "http://localhost:8080/back"))
    held = [one._slot() for _ in range(3)]
    for slot in held:
        slot.__enter__()
    with pytest.raises(UpstreamError, match="too many"):
        one.question("s", "n", "v", "a", "de", now_ms())
    for slot in held:
        slot.__exit__(None, None, None)
    assert one.question("s", "n", "v", "a", "de", now_ms()).startswith(broker)
