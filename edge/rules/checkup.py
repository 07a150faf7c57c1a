"""What the doctor thinks of a node: facts in, findings out. Each finding that is not good says what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from edge.rules.countries import COUNTRIES

_DAY_MS = 86_400_000
_SOON_DAYS = 20  # the agent renews from 30 days before the end; after ten days of trying a person must look
_BUILT_MS = 1_735_689_600_000  # 2025-01-01: no node was set up before
_CLOCK_S = 30.0
_TIGHT_MB, _FULL_MB = 500, 50
_ENROL = (
    "Ask for a code on the hub (sudo stadtknoten-hub node enrol NAME), then here: "
    "sudo stadtknoten-edge enrol CODE && sudo systemctl restart stadtknoten-edge"
)
_LINE_FIRST = "Mend the line first (see uplink), then ask again."
_UNDERVOLTAGE, _THROTTLED = 0x1, 0x4


class Level(IntEnum):
    """How bad a finding is."""

    OK = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's list; `advice` is one sentence, empty when all is well."""

    area: str
    level: Level
    text: str
    advice: str = ""


def good(area: str, text: str) -> Finding:
    """All is well there."""
    return Finding(area, Level.OK, text)


def warn(area: str, text: str, advice: str) -> Finding:
    """Works, but somebody should look."""
    return Finding(area, Level.WARN, text, advice)


