"""What the visitors' network needs: radio, ports, addresses, gate."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.rules.checkup.finding import Finding, bad, good, warn
from edge.rules.countries import COUNTRIES


@dataclass(frozen=True)
class Listener:
    """A program that listens on a port; `program` is "?" when only root could tell."""

    protocol: str
    port: int
    program: str
    pid: int = 0


@dataclass(frozen=True)
class Wanted:
    """A port that one of our programs needs, and its service."""

    protocol: str
    port: int
    programs: tuple[str, ...]
    service: str
    setting: str


def judge_radio(
    interface: str,
    exists: bool,
    country: str,
    kernel_country: str | None,
    blocked: bool,
    state: str | None,
    closed: bool = False,
) -> Finding:
    """`state` is hostapd's own word (ENABLED, DFS, COUNTRY_UPDATE ...) or None when it does not answer; `closed`: the
    hub's settings let nobody in now, and the radio is silent."""
    area = "radio"
    if country not in COUNTRIES:  # hostapd takes it and then finds no channel
        advice = 'Set town_country to its two letters ("DE"; the United Kingdom is "GB") and run the playbook again.'
        return bad(area, f'the WiFi country "{country}" does not exist, so no channel is allowed', advice)
    if not exists:
        advice = f"Plug the radio in, or set [radio] interface to what `iw dev` shows instead of {interface}."
        return bad(area, f"there is no radio {interface}", advice)
    if blocked:
        return bad(area, f"the radio {interface} is switched off", "Run: sudo rfkill unblock wlan")
    if state is None:
        return bad(area, "hostapd is not running", "Look why: sudo journalctl -u stadtknoten-hostapd -n 20")
    return _judge_sending(interface, country, kernel_country, state, closed)


def _judge_sending(interface: str, country: str, kernel_country: str | None, state: str, closed: bool) -> Finding:
    area = "radio"
    if state == "DFS":
        return warn(area, f"{interface} listens for radar before it may send", "Wait a minute, ten near an airport.")
    if state == "DISABLED" and closed:
        return good(area, f"{interface} is silent: by the hub's settings the WiFi is off or closed now")
    if state != "ENABLED":
        advice = "Choose another [radio] channel for this country, then: sudo systemctl restart stadtknoten-hostapd"
        return bad(area, f"hostapd does not send, its state is {state}", advice)
    if kernel_country not in (None, country):
        advice = f"Add cfg80211.ieee80211_regdom={country} to the kernel's command line and start the node again."
        return warn(area, f"the kernel thinks that it is in {kernel_country}, the configuration says {country}", advice)
    return good(area, f"{interface} sends, country {country}")


def judge_ports(wanted: Sequence[Wanted], listeners: Sequence[Listener]) -> list[Finding]:
    """One finding for every port that is not held by the program that needs it; one good one when all are."""
    found = [finding for want in wanted if (finding := _judge_port(want, listeners)) is not None]
    return found or ([good("ports", "every program has its port")] if wanted else [])


def _judge_port(want: Wanted, listeners: Sequence[Listener]) -> Finding | None:
    holders = [one for one in listeners if (one.protocol, one.port) == (want.protocol, want.port)]
    if not holders:
        advice = f"Look why: sudo journalctl -u {want.service} -n 20"
        return bad("ports", f"nobody listens on {want.protocol} port {want.port} ({want.service})", advice)
    strangers = [one for one in holders if one.program not in (*want.programs, "?")]
    if not strangers:
        return None
    other = strangers[0]
    return bad(
        "ports",
        f"{want.protocol} port {want.port} is taken by {other.program} (process {other.pid}), "
        f"so {want.service} cannot have it",
        f"Stop and remove {other.program}, or choose another port in {want.setting}; "
        f"then: sudo systemctl restart {want.service}",
    )


def judge_lease(count: int | None, places: int) -> Finding:
    """`count` running leases, None when dnsmasq has no lease file yet."""
    if count is None:
        return warn("lease", "no device has asked for an address yet", "Join the WiFi with a phone and ask again.")
    if count >= places * 0.9:
        advice = "Use a larger [network] ipv4, such as a /16."
        return warn("lease", f"{count} of {places} addresses are given out", advice)
    return good("lease", f"{count} of {places} addresses are given out")


def judge_gate(sessions: int | None, error: str) -> Finding:
    """`sessions` that are online, or None and why the gate did not answer."""
    if sessions is not None:
        return good("gate", f"answers, {sessions} devices are online")
    if "may not speak" in error or "Permission" in error:
        return warn("gate", "only root may ask the gate", "Run the doctor with sudo.")
    advice = "Look why: sudo journalctl -u stadtknoten-gate -n 20"
    return bad("gate", f"the gate does not answer ({error}), so nobody gets online", advice)
