"""hostapd's configuration: an open network, and beside it the same encrypted without a password (OWE, RFC 8110).

In transition mode both carry the same name to people: phones that can, use OWE by themselves. Checked by the real
hostapd before it is used.
"""

import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from captive_portal.tables import Section

# Outdoor use in Germany: 2.4 GHz 1-13; 5 GHz band with radar detection. BNetzA, Allgemeinzuteilung WLAN.
_CHANNELS = {"2.4": tuple(range(1, 14)), "5": (36, 40, 44, 48, 52, 56, 60, 64, *range(100, 141, 4))}
_INDOOR_ONLY = (36, 40, 44, 48, 52, 56, 60, 64)
_CHECK_S = 3.0
_MAC = re.compile(r"02(:[0-9a-f]{2}){5}")


@dataclass(frozen=True)
class Radio:
    """The [radio] table. `capacity` is how many devices the card admits; a Pi's own takes few.

    `driver` "none" is hostapd without a radio, for machines that have none: its control socket answers, nothing sends.
    """

    interface: str
    bridge: str
    ssid: str
    band: str = "2.4"
    channel: int = 6
    country: str = "DE"
    indoor: bool = False
    owe: bool = True
    capacity: int = 16
    venue: str = ""
    venue_url: str = ""
    control: Path = Path("/run/hostapd")
    driver: str = "nl80211"


def parse(section: Section) -> Radio:
    """The checked table; ConfigError says in one sentence what is wrong."""
    driver = section.text("driver", Radio.driver)
    radio = Radio(
        interface=section.interface("interface"),
        bridge=section.interface("bridge"),
        ssid=_line(section, "ssid", section.text("ssid")),
        band=section.text("band", Radio.band),
        channel=section.whole("channel", Radio.channel, 1, 196),
        country=section.text("country", Radio.country),
        indoor=section.flag("indoor"),
        owe=not section.flag("without_owe") and driver == Radio.driver,
        capacity=section.whole("capacity", Radio.capacity, 1, 2007),
        venue=_line(section, "venue", section.text("venue", "")),
        venue_url=_line(section, "venue_url", section.url("venue_url")),
        control=section.path("control", Radio.control) or Radio.control,
        driver=driver,
    )
    if not 0 < len(radio.ssid.encode()) <= 32:
        raise section.fail("ssid", "must have 1 to 32 bytes")
    if not re.fullmatch("[A-Z]{2}", radio.country):
        raise section.fail("country", "must be two capital letters")
    if radio.driver not in ("nl80211", "none"):
        raise section.fail("driver", "must be nl80211, or none on a machine without a radio")
    if radio.channel not in _CHANNELS.get(radio.band, ()):
        raise section.fail("channel", f"{radio.channel} is not allowed in the {radio.band} GHz band")
    if radio.band == "5" and not radio.indoor and radio.channel in _INDOOR_ONLY:
        raise section.fail("channel", f"{radio.channel} may be used indoors only; outdoors 100 to 140")
    if len(radio.interface) > 11:
        raise section.fail("interface", "must have at most 11 letters: the second network adds four")
    return radio


def _line(section: Section, key: str, value: str) -> str:
    """Text of one line: a line break would begin a setting of its own."""
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise section.fail(key, "must be one line of plain text")
    return value


def hostapd_text(radio: Radio) -> str:
    """The whole file."""
    lines = [
        f"interface={radio.interface}",
        *([f"bridge={radio.bridge}"] if radio.driver == "nl80211" else []),
        f"driver={radio.driver}",
        f"ctrl_interface={radio.control}",
        *(_on_the_air(radio) if radio.driver == "nl80211" else []),
        *_network(radio),
        *_open_part(radio),
    ]
    if radio.owe:
        lines += [f"bss={radio.interface}_owe", f"bridge={radio.bridge}", *_network(radio, hidden=True)]
        lines += ["wpa=2", "wpa_key_mgmt=OWE", "rsn_pairwise=CCMP", "ieee80211w=2", "owe_groups=19 20"]
        lines += [f"owe_transition_ifname={radio.interface}"]
    return "\n".join(lines) + "\n"


