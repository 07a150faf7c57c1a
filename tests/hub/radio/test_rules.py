"""What sensors of other makers say, decoded; and which frame is new."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.radio.rules import (
    BUILT_IN,
    TOPICS,
    Bay,
    Frames,
    Join,
    Options,
    RadioError,
    Reading,
    Uplink,
    check_spec,
    decode,
    observe,
    open_envelope,
)
from tests.hub.radio.uplinks import EUI, chirpstack, sensit, things_stack


def uplink(data: bytes, port: int = 85, **fields: object) -> Uplink:
    return Uplink("chirpstack", "d", "", 0, port, data, fields)


@pytest.mark.parametrize(
    ("port", "data", "reading"),
    [
        (1, "00", Reading(occupied=False)),
        (1, "01", Reading(occupied=True)),
        (2, "01", Reading(occupied=True)),
        (2, "00f6", Reading(occupied=False, temperature_c=-10)),
        (3, "000000000000000000000000" + "001702" + "01" + "01", Reading(occupied=True)),
    ],
)
def test_bosch_tps110(port: int, data: str, reading: Reading) -> None:
    assert decode("bosch_tps110", None, uplink(bytes.fromhex(data), port)) == reading


@pytest.mark.parametrize(("port", "data"), [(1, ""), (3, "00" * 16), (3, "00" * 18), (9, "01")])
def test_what_is_no_tps110_is_refused(port: int, data: str) -> None:
    with pytest.raises(RadioError, match="TPS110"):
        decode("bosch_tps110", None, uplink(bytes.fromhex(data), port))


@pytest.mark.parametrize(
    ("data", "reading"),
    [
        ("0175640382ec05", Reading(battery_percent=100, distance_mm=1516)),  # EM500-UDL's own example
        (
            "01755c036701010482440805000001"[:-2],
            Reading(battery_percent=92, temperature_c=25.7, distance_mm=2116, tilted=False),
        ),
        ("0482440805 0001".replace(" ", "")[:-4] + "0001", Reading(distance_mm=2116, tilted=True)),
        ("0382fdff", Reading()),
        ("8482bc0201", Reading(distance_mm=700)),
    ],
)
def test_milesight(data: str, reading: Reading) -> None:
    assert decode("milesight_udl", None, uplink(bytes.fromhex(data))) == reading


@pytest.mark.parametrize("data", ["", "01", "0175", "017564ee", "0382ec", "7777"])
def test_a_broken_milesight_frame_is_refused_as_a_whole(data: str) -> None:
    with pytest.raises(RadioError, match="Milesight"):
        decode("milesight_udl", None, uplink(bytes.fromhex(data)))


@pytest.mark.parametrize(
    ("fields", "occupied"),
    [({"occupied": True, "battery": 80}, True), ({"status": "unoccupied"}, False), ({"status": "Occupied"}, True)],
)
def test_nedap_sensit(fields: dict[str, object], occupied: bool) -> None:
    assert decode("nedap_sensit", None, uplink(b"", 0, **fields)).occupied is occupied


TABLE = {
    "fields": [
        {"name": "distance_mm", "port": 2, "offset": 1, "size": 2, "endian": "big"},
        {"name": "battery_percent", "tlv": "0175", "scale": 0.5},
        {"name": "tilted", "offset": 0, "bit": 7},
        {"name": "temperature_c", "path": "air.celsius"},
    ],
    "occupied": {"field": "distance_mm", "below": 900},
}


def test_a_table_reads_places_marks_bits_and_names() -> None:
    check_spec(TABLE)
    data = bytes.fromhex("80" + "0320" + "0175c8")
    reading = decode("own", TABLE, uplink(data, 2, air={"celsius": 4.5}))
    assert reading == Reading(True, 800, 100.0, 4.5, True)
    assert decode("own", TABLE, uplink(data, 3)).occupied is None, "that field is of port 2 alone"


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ([], "object"),
        ({"fields": []}, "list"),
        ({"fields": [{"name": "colour", "offset": 0}]}, "name is one of"),
        ({"fields": [{"name": "occupied"}]}, "exactly one of offset"),
        ({"fields": [{"name": "occupied", "offset": 0, "tlv": "0382"}]}, "exactly one of offset"),
        ({"fields": [{"name": "occupied", "offset": 0, "size": 9}]}, "size is a whole number"),
        ({"fields": [{"name": "occupied", "offset": True}]}, "offset is a whole number"),
        ({"fields": [{"name": "occupied", "tlv": "03"}]}, "4 hexadecimal"),
        ({"fields": [{"name": "occupied", "offset": 0, "shell": "rm"}]}, "known keys"),
        ({"fields": [{"name": "battery_percent", "offset": 0}]}, "how a car is seen"),
        ({"fields": [{"name": "value", "offset": 0}], "occupied": {"field": "value"}}, "exactly one of below"),
        (
            {"fields": [{"name": "value", "offset": 0}], "occupied": {"field": "distance_mm", "below": 1}},
            "names a field",
        ),
    ],
)
def test_a_wrong_table_gets_a_plain_sentence(spec: object, sentence: str) -> None:
    with pytest.raises(RadioError, match=sentence):
        check_spec(spec)


def test_chirpstack_and_things_stack_say_the_same() -> None:
    one, other = open_envelope(*chirpstack(b"\x01", 7, 1)), open_envelope(*things_stack(b"\x01", 7, 1))
    assert isinstance(one, Uplink)
    assert isinstance(other, Uplink)
    assert (one.device, other.device) == (EUI, "bay-7")
    assert (one.counter, one.port, one.payload, one.at) == (other.counter, other.port, other.payload, other.at)
    assert one.at == 1_800_000_000_123


def test_fields_that_are_zero_are_left_out_by_both() -> None:
    for envelope in (chirpstack(b"", 0, 0), things_stack(b"", 0, 0)):
        found = open_envelope(*envelope)
        assert isinstance(found, Uplink)
        assert (found.counter, found.port, found.payload) == (0, 0, b"")


def test_a_join_is_a_new_session_and_other_events_say_nothing() -> None:
    topic = f"application/a1/device/{EUI}/event/"
    assert open_envelope(topic + "join", b'{"devAddr": "0a"}') == Join("chirpstack", EUI, "0a")
    assert open_envelope(topic + "status", b"whatever") is None
    assert isinstance(open_envelope("v3/parking@ttn/devices/bay-7/join", b"{}"), Join)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("application/a1/device/x/event/up", b"{"),
        ("application/a1/device/x/event/up", b'{"deviceInfo": 7}'),
        ("application/a1/device/x/event/up", b'{"fCnt": -1}'),
        ("application/a1/device/x/event/up", b'{"data": "%%"}'),
        ("application/a1/device/x/event/up", b'{"deviceInfo": {"devEui": "y"}}'),
        ("v3/a/devices/x/up", b'{"uplink_message": []}'),
        ("sensit/x/y", b"[]"),
        ("weather/x", b"{}"),
    ],
)
def test_a_broken_envelope_is_refused(topic: str, payload: bytes) -> None:
    with pytest.raises(RadioError):
        open_envelope(topic, payload)


def test_the_same_frame_over_two_gateways_counts_once() -> None:
    frames, new = Frames().accept("s", 5)
    frames, again = frames.accept("s", 5)
    assert (new, again, frames.duplicates, frames.received) == (True, False, 1, 1)


def test_a_frame_that_comes_late_is_new_and_no_longer_missed() -> None:
    frames, _ = Frames().accept("s", 5)
    frames, _ = frames.accept("s", 8)
    assert frames.missed == 2
    frames, new = frames.accept("s", 6)
    assert (new, frames.missed) == (True, 1)
    assert frames.accept("s", 6)[1] is False


@pytest.mark.parametrize(("session", "counter"), [("other", 0), ("other", 5), ("s", 0)])
def test_a_device_that_begins_anew_is_heard_again(session: str, counter: int) -> None:
    frames, _ = Frames().accept("s", 500)
    frames, new = frames.accept(session, counter)
    assert new is True
    assert (frames.epoch, frames.highest) == (2, counter)


def test_after_a_join_even_the_same_number_is_new() -> None:
    frames, _ = Frames().accept("s", 3)
    assert frames.joined("t").accept("t", 3)[1] is True


@given(st.lists(st.integers(0, 60), max_size=80))
def test_within_the_window_every_number_is_new_exactly_once(counters: list[int]) -> None:
    frames, new = Frames(), []
    for counter in counters:
        frames, is_new = frames.accept("s", counter)
        new += [counter] * is_new
    assert sorted(new) == sorted(set(counters))
    assert frames.duplicates == len(counters) - len(set(counters))
    if counters:
        assert frames.missed <= max(counters) - min(counters) + 1


def test_distances_have_a_hysteresis() -> None:
    bay = observe(Bay(), Reading(distance_mm=2000), Options())
    assert bay.state == "free"
    assert observe(bay, Reading(distance_mm=1000), Options()).state == "free"
    bay = observe(bay, Reading(distance_mm=500), Options())
    assert bay.state == "occupied"
    assert observe(bay, Reading(distance_mm=1000), Options()).state == "occupied"


def test_a_tilted_sensor_is_faulty_and_tells_once() -> None:
    bay = observe(Bay("free"), Reading(tilted=True, distance_mm=100), Options())
    assert (bay.state, [code for code, _ in bay.news]) == ("faulty", ["sensor_tilted"])
    bay = observe(bay, Reading(distance_mm=100), Options())
    assert (bay.state, bay.news) == ("faulty", ())
    assert observe(bay, Reading(tilted=False, distance_mm=100), Options()).state == "occupied"


def test_a_low_battery_tells_once_until_it_was_changed() -> None:
    bay = observe(Bay("free"), Reading(occupied=False, battery_percent=9), Options())
    assert [code for code, _ in bay.news] == ["battery_low"]
    bay = observe(bay, Reading(occupied=False, battery_percent=12), Options())
    assert (bay.battery_low, bay.news) == (True, ())
    assert observe(bay, Reading(battery_percent=100), Options()).battery_low is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from(
    [
        "deviceInfo",
        "devEui",
        "fCnt",
        "fPort",
        "data",
        "time",
        "devAddr",
        "end_device_ids",
        "device_id",
        "uplink_message",
        "frm_payload",
        "f_cnt",
        "timestamp",
        "status",
        "occupied",
    ]
)


def no_crash(work) -> None:
    try:
        work()
    except RadioError as error:
        assert str(error)


def fuzz(cases: int):
    @settings(max_examples=cases // 4, deadline=None)
    @given(
        st.sampled_from(sorted(BUILT_IN)),
        st.binary(max_size=40),
        st.integers(0, 255),
        st.dictionaries(NAMES, JSON, max_size=3),
    )
    def decoders(name: str, data: bytes, port: int, fields: dict[str, object]) -> None:
        no_crash(lambda: decode(name, None, Uplink("tts", "d", "", 0, port, data, fields)))

    @settings(max_examples=cases // 4, deadline=None)
    @given(st.sampled_from(TOPICS), st.dictionaries(NAMES, JSON, max_size=5))
    def envelopes(pattern: str, body: dict[str, object]) -> None:
        topic = pattern.replace("event/+", "event/up").replace("devices/+/+", "devices/x/up").replace("+", "x")
        no_crash(lambda: open_envelope(topic, json.dumps(body).encode()))

    @settings(max_examples=cases // 4, deadline=None)
    @given(st.sampled_from(TOPICS), st.binary(max_size=60))
    def raw(pattern: str, payload: bytes) -> None:
        topic = pattern.replace("event/+", "event/up").replace("devices/+/+", "devices/x/up").replace("+", "x")
        no_crash(lambda: open_envelope(topic, payload))

    entry = st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["occupied", "distance_mm", "value"]),
            "offset": st.integers(-1, 9),
            "size": st.integers(0, 9),
            "bit": st.integers(0, 70),
            "tlv": st.sampled_from(["0382", "zz"]),
            "path": st.text(max_size=4),
            "scale": st.floats(),
            "signed": st.booleans(),
            "port": JSON,
        },
    )

    @settings(max_examples=cases // 4, deadline=None)
    @given(
        st.fixed_dictionaries({"fields": st.lists(entry, max_size=4)}, optional={"occupied": JSON}),
        st.binary(max_size=20),
        st.dictionaries(st.text(max_size=3), JSON, max_size=3),
    )
    def tables(spec: dict[str, object], data: bytes, fields: dict[str, object]) -> None:
        def work() -> None:
            check_spec(spec)
            decode("own", spec, Uplink("tts", "d", "", 0, 1, data, fields))

        no_crash(work)

    for check in (decoders, envelopes, raw, tables):
        check()


def test_no_bytes_and_no_json_crash_a_decoder() -> None:
    fuzz(400)


@pytest.mark.thorough
def test_ten_thousand_cases_crash_no_decoder() -> None:
    fuzz(10_000)


def test_sensit_gets_its_moment_from_the_reading() -> None:
    found = open_envelope(*sensit(occupied=True))
    assert isinstance(found, Uplink)
    assert (found.counter, found.at) == (None, 1_800_000_000_123)
