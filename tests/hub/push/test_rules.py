"""Where notices may go, and what answers mean."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.push import rules
from hub.push.gateway import keys
from hub.push.rules import Verdict
from hub.settings import Settings

NOW = 1_800_000_000_000
HOSTS = Settings().push_services


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:DEF-_1",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGZ",
        "https://wns2-by3p.notify.windows.com/w/?token=BQY%3d",
        "https://fcm.googleapis.com:443/x",
    ],
)
def test_the_known_push_services_are_taken(endpoint: str) -> None:
    assert rules.is_push_service(endpoint, HOSTS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://localhost/x",
        "https://169.254.169.254/latest/meta-data",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://evil.example#fcm.googleapis.com/",
        "https://evil.example\\@fcm.googleapis.com/",
        "https://fcm.googleapis.com@evil.example/x",
        "https://user:pw@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:22/x",
        "https://fcm.googleapis.com\r\nHost: evil/x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com",
        "https://notify.windows.com/x",  # the entry names what is below it
        "https://evilnotify.windows.com/x",
        "https://a..notify.windows.com/x",
        "https://FCM.googleapis.com/x",  # browsers give it in small letters
        "https://fcm.googleapis.com/" + "x" * 1000,
        "//fcm.googleapis.com/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_nothing_else_is_taken_as_a_push_service(endpoint: str) -> None:
    assert not rules.is_push_service(endpoint, HOSTS)


@given(st.text(max_size=60))
def test_no_text_before_the_path_leads_elsewhere(text: str) -> None:
    endpoint = f"https://{text}/x"
    if rules.is_push_service(endpoint, ["push.example"]):
        assert text in ("push.example", "push.example:443")


def test_a_port_is_allowed_only_where_the_setting_names_it() -> None:
    assert rules.is_push_service("https://push.example:8443/x", ["push.example:8443"])
    assert not rules.is_push_service("https://push.example/x", ["push.example:8443"])


def test_answers_of_push_services() -> None:
    assert {rules.judge(status) for status in (200, 201, 202, 204)} == {Verdict.DELIVERED}
    assert {rules.judge(status) for status in (404, 410)} == {Verdict.GONE}
    assert {rules.judge(status) for status in (429, 500, 502, 503)} == {Verdict.LATER}
    assert {rules.judge(status) for status in (301, 307, 400, 401, 403, 413)} == {Verdict.REFUSED}


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("7", 7_000),
        ("0", 1_000),
        ("999999", 3_600_000),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60_000),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 1_000),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_an_hour(header: str, wait: int | None) -> None:
    assert rules.retry_after_ms(header, NOW) == wait


@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(header: str) -> None:
    wait = rules.retry_after_ms(header, NOW)
    assert wait is None or 1_000 <= wait <= 3_600_000


@given(st.binary(min_size=32, max_size=32))
def test_any_32_bytes_are_a_key_whose_public_half_lies_on_the_curve(seed: bytes) -> None:
    assert keys.is_point(rules.decode(keys.public_key(seed)))


@pytest.mark.parametrize("seed", [b"\0" * 32, b"\xff" * 32])
def test_even_the_ends_of_the_range_are_keys(seed: bytes) -> None:
    assert len(rules.decode(keys.public_key(seed))) == 65


@pytest.mark.parametrize("seed", [b"", b"k" * 31, b"k" * 33])
def test_a_key_file_that_was_cut_is_no_key(seed: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keys.public_key(seed)


def test_keys_that_are_none_are_seen() -> None:
    point, secret = keys.public_key(b"k" * 32), base64.urlsafe_b64encode(b"s" * 16).decode()
    good = rules.Subscription("https://push.example/x", point, secret)
    assert rules.has_whole_keys(good)
    for p256dh, auth in ((point[:-4], secret), (point, secret[:8]), ("", ""), ("ä", secret), (secret, secret)):
        assert not rules.has_whole_keys(rules.Subscription(good.endpoint, p256dh, auth))
    assert not keys.is_point(b"\4" + b"\1" * 64)


def test_a_notice_says_nothing_but_where_and_in_which_language() -> None:
    assert rules.payload(rules.INBOX_PATH, "en") == b'{"path":"/konto/postfach","lang":"en"}'