def _on_the_air(radio: Radio) -> list[str]:
    """Country and channel; without a radio hostapd would look for one that can do them."""
    return [
        f"country_code={radio.country}",
        "ieee80211d=1",
        f"ieee80211h={int(radio.band == '5')}",
        f"hw_mode={'g' if radio.band == '2.4' else 'a'}",
        f"channel={radio.channel}",
        "ieee80211n=1",
        f"ieee80211ac={int(radio.band == '5')}",
        "wmm_enabled=1",
        "beacon_int=100",
    ]


def _open_part(radio: Radio) -> list[str]:
    return [f"owe_transition_ifname={radio.interface}_owe"] if radio.owe else []


def _network(radio: Radio, *, hidden: bool = False) -> list[str]:
    """What both networks have; the encrypted one is found through the open one and shows no name."""
    name = _hidden_name(radio.ssid) if hidden else radio.ssid
    lines = [
        f"ssid2={name.encode().hex()}",
        # levels 4 = warnings: notices would name the devices
        "logger_syslog=-1",
        "logger_syslog_level=4",
        "logger_stdout=-1",
        "logger_stdout_level=4",
        f"ignore_broadcast_ssid={int(hidden)}",
        f"max_num_sta={radio.capacity}",
        "auth_algs=1",
        "ap_isolate=1",
        f"proxy_arp={int(radio.driver == 'nl80211')}",  # needs the bridge
        "disassoc_low_ack=1",
        "ap_max_inactivity=300",
        "interworking=1",
        "access_network_type=3",  # free public network
        "internet=1",
        "venue_group=11",  # outdoor
        "venue_type=2",  # city park
    ]
    if radio.venue:
        lines.append(f"venue_name=deu:{radio.venue}")
    if radio.venue_url:
        lines.append(f"venue_url=1:{radio.venue_url}")
    return lines


def _hidden_name(ssid: str) -> str:
    """A name of its own that nobody sees; the open network announces it to the phones that can."""
    return ssid.encode()[:28].decode("utf-8", "ignore") + "-OWE"


def check(text: str) -> str:
    """What the real hostapd complains about, "" if nothing: it reads a copy that touches no radio.

    It opens its control socket only when it has understood every line. OSError without hostapd.
    """
    with TemporaryDirectory(prefix="hostapd-") as directory:
        file, log = Path(directory, "hostapd.conf"), Path(directory, "log")
        file.write_text(_without_radio(text, directory))
        with log.open("w") as said:
            process = subprocess.Popen(["hostapd", str(file)], stdout=said, stderr=said)
        try:
            understood = _opens(process, Path(directory, "lo"))
        finally:
            process.terminate()
            process.wait(_CHECK_S)
        lines = [line.strip() for line in log.read_text().splitlines()]
    complaints = [line for line in lines if line.startswith(("Line ", "Invalid", "Config"))]
    return "" if understood and not complaints else "; ".join(complaints) or "hostapd does not start with it"


def _opens(process: subprocess.Popen[bytes], control: Path) -> bool:
    deadline = time.monotonic() + _CHECK_S
    while process.poll() is None and time.monotonic() < deadline:
        if control.exists():
            return True
        time.sleep(0.02)
    return False


def _without_radio(text: str, directory: str) -> str:
    """The same settings for no radio at all, one network after the other as hostapd without hardware has only one."""
    replaced = re.sub(r"(?m)^driver=.*$", "driver=none", text)
    replaced = re.sub(r"(?m)^ctrl_interface=.*$", f"ctrl_interface={directory}", replaced)
    replaced = re.sub(r"(?m)^bridge=.*$\n", "", replaced)
    return re.sub(r"(?m)^(interface|bss)=.*$", r"\1=lo", replaced)
