"""The doctor's decisions: each broken thing gives a sentence, and one that says what to do."""

import pytest

from edge.rules import checkup
from edge.rules.checkup import Finding, Level, Listener, Trouble, Wanted

NOW = 1_800_000_000_000
DAY = 86_400_000
PAGE = Wanted("tcp", 8081, ("stadtknoten-portal",), "stadtknoten-portal", "[portal] listen")


def radio(**changes: object) -> Finding:
    facts = {
        "interface": "wlan0",
        "exists": True,
        "country": "DE",
        "kernel_country": "DE",
        "blocked": False,
        "state": "ENABLED",
    }
    return checkup.judge_radio(**{**facts, **changes})  # type: ignore[arg-type]


BROKEN = {
    "bad wifi country": (radio(country="UK"), "GB"),
    "another country in the kernel": (radio(kernel_country="US"), "regdom=DE"),
    "no radio": (radio(exists=False), "Plug"),
    "radio off": (radio(blocked=True), "rfkill unblock"),
    "no hostapd": (radio(state=None), "journalctl -u stadtknoten-hostapd"),
    "no channel": (radio(state="COUNTRY_UPDATE"), "channel"),
    "occupied port": (checkup.judge_ports([PAGE], [Listener("tcp", 8081, "nginx", 77)])[0], "nginx"),
    "empty port": (checkup.judge_ports([PAGE], [Listener("tcp", 80, "nginx", 77)])[0], "stadtknoten-portal"),
    "expired certificate": (checkup.judge_certificate(NOW - 91 * DAY, NOW - DAY, NOW), "enrol CODE"),
    "no certificate": (checkup.judge_certificate(None, None, NOW), "node enrol"),
    "another's certificate": (
        checkup.judge_certificate(NOW - DAY, NOW + 80 * DAY, NOW, "hall", "lake"),
        "enrol CODE && sudo systemctl restart",
    ),
    "certificate of tomorrow": (checkup.judge_certificate(NOW + DAY, NOW + 90 * DAY, NOW), "clock"),
    "not renewed": (checkup.judge_certificate(NOW - 80 * DAY, NOW + 10 * DAY, NOW), "renew"),
    "full disk": (checkup.judge_disk(3, 30_000, False, "/var/lib/stadtknoten"), "vacuum"),
    "tight disk": (checkup.judge_disk(300, 30_000, True, "/var/lib/stadtknoten"), "Make room"),
    "dead card": (checkup.judge_disk(9000, 30_000, False, "/var/lib/stadtknoten"), "SD card"),
    "wrong clock": (checkup.judge_clock(NOW, True, -7200.0), "chronyc makestep"),
    "clock of 1970": (checkup.judge_clock(5000, False, None), "makestep"),
    "nobody set the clock": (checkup.judge_clock(NOW, False, None), "chronyc sources"),
    "no line": (checkup.judge_uplink("eth0", False, False, None), "cable"),
    "no route": (checkup.judge_uplink("eth0", True, False, None), "DHCP"),
    "no names": (checkup.judge_uplink("eth0", True, True, False), "resolv.conf"),
    "no interface": (checkup.judge_uplink("eth9", None, False, None), "ip link"),
    "dead gate": (checkup.judge_gate(None, "Connection refused"), "stadtknoten-gate"),
    "broker away": (checkup.judge_broker("hub:8883", False, Trouble("refused"), True), "stadtknoten-broker"),
    "revoked": (checkup.judge_broker("hub:8883", False, Trouble("certificate", "revoked"), True), "enrol"),
    "refused by the broker": (checkup.judge_broker("hub:8883", True, None, True, "Not authorized"), "enrol CODE"),
    "broker without a line": (checkup.judge_broker("hub:8883", False, Trouble("name"), False), "line first"),
    "hub away": (checkup.judge_hub("https://hub", Trouble("silent"), True), "firewall"),
    "wrong authority": (checkup.judge_hub("https://hub", Trouble("authority", "self-signed"), True), "Check clock"),
    "no agent": (checkup.judge_sensors(["a-1"], None), "stadtknoten-edge"),
    "faulty sensor": (checkup.judge_sensors(["a-1"], {"a-1": "faulty"}), "calibrate a-1"),
    "new bay": (checkup.judge_sensors(["a-1"], {}), "restart"),
    "low voltage": (checkup.judge_power(0x50005), "power supply"),
    "dead service": (checkup.judge_services({"stadtknoten-gate": "failed"})[0], "journalctl"),
    "many leases": (checkup.judge_lease(3900, 4000), "/16"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_is_broken_is_told_with_one_sentence_that_says_what_to_do(name: str) -> None:
    finding, word = BROKEN[name]
    assert finding is not None
    assert finding.level is not Level.OK
    assert finding.text
    assert word in finding.advice
    assert finding.advice[0].isupper()


def test_a_node_that_is_well_has_nothing_but_good_findings() -> None:
    findings = [
        radio(),
        *checkup.judge_ports([PAGE], [Listener("tcp", 8081, "stadtknoten-portal", 5)]),
        checkup.judge_certificate(NOW - DAY, NOW + 89 * DAY, NOW),
        checkup.judge_disk(9000, 30_000, True, "/var"),
        checkup.judge_clock(NOW, True, 0.4),
        checkup.judge_uplink("eth0", True, True, True),
        checkup.judge_gate(3, ""),
        checkup.judge_broker("hub:8883", True, None, True),
        checkup.judge_hub("https://hub", None, True),
        checkup.judge_sensors(["a-1"], {"a-1": "free"}),
        *checkup.judge_services({"stadtknoten-edge": "active"}),
        checkup.judge_lease(3, 4000),
    ]
    assert [finding for finding in findings if finding.level is not Level.OK or finding.advice] == []
    assert checkup.worst(findings) is Level.OK
    assert checkup.judge_power(None) is None


def test_a_program_that_only_root_can_name_is_not_called_a_stranger() -> None:
    assert checkup.judge_ports([PAGE], [Listener("tcp", 8081, "?")])[0].level is Level.OK


def test_a_radio_that_is_silent_on_purpose_is_no_fault() -> None:
    assert radio(state="DISABLED", closed=True).level is Level.OK
    assert "hub's settings" in radio(state="DISABLED", closed=True).text
    assert radio(state="DISABLED").level is not Level.OK
    assert radio(state=None, closed=True).level is not Level.OK
