"""What may be said and what may not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import wire

BAY = {"outbox": "aa", "seq": 1, "ts": "2026-11-24T10:15:30.123Z", "bay": "lake-001", "state": "free"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(wire.FIELDS)), st.binary(max_size=200))
def test_bytes_are_a_message_or_a_wire_error_and_nothing_else(kind: str, payload: bytes) -> None:
    try:
        assert isinstance(wire.decode(kind, payload), dict)
    except wire.WireError as error:
        assert str(error)


@given(st.sampled_from(sorted(wire.FIELDS)), st.data())
def test_any_values_in_known_fields_are_checked_without_a_crash(kind: str, data) -> None:
    body = {field: data.draw(JSON) for field in wire.FIELDS[kind]}
    try:
        wire.check(kind, body)
    except wire.WireError as error:
        assert str(error)


def test_unknown_fields_are_ignored() -> None:
    wire.check("bay", {**BAY, "colour": "red"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"seq": 0}, "out of range: seq"),
        ({"seq": 2**63}, "out of range: seq"),
        ({"seq": True}, "wrong type: seq"),
        ({"seq": "1"}, "wrong type: seq"),
        ({"state": "flying"}, "unknown value: state"),
        ({"bay": "Lake 1"}, "not a name: bay"),
        ({"bay": "all"}, "not a name: bay"),
        ({"ts": "2026-02-29T00:00:00.000Z"}, "not a timestamp: ts"),
        ({"ts": None}, "missing field: ts"),
        ({"distance_m": float("nan")}, "out of range: distance_m"),
        ({"outbox": "a b"}, "not a name: outbox"),
    ],
)
def test_a_broken_field_is_named(change: dict, reason: str) -> None:
    with pytest.raises(wire.WireError, match=reason):
        wire.check("bay", {**BAY, **change})


def test_an_absent_outbox_is_allowed() -> None:
    assert wire.readable_seq(b'{"seq": 4}') == ("", 4)


def test_the_number_of_a_broken_message_can_be_read() -> None:
    assert wire.readable_seq(b'{"outbox": "aa", "seq": 4, "state": 9}') == ("aa", 4)
    assert wire.readable_seq(b'{"outbox": "aa", "seq": -4}') is None
    assert wire.readable_seq(b"garbage") is None


def test_a_skip_must_not_run_backwards() -> None:
    body = {"seq": 9, "ts": BAY["ts"], "from": 5, "to": 4, "reason": "x"}
    with pytest.raises(wire.WireError, match="from"):
        wire.check("skip", body)


def test_a_huge_payload_is_refused_unread() -> None:
    with pytest.raises(wire.WireError, match="64 KiB"):
        wire.decode("bay", b" " * 70_000)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 (the strategy wants naive bounds)
def test_timestamps_agree_with_datetime(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    milliseconds = round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    assert wire.parse_ms(text) == milliseconds
    assert wire.format_ms(milliseconds) == text


@given(st.text(max_size=30))
def test_any_other_text_is_no_timestamp(text: str) -> None:
    try:
        assert wire.format_ms(wire.parse_ms(text)) == text
    except ValueError:
        assert True


@pytest.mark.parametrize("name", ["", "all", "a/b", "+", "#", "Ä", "a" * 64, "a b"])
def test_a_name_that_would_break_a_topic_is_none(name: str) -> None:
    assert not wire.is_name(name)


def test_topics_are_built_and_taken_apart() -> None:
    assert wire.split(wire.up("kurpark", "bay")) == ("node", "v1", "kurpark", "bay")
    with pytest.raises(ValueError, match="kind"):
        wire.up("kurpark", "weather")
    with pytest.raises(ValueError, match="contract"):
        wire.split("a/b")
