"""What goes out when: live readings at once, the backlog behind them at its own pace."""

from hypothesis import given
from hypothesis import strategies as st

from edge.window import FIRST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_RESEND_S, RESEND_S, Window, pause_s


def after_an_outage(backlog: int = 10_000, per_s: float = 500) -> Window:
    window = Window(limit=200, per_s=per_s)
    window.restart(backlog)
    return window


def test_a_live_reading_goes_out_at_once_however_long_the_backlog_is() -> None:
    window = after_an_outage()
    for seq in range(1, window.replay_room(100.0) + 1):
        window.add(seq, 100.0)
    assert window.replay_room(100.0) == 0
    assert window.live_room() > 0
    window.add(10_001, 100.0)
    assert (window.live, window.replayed) == (10_001, 200)


def test_the_backlog_keeps_to_its_rate() -> None:
    window, sent = after_an_outage(), 0
    for tick in range(100):  # ten seconds of ticks, the hub acks everything at once
        now = 1000 + tick / 10
        for _ in range(window.replay_room(now)):
            sent += 1
            window.add(sent, now)
        window.acked(sent, now)
    assert 4_500 <= sent <= 5_500


@given(st.lists(st.floats(0, 2), min_size=1, max_size=50), st.floats(1, 1000))
def test_never_more_than_one_seconds_worth_at_once(pauses: list[float], per_s: float) -> None:
    window, now, sent = after_an_outage(10**6, per_s), 0.0, 0
    window.limit = 10**6
    for pause in pauses:
        now += pause
        room = window.replay_room(now)
        assert room <= per_s
        for _ in range(room):
            sent += 1
            window.add(sent, now)


def test_without_progress_all_is_sent_again_ever_more_slowly() -> None:
    window = after_an_outage(5)
    window.add(1, 0.0)
    assert not window.expire(RESEND_S - 1, 5)
    assert window.expire(RESEND_S, 5)
    assert (window.replayed, window.sent) == (0, {})
    window.add(1, 30.0)
    assert not window.expire(30.0 + RESEND_S, 5)
    assert window.expire(30.0 + 2 * RESEND_S, 5)
    for _ in range(10):
        window.add(1, 0.0)
        window.expire(1e6, 5)
    assert window.patience_s == LONGEST_RESEND_S


def test_progress_gives_patience_back() -> None:
    window = after_an_outage(10)
    window.add(1, 0.0)
    window.expire(RESEND_S, 10)
    window.add(1, 30.0)
    window.add(2, 30.0)
    window.acked(1, 60.0)
    assert window.patience_s == RESEND_S
    assert not window.expire(60.0 + RESEND_S - 1, 10)


def test_each_failed_attempt_doubles_the_pause_up_to_a_minute() -> None:
    assert [pause_s(failures, 0.5) for failures in (0, 1, 2, 3)] == [1, 2, 4, 8]
    assert pause_s(1000, 0.5) == LONGEST_PAUSE_S


@given(st.integers(0, 100), st.floats(0, 1), st.floats(0, 1))
def test_nodes_that_lost_one_broker_come_back_at_different_moments(failures: int, one: float, other: float) -> None:
    assert 0.5 * FIRST_PAUSE_S <= pause_s(failures, one) <= 1.5 * LONGEST_PAUSE_S
    assert (pause_s(failures, one) > pause_s(failures, other)) == (0.5 + one > 0.5 + other)
