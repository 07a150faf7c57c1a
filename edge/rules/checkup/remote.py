"""The way to the hub: line, clock, certificate, broker, the hub itself."""

from dataclasses import dataclass

from edge.rules.checkup.finding import Finding, bad, good, warn

_DAY_MS = 86_400_000
_SOON_DAYS = 20  # the agent renews from 30 days before the end; after ten days of trying a person must look
_BUILT_MS = 1_735_689_600_000  # 2025-01-01: no node was set up before
_CLOCK_S = 30.0
_ENROL = (
    "Ask for a code on the hub (sudo stadtknoten-hub node enrol NAME), then here: "
    "sudo stadtknoten-edge enrol CODE && sudo systemctl restart stadtknoten-edge"
)
_LINE_FIRST = "Mend the line first (see uplink), then ask again."


@dataclass(frozen=True)
class Trouble:
    """Why a server was not reached: `kind` is name, refused, silent, authority, certificate, or other."""

    kind: str
    detail: str = ""


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
