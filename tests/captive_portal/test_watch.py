"""The watch judges packets; the radio's frames come out of a capture file."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11Elt, RadioTap
from scapy.utils import wrpcap

from captive_portal.advertise import advertisement
from captive_portal.watch import Watch, look
from captive_portal.watchrules import EVIL_TWIN, MAC_TWICE, Addresses, Limiter, Own, Suspicion, beacon

OURS, FOREIGN = "02:11:22:33:44:55", "66:77:88:99:aa:bb"
OWN = Own(frozenset({OURS}), "Freies WLAN", frozenset({OURS}))


def frame(ssid: str, bssid: str) -> object:
    head = RadioTap() / Dot11(type=0, subtype=8, addr1="ff:ff:ff:ff:ff:ff", addr2=bssid, addr3=bssid)
    return head / Dot11Beacon(cap="ESS") / Dot11Elt(ID="SSID", info=ssid.encode())


def test_our_name_from_a_foreign_transmitter_is_an_evil_twin_and_told_once(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    frames = [frame("Freies WLAN", OURS), frame("Anderes", FOREIGN), *[frame("Freies WLAN", FOREIGN)] * 5]
    wrpcap(str(tmp_path / "air.pcap"), frames)
    look(Watch(OWN, lambda code, text: told.append((code, text))), tmp_path / "air.pcap")
    ((code, text),) = told
    assert code == EVIL_TWIN
    assert FOREIGN not in text
    assert FOREIGN[:8] in text


def test_an_alarm_carries_the_number_of_the_day_by_which_the_device_can_be_blocked(tmp_path: Path) -> None:
    told: list[str] = []
    wrpcap(str(tmp_path / "air.pcap"), [frame("Freies WLAN", FOREIGN)])
    named = Watch(OWN, lambda _code, text: told.append(text), name=lambda mac: "1a2b3c4d5e6f" if mac == FOREIGN else "")
    look(named, tmp_path / "air.pcap")
    assert "Gerät 1a2b3c4d)" in told[0]


def test_the_name_is_compared_as_people_read_it() -> None:
    assert beacon(OWN, " freies wlan", FOREIGN) is not None
    assert beacon(Own(frozenset()), "", FOREIGN) is None


def test_a_new_address_is_no_alarm_and_taking_turns_is() -> None:
    seen = Addresses()
    assert seen.used(FOREIGN, "10.0.0.1", 0) is None
    assert seen.used(FOREIGN, "10.0.0.2", 1) is None
    assert seen.used(FOREIGN, "10.0.0.2", 2) is None
    assert seen.used(FOREIGN, "10.0.0.1", 3) is None
    assert seen.used(FOREIGN, "10.0.0.2", 4) == Suspicion(MAC_TWICE, FOREIGN)
    slow = Addresses()
    assert [slow.used(FOREIGN, f"10.0.0.{n % 2}", n * 40.0) for n in range(9)] == [None] * 9


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["m1", "m2"]), st.floats(0, 100)), max_size=80))
def test_alarms_never_come_more_often_than_promised(events: list[tuple[str, str, float]]) -> None:
    limiter, now, told = Limiter(), 0.0, []
    for code, mac, pause in events:
        now += pause
        if limiter.allows(Suspicion(code, mac), now):
            told.append((code, mac, now))
    for code, mac, at in told:
        assert sum(1 for c, m, t in told if (c, m) == (code, mac) and at <= t < at + 300) == 1
        assert sum(1 for _, _, t in told if at <= t < at + 3600) <= 20


def test_the_advertisement_is_what_rfc_8910_draws() -> None:
    url = "https://wlan.test/captive-portal/api"
    message = advertisement(url)
    assert message[0] == 134
    option = message[16:]
    assert option[0] == 37
    assert len(option) == option[1] * 8
    assert option[2:].rstrip(b"\0") == url.encode()
