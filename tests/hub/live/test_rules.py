"""Frames, ids, origins and limits."""

from hypothesis import given
from hypothesis import strategies as st

from hub.live import rules


def test_a_frame_carries_id_event_and_body() -> None:
    assert rules.encode("a-1", b'{"sites":[]}') == b'id: a-1\nevent: snapshot\ndata: {"sites":[]}\n\n'


@given(st.binary(max_size=200))
def test_no_body_can_end_its_frame_early(body: bytes) -> None:
    frame = rules.encode("a-1", body)
    assert frame.endswith(b"\n\n")
    assert b"\n\n" not in frame[:-2].replace(b"\r", b"\n")


@given(st.integers(0, 10**12))
def test_an_id_names_its_sequence_in_its_own_process_only(sequence: int) -> None:
    name = rules.event_id("18f3", sequence)
    assert rules.sequence_of(name, "18f3") == sequence
    assert rules.sequence_of(name, "18f4") is None


@given(st.text(max_size=40))
def test_any_text_is_accepted_as_last_event_id(text: str) -> None:
    assert rules.sequence_of(text, "18f3") is None or text.startswith("18f3-")


def test_an_etag_matches_its_weak_form_a_list_and_the_star() -> None:
    tag = rules.etag(b"body")
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert rules.is_current(sent, tag)
    assert not rules.is_current('"other"', tag)
    assert not rules.is_current("", tag)


def test_one_address_cannot_take_all_streams() -> None:
    limits = rules.Limits(per_address=2, total=10)
    assert rules.admits("192.0.2.1", 1, 5, limits)
    assert not rules.admits("192.0.2.1", 2, 5, limits)
    assert rules.admits("192.0.2.2", 0, 5, limits)


def test_the_proxy_on_this_machine_is_limited_by_the_total_alone() -> None:
    limits = rules.Limits(per_address=2, total=10)
    assert rules.admits("127.0.0.1", 9, 9, limits)
    assert not rules.admits("127.0.0.1", 10, 10, limits)


def test_only_pages_of_the_public_address_may_read_the_stream() -> None:
    assert rules.allowed_origins("https://stadt.example/start") == {"https://stadt.example"}
    local = rules.allowed_origins("http://localhost:8090")
    assert "http://127.0.0.1:8090" in local
    assert "http://localhost:8080" not in local
