"""What a node's WiFi may be told: sentences for what is wrong, and opening times that agree with counting minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import wire

DAY, WEEK = 24 * 60, 7 * 24 * 60
CLOCKS = st.integers(0, DAY - 1).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")
SPANS = st.tuples(CLOCKS, CLOCKS | st.just("24:00")).filter(lambda span: span[0] != span[1]).map(list)
HOURS = st.lists(st.lists(SPANS, max_size=3), min_size=7, max_size=7)


def wifi(hours: list, **more: object) -> dict[str, object]:
    return {"zone": "Europe/Berlin", "hours": hours, **more}


def open_minutes(hours: list) -> set[int]:
    """Every open minute of the week, counted one by one."""
    found = set()
    for weekday, day in enumerate(hours):
        for start, end in day:
            first, last = (int(text[:2]) * 60 + int(text[3:]) for text in (start, end))
            last += DAY if last <= first else 0
            found |= {(weekday * DAY + minute) % WEEK for minute in range(first, last)}
    return found


@given(HOURS, st.lists(st.integers(0, WEEK - 1), max_size=20))
def test_open_is_what_counting_minutes_says(hours: list, moments: list[int]) -> None:
    wire.check_wifi(wifi(hours))
    opened = open_minutes(hours)
    for moment in moments:
        assert wire.is_open(wifi(hours), *divmod(moment, DAY)) == (moment in opened)
        assert not wire.is_open(wifi(hours, off=True), *divmod(moment, DAY))


@given(HOURS, st.integers(0, WEEK - 1))
def test_it_opens_after_the_first_closed_minutes_and_not_earlier(hours: list, moment: int) -> None:
    opened, wait = open_minutes(hours), wire.opens_in(wifi(hours), *divmod(moment, DAY))
    if not opened:
        assert wait is None
    elif moment not in opened:
        assert wait is not None
        assert (moment + wait) % WEEK in opened
        assert not any((moment + step) % WEEK in opened for step in range(wait))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "must be an object"),
        ({"colour": "red"}, "colour: unknown key"),
        ({"off": 1}, "off: must be true or false"),
        ({"zone": "../etc/passwd"}, "zone: must be the name of a time zone"),
        ({"hours": [[]] * 7}, "zone: is missing"),
        (wifi([[]] * 6), "seven days"),
        (wifi([[["7:00", "22:00"]]] + [[]] * 6), "two times such as"),
        (wifi([[["24:00", "22:00"]]] + [[]] * 6), "two times such as"),
        (wifi([[["07:00", "07:00"]]] + [[]] * 6), "two different times"),
        (wifi([[["07:00", "24:01"]]] + [[]] * 6), "two different times"),
        (wifi([[["01:00", "02:00"]] * 5] + [[]] * 6), "at most four spans"),
        ({"download_mbit": 0}, "download_mbit: must be a number from 0.1 to 1000"),
        ({"upload_mbit": True}, "upload_mbit: must be a number"),
        ({"quota_mb": 2.5}, "quota_mb: must be a whole number"),
        ({"blocked": [["1A2B3C4D", 5]]}, "8 to 32 hexadecimal digits"),
        ({"blocked": [["1a2b3c4d", 0]]}, "the end must be milliseconds"),
        ({"blocked": [["1a2b3c4d", 5]] * 201}, "at most 200"),
    ],
)
def test_what_no_node_could_obey_is_named(said: object, words: str) -> None:
    with pytest.raises(wire.WireError, match=words):
        wire.check_wifi(said)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
KEYS = st.sampled_from(["off", "zone", "hours", "download_mbit", "quota_mb", "blocked", "x"])


@given(st.dictionaries(KEYS, JSON))
def test_whatever_passes_the_check_can_be_asked(said: dict[str, object]) -> None:
    try:
        wire.check_wifi(said)
    except wire.WireError:
        return
    assert wire.is_open(said, 3, 700) in (True, False)
    wire.opens_in(said, 3, 700)
    assert wire.is_blocked(said, ("a" * 32, "b" * 32), 5) in (True, False)


def test_a_device_is_blocked_by_the_beginning_of_either_days_hash_until_its_end() -> None:
    said = {"blocked": [["1a2b3c4d", 1000]]}
    today, yesterday = "1a2b3c4d" + "0" * 24, "f" * 32
    assert wire.is_blocked(said, (today, yesterday), 999)
    assert wire.is_blocked(said, (yesterday, today), 999)
    assert not wire.is_blocked(said, (today, yesterday), 1000)
    assert not wire.is_blocked(said, (yesterday, yesterday), 999)