def bad(area: str, text: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(area, Level.BAD, text, advice)


@dataclass(frozen=True)
class Trouble:
    """Why a server was not reached: `kind` is name, refused, silent, authority, certificate, or other."""

    kind: str
    detail: str = ""


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


def worst(findings: Sequence[Finding]) -> Level:
    """The level of the whole node."""
    return max((finding.level for finding in findings), default=Level.OK)


def judge_radio(  # noqa: PLR0911 (one a finding, read from top to bottom)
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
        return bad(
            area,
            f'the WiFi country "{country}" does not exist, so no channel is allowed',
            'Set town_country to the two letters of the country ("DE"; the United Kingdom is "GB") and run the '
            "playbook again.",
        )
    if not exists:
        advice = f"Plug the radio in, or set [radio] interface to what `iw dev` shows instead of {interface}."
        return bad(area, f"there is no radio {interface}", advice)
    if blocked:
        return bad(area, f"the radio {interface} is switched off", "Run: sudo rfkill unblock wlan")
    if state is None:
        return bad(area, "hostapd is not running", "Look why: sudo journalctl -u stadtknoten-hostapd -n 20")
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


def judge_uplink(interface: str, carrier: bool | None, route: bool, resolves: bool | None) -> Finding:
    """`carrier` None: there is no such interface; `resolves` None: nobody asked."""
    if carrier is None:
        advice = "Set [network] wan to what `ip link` shows."
        return bad("uplink", f"there is no interface {interface} to the internet", advice)
    if not carrier:
        advice = "Check the cable, the switch and its power, then ask again."
        return bad("uplink", f"{interface} has no line: nothing is plugged in, or the other end is off", advice)
    if not route:
        advice = "Ask the network's keeper for an address (DHCP), or set a fixed one; `ip route` must show default."
        return bad("uplink", f"{interface} has no way out: it got no address or no router", advice)
    if resolves is False:
        advice = "Set name servers in /etc/resolv.conf that this network can reach."
        return bad("uplink", "names are not resolved", advice)
    return good("uplink", f"{interface} has a line and a way out")


def judge_clock(now_ms: int, synced: bool, ahead_s: float | None) -> Finding:
    """`ahead_s`: how far this clock is ahead of the hub's, None when the hub did not answer."""
    area = "clock"
    if ahead_s is not None and abs(ahead_s) > _CLOCK_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        text = f"this clock is {_span(abs(ahead_s))} {side} the hub's"
        advice = "Run: sudo chronyc makestep; if it stays, let UDP port 123 through the town's firewall."
        return bad(area, text, advice)
    if now_ms < _BUILT_MS:
        return bad(area, "this clock was never set", "Let UDP port 123 through, then: sudo chronyc makestep")
    if not synced:
        text = "no time service has set this clock since the start"
        return warn(area, text, "Look at `chronyc sources`; UDP port 123 must get through the town's firewall.")
    return good(area, "set by a time service" + ("" if ahead_s is None else f", {abs(ahead_s):.0f} s from the hub's"))


def _span(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"


def judge_disk(free_mb: int | None, total_mb: int, writable: bool, directory: str) -> Finding:
    """Room where the outbox lies."""
    area = "disk"
    if free_mb is None:
        return bad(area, f"{directory} is not there", "Run the playbook again, it makes the directory.")
    if free_mb < _FULL_MB:
        advice = (
            "Make room: sudo journalctl --vacuum-size=16M; sudo apt-get clean; then look at `sudo du -xh / | sort -h`."
        )
        return bad(area, f"the disk is full, {free_mb} of {total_mb} MB are free, readings will be lost", advice)
    if not writable:
        advice = "Start the node again; if it comes back, the SD card is worn out: replace it."
        return bad(area, f"{directory} cannot be written", advice)
    if free_mb < _TIGHT_MB and free_mb < total_mb / 10:
        advice = "Make room soon: sudo apt-get clean, and see `sudo du -xh / | sort -h`."
        return warn(area, f"only {free_mb} of {total_mb} MB are free", advice)
    return good(area, f"{free_mb} of {total_mb} MB are free")


def judge_power(bits: int | None) -> Finding | None:
    """The Raspberry Pi's own bits; None where no firmware tells."""
    if bits is None:
        return None
    if bits & _UNDERVOLTAGE:
        return bad("power", "the voltage is too low", "Use the official power supply and a short cable.")
    if bits & _THROTTLED:
        return warn("power", "the processor is slowed down, it is too hot", "Give the box shade or air.")
    if bits >> 16 & (_UNDERVOLTAGE | _THROTTLED):
        return warn(
            "power", "the voltage was too low or the heat too high since the start", "Watch it; see `vcgencmd`."
        )
    return good("power", "voltage and heat are well")


def judge_sensors(configured: Sequence[str], states: Mapping[str, str | None] | None) -> Finding:
    """`states` as the agent says them; None when it does not run."""
    area = "sensors"
    if states is None:
        advice = "Look why: sudo journalctl -u stadtknoten-edge -n 20"
        return bad(area, "the agent is not running", advice)
    if missing := [bay for bay in configured if bay not in states]:
        advice = "The configuration changed: sudo systemctl restart stadtknoten-edge"
        return warn(area, f"the agent does not know {', '.join(missing)}", advice)
    if broken := [bay for bay, state in states.items() if state in ("faulty", "unknown")]:
        advice = (
            f"Check plug, pin and voltage of {broken[0]}, then: sudo systemctl stop stadtknoten-edge; "
            f"sudo stadtknoten-edge calibrate {broken[0]}; sudo systemctl start stadtknoten-edge"
        )
        return bad(area, f"no sense in what {', '.join(broken)} says", advice)
    if waiting := [bay for bay, state in states.items() if state is None]:
        return warn(area, f"{', '.join(waiting)} said nothing yet", "Wait half a minute and ask again.")
    return good(area, f"{len(states)} bays are read" if states else "no bays are connected here")


def judge_certificate(
    begins_ms: int | None, ends_ms: int | None, now_ms: int, holder: str = "", name: str = ""
) -> Finding:
    """Both None: there is no certificate (or it cannot be read). `holder`: who it is for, `name`: who this node is."""
    area = "certificate"
    if begins_ms is None or ends_ms is None:
        return bad(area, "this node has no certificate, the hub does not know it", _ENROL)
    if now_ms < begins_ms:
        return bad(area, "the certificate is not good yet: this clock is wrong", "Set the clock first (see clock).")
    if now_ms >= ends_ms:
        return bad(area, f"the certificate ended {(now_ms - ends_ms) // _DAY_MS} days ago", _ENROL)
    if holder != name:
        return bad(area, f"the certificate is {holder or 'nobody'}'s, but this node is {name}", _ENROL)
    days = (ends_ms - now_ms) // _DAY_MS
    if days < _SOON_DAYS:
        advice = "Run: sudo stadtknoten-edge renew"
        return warn(area, f"the certificate ends in {days} days and was not renewed", advice)
    return good(area, f"good for {days} days")


def judge_broker(address: str, connected: bool, trouble: Trouble | None, line: bool, refused: str = "") -> Finding:
    """`trouble` of a trial connection; `line`: whether there is an uplink at all; `refused`: why the broker does not
    take what the agent says, "" when it does."""
    if connected and refused:
        text = f"{address} refuses what this node says ({refused}): the certificate is another node's"
        return bad("broker", text, _ENROL)
    if connected:
        return good("broker", f"the agent is connected to {address}")
    if trouble is None:
        advice = "Look why: sudo journalctl -u stadtknoten-edge -n 20"
        return bad("broker", f"{address} takes this node, but the agent is not connected", advice)
    return bad("broker", f"{address}: {_why(trouble)}", _advice(trouble, "stadtknoten-broker", line))


def judge_hub(address: str, trouble: Trouble | None, line: bool) -> Finding:
    """`address` empty: the configuration names no hub."""
    if not address:
        advice = 'Write [node] hub = "https://...", or the certificate cannot be renewed.'
        return warn("hub", "the configuration names no hub", advice)
    if trouble is None:
        return good("hub", f"{address} answers")
    return bad("hub", f"{address}: {_why(trouble)}", _advice(trouble, "nginx stadtknoten-hub-web", line))


def _why(trouble: Trouble) -> str:
    words = {
        "name": "this name is not known",
        "refused": "nobody listens there",
        "silent": "no answer",
        "authority": f"its certificate is not believed ({trouble.detail})",
        "certificate": f"it refuses this node's certificate ({trouble.detail})",
    }
    return words.get(trouble.kind, trouble.detail or "it does not work")


def _advice(trouble: Trouble, services: str, line: bool) -> str:
    if not line:
        return _LINE_FIRST
    if trouble.kind == "name":
        return "Check the address in /etc/stadtknoten/node.toml and the name servers in /etc/resolv.conf."
    if trouble.kind == "authority":
        return f"Check clock and address. If the hub was set up anew: {_ENROL}"
    if trouble.kind == "certificate":
        return f"It was revoked or is over. {_ENROL}"
    return f"On the hub: systemctl status {services}; and let the port through the town's firewall."


def judge_services(states: Mapping[str, str]) -> list[Finding]:
    """systemd's word for each of our units; a good one when all that are there are active."""
    found = [
        bad("services", f"{unit} is {state}", f"Look why: sudo journalctl -u {unit} -n 20")
        for unit, state in states.items()
        if state not in ("active", "activating", "reloading")
    ]
    return found or ([good("services", f"{len(states)} are running")] if states else [])
