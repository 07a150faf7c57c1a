"""The access point's configuration, held against the real hostapd where it is installed, and its control answers."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal import radio
from captive_portal.hostapd import count_of, parse_pairs, parse_station
from captive_portal.tables import ConfigError, Section

TABLE = {"interface": "wlan0", "bridge": "lan0", "ssid": "Freies WLAN", "venue": "Kurpark am See"}
hostapd = pytest.mark.skipif(shutil.which("hostapd") is None, reason="hostapd is not installed")


def parse(**changes: object) -> radio.Radio:
    return radio.parse(Section({"radio": {**TABLE, **changes}}, "radio"))


@hostapd
@pytest.mark.parametrize("changes", [{}, {"without_owe": True}, {"band": "5", "channel": 100}, {"ssid": "Grüß Gott ☀"}])
def test_the_real_hostapd_understands_every_line(changes: dict[str, object]) -> None:
    assert radio.check(radio.hostapd_text(parse(**changes))) == ""


@hostapd
def test_the_real_hostapd_refuses_what_it_does_not_know() -> None:
    assert "nonsense" in radio.check(radio.hostapd_text(parse()) + "nonsense=1\n")


def test_visitors_are_kept_apart_and_the_encrypted_network_stands_beside_the_open_one() -> None:
    text = radio.hostapd_text(parse())
    assert text.count("ap_isolate=1") == 2
    assert text.count("proxy_arp=1") == 2
    assert text.count("logger_stdout_level=4") == 2  # its default names every device that comes
    assert "wpa_key_mgmt=OWE" in text
    assert "ieee80211w=2" in text
    assert "owe_transition_ifname=wlan0_owe\n" in text
    assert "owe_transition_ifname=wlan0\n" in text
    assert "venue_name=deu:Kurpark am See" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"ssid": "a" * 33},
        {"ssid": "ä" * 17},
        {"ssid": "Netz\nwpa=0"},
        {"venue": "x\nctrl_interface=/tmp"},
        {"country": "de"},
        {"channel": 14},
        {"band": "5", "channel": 6},
        {"band": "5", "channel": 36},
        {"capacity": 0},
        {"interface": "wlan0; rm"},
    ],
)
def test_what_is_not_allowed_is_refused_with_a_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="radio"):
        parse(**wrong)


@given(st.text(max_size=300))
def test_no_answer_of_hostapd_breaks_the_reader(text: str) -> None:
    parse_station(text)
    count_of(parse_pairs(text))


def test_stations_are_counted_over_all_networks() -> None:
    assert count_of({"num_sta[0]": "3", "num_sta[1]": "4", "state": "ENABLED"}) == 7
    assert count_of({"state": "ENABLED"}) is None
