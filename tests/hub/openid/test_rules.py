"""What comes next in an authorization request; keys that overlap; subjects that cannot be compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.openid import rules
from hub.openid.rules import Refusal, SigningKey, Situation, Step

DAY = 86_400_000
NOW = 1_800_000_000_000
CLIENT = rules.ClientFacts("pool", ("https://pool.example/cb",))
GOOD = {
    "client_id": ["pool"],
    "redirect_uri": ["https://pool.example/cb"],
    "response_type": ["code"],
    "scope": ["openid email"],
    "code_challenge": ["A" * 43],
    "code_challenge_method": ["S256"],
}
HERE = Situation(level=1, authenticated_at=NOW - 60_000, has_consented=True)


def request(**more: str) -> rules.AuthorizationRequest:
    return rules.parse({**GOOD, **{name: [value] for name, value in more.items()}}, CLIENT)


def test_who_is_logged_in_and_has_agreed_gets_an_answer_at_once() -> None:
    assert rules.next_step(request(), HERE, NOW) is Step.ANSWER
    assert rules.next_step(request(prompt="none"), HERE, NOW) is Step.ANSWER


def test_nobody_logs_in_first_and_quietly_it_is_refused() -> None:
    assert rules.next_step(request(), Situation(), NOW) is Step.LOG_IN
    refused = rules.next_step(request(prompt="none"), Situation(), NOW)
    assert isinstance(refused, Refusal)
    assert refused.error == "login_required"


def test_without_consent_one_is_asked_and_quietly_it_is_refused() -> None:
    new = Situation(level=1, authenticated_at=NOW)
    assert rules.next_step(request(), new, NOW) is Step.CONSENT
    refused = rules.next_step(request(prompt="none"), new, NOW)
    assert isinstance(refused, Refusal)
    assert refused.error == "consent_required"
    assert rules.next_step(request(prompt="consent"), HERE, NOW) is Step.CONSENT


@pytest.mark.parametrize(("max_age", "step"), [("3600", Step.ANSWER), ("59", Step.CONFIRM), ("0", Step.CONFIRM)])
def test_an_old_log_in_is_confirmed(max_age: str, step: Step) -> None:
    assert rules.next_step(request(max_age=max_age), HERE, NOW) is step


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_new_log_in_is_asked_for_once(wish: dict[str, str]) -> None:
    asked = NOW - 30_000
    before = Situation(1, asked - 1, asked, has_consented=True)
    after = Situation(1, asked + 5_000, asked, has_consented=True)
    assert rules.next_step(request(**wish), before, NOW) is Step.CONFIRM
    assert rules.next_step(request(**wish), after, NOW) is Step.ANSWER


def test_a_wished_level_is_asked_for_once_and_then_let_go() -> None:
    wish = request(acr_values="http://eidas.europa.eu/LoA/substantial")
    assert rules.next_step(wish, HERE, NOW) is Step.CONFIRM
    assert rules.next_step(wish, Situation(1, NOW - 1, NOW - 2, has_consented=True), NOW) is Step.ANSWER
    assert rules.next_step(request(acr_values="urn:unknown"), HERE, NOW) is Step.ANSWER


def test_a_hint_at_somebody_else_asks_for_the_other_account() -> None:
    other = Situation(1, NOW, 0, has_consented=True, is_other_person=True)
    assert rules.next_step(request(), other, NOW) is Step.SWITCH
    assert isinstance(rules.next_step(request(prompt="none"), other, NOW), Refusal)


def test_a_hint_that_says_nothing_stops_only_quiet_requests() -> None:
    strange = Situation(1, NOW, 0, has_consented=True, is_strange_hint=True)
    assert rules.next_step(request(), strange, NOW) is Step.ANSWER
    assert isinstance(rules.next_step(request(prompt="none"), strange, NOW), Refusal)


def test_a_person_gives_what_they_want_and_is_not_asked_for_the_rest_again() -> None:
    asked = frozenset({"openid", "email", "profile"})
    first = rules.decide(rules.Consent(), asked, frozenset({"email", "offline_access"}))
    assert (first.agreed, first.declined) == ({"openid", "email"}, {"profile"})
    assert first.decided == asked
    second = rules.decide(first, frozenset({"openid", "profile"}), frozenset({"profile"}))
    assert (second.agreed, second.declined) == (asked, frozenset())
    third = rules.decide(second, asked, frozenset())
    assert (third.agreed, third.declined) == ({"openid"}, {"email", "profile"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://pool.example/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"state": "x" * 2001}, "invalid_request"),
        ({"nonce": "a\x00b"}, "invalid_request"),
        ({"state": "a\nb"}, "invalid_request"),
    ],
)
def test_what_is_wrong_has_a_name(change: dict[str, str], error: str) -> None:
    with pytest.raises(rules.ProtocolError) as caught:
        request(**change)
    assert (caught.value.error, caught.value.redirectable) == (error, True)


@pytest.mark.parametrize("uri", ["", "https://pool.example/cb/", "https://pool.example/cb?x=1", "https://evil.example"])
def test_nothing_is_sent_to_an_address_that_is_not_registered(uri: str) -> None:
    with pytest.raises(rules.ProtocolError) as caught:
        request(redirect_uri=uri)
    assert not caught.value.redirectable
    with pytest.raises(rules.ProtocolError):
        rules.parse(GOOD, None)


def test_unknown_parameters_are_no_fault_and_doubled_ones_are() -> None:
    assert request(colour="rosa", claims="{}").scopes == {"openid", "email"}
    assert rules.parse({**GOOD, "resource": ["https://a.example", "https://b.example"], "x": ["y" * 9000]}, CLIENT)
    for name, value in GOOD.items():
        with pytest.raises(rules.ProtocolError, match="twice"):
            rules.parse({**GOOD, name: value * 2}, CLIENT)


@given(
    st.dictionaries(st.sampled_from([*GOOD, "prompt", "max_age", "state", "request"]), st.lists(st.text(), min_size=1))
)
def test_no_request_at_all_breaks_the_rules(values: dict[str, list[str]]) -> None:
    try:
        rules.parse(values, CLIENT)
    except rules.ProtocolError as error:
        assert error.error


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True), st.integers(0, 500))
def test_the_signing_key_is_always_published(days: list[int], today: int) -> None:
    keys = [SigningKey(str(day), day * DAY) for day in days if day <= today]
    if keys:
        assert rules.signing(keys, today * DAY) in rules.published(keys, today * DAY)


def test_a_new_key_is_known_a_day_before_it_signs_and_the_old_one_stays_a_week() -> None:
    old, new = SigningKey("old", 0), SigningKey("new", 90 * DAY)
    assert rules.needs_new([old], 90 * DAY)
    assert not rules.needs_new([old, new], 91 * DAY)
    assert rules.signing([old, new], 90 * DAY + DAY - 1) == old
    assert rules.signing([old, new], 91 * DAY) == new
    assert rules.published([old, new], 97 * DAY) == [new, old]
    assert rules.published([old, new], 98 * DAY) == [new]


def test_two_services_see_two_subjects_of_one_person() -> None:
    secret = b"k" * 32
    assert rules.pairwise(secret, "pool.example", "h") != rules.pairwise(secret, "library.example", "h")
    assert rules.pairwise(secret, "pool.example", "h") == rules.pairwise(secret, "pool.example", "h")


@pytest.mark.parametrize(
    "uri",
    [
        "http://pool.example/cb",
        "pool.example",
        "https://pool.example/#x",
        "https://pool.example/#",
        "https://pool.example\\@evil.example/",
        "https://somebody@pool.example/",
        "javascript:alert(1)",
        "https:///x",
        "",
    ],
)
def test_bad_addresses_are_not_registered(uri: str) -> None:
    assert rules.redirect_problem(uri)


@pytest.mark.parametrize("uri", ["https://pool.example/cb", "http://localhost:9/cb", "http://127.0.0.1/cb?a=b"])
def test_good_addresses_are(uri: str) -> None:
    assert rules.redirect_problem(uri) is None
