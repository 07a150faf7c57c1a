"""What the kernel is given at the gate's start: the rules, a shaping class for every slot, and at last the routing."""

import logging
import subprocess
from pathlib import Path
from string import Template

from captive_portal.config import Limits, Network

_log = logging.getLogger(__name__)
_GARDEN = 0xF  # the class that all visitors of the walled garden share
FIRST_SLOT = 0x10
_BURST = "32k"
_LEASE_MINUTES = 30  # as the DHCP server grants them
# A queue of its own for each class, the best that the kernel has: the first one that it takes.
_QUEUES = ("fq_codel limit 256 flows 64 memory_limit 512kb", "pfifo limit 60")

_ISOLATION = """
table bridge portal
delete table bridge portal
table bridge portal {
  chain forward {
    type filter hook forward priority filter; policy drop;
  }
}
"""


def class_of(slot: int) -> str:
    """The HTB class of a slot, as nft and tc write it."""
    return f"1:{slot:x}"


def rules_text(network: Network) -> str:
    """The rules file with this node's interfaces and networks set in; OSError if the town's own rules are missing."""
    template = Template(Path(__file__).with_name("gate.nft").read_text("utf-8"))
    admin = ", ".join(map(str, network.admin_ports))
    nat6 = network.ipv6_masquerade and network.ipv6
    pages = (53, network.portal_port, *filter(None, (network.tls_port,)))
    leases = leases_a_minute(network)
    text = template.substitute(
        lan=network.lan,
        wan=network.wan,
        portal_port=network.portal_port,
        page_ports=", ".join(map(str, pages)),
        own_https=f"fib daddr type local tcp dport 443 redirect to :{network.tls_port}" if network.tls_port else "",
        leases=leases,
        lease_burst=leases * 3,
        garden=class_of(_GARDEN),
        network4=network.ipv4.network,
        admin=f'iifname "{network.wan}" tcp dport {{ {admin} }} accept' if admin else "",
        masquerade6=f'oifname "{network.wan}" ip6 saddr {nat6.network} masquerade' if nat6 else "",
        isolation=_ISOLATION if Path("/sys/class/net", network.lan, "bridge").exists() else "",
    )
    return text + (network.extra_rules.read_text("utf-8") if network.extra_rules else "")


def leases_a_minute(network: Network) -> int:
    """DHCP packets a minute that can never use up the pool: each lease takes two and is free again after its time."""
    return int(network.ipv4.network.num_addresses // _LEASE_MINUTES)


def shape(network: Network, limits: Limits) -> None:
    """Give every slot its class on both interfaces: downloads leave on lan, uploads on wan. OSError if tc refuses."""
    for interface, mbit in ((network.lan, limits.download_mbit), (network.wan, limits.upload_mbit)):
        queue = _best_queue(interface)
        slots = range(FIRST_SLOT, FIRST_SLOT + limits.clients)
        lines = [*_total(interface, limits), *_classes(interface, mbit, (_GARDEN, *slots), limits, queue)]
        _tc(["-force", "-batch", "-"], "\n".join(lines))


def reshape(network: Network, limits: Limits) -> None:
    """New speeds for the classes that `shape` made, while traffic flows through them. OSError if tc refuses."""
    for interface, mbit in ((network.lan, limits.download_mbit), (network.wan, limits.upload_mbit)):
        slots = (_GARDEN, *range(FIRST_SLOT, FIRST_SLOT + limits.clients))
        lines = [line for line in _classes(interface, mbit, slots, limits, _QUEUES[-1]) if line.startswith("class")]
        _tc(["-force", "-batch", "-"], "\n".join(lines))


def _total(interface: str, limits: Limits) -> list[str]:
    if not limits.total_mbit:
        return []
    speed = f"rate {limits.total_mbit}mbit burst {_BURST} cburst {_BURST}"
    return [f"class replace dev {interface} parent 1: classid 1:1 htb {speed}"]


def _classes(interface: str, mbit: float, slots: tuple[int, ...], limits: Limits, queue: str) -> list[str]:
    """With a total for the whole node every class is sure of its share and may borrow up to its limit."""
    parent = "1:1" if limits.total_mbit else "1:"
    sure = min(mbit, limits.total_mbit / len(slots)) if limits.total_mbit else mbit
    lines = []
    for slot in slots:
        speed = f"rate {sure:.3f}mbit ceil {mbit:.3f}mbit burst {_BURST} cburst {_BURST} quantum 3028"
        lines.append(f"class replace dev {interface} parent {parent} classid {class_of(slot)} htb {speed}")
        lines.append(f"qdisc replace dev {interface} parent {class_of(slot)} handle {slot + 0x100:x}: {queue}")
    return lines


def _best_queue(interface: str) -> str:
    """The first of _QUEUES that this kernel knows, tried on a class of its own; the log says when it is the last."""
    if " htb 1: root" not in _tc(["qdisc", "show", "dev", interface]):  # replacing it would throw away its classes
        _tc(["qdisc", "replace", "dev", interface, "root", "handle", "1:", "htb"])
    _tc(["class", "replace", "dev", interface, "parent", "1:", "classid", "1:2", "htb", "rate", "1mbit"])
    for queue in _QUEUES[:-1]:
        try:
            _tc(["qdisc", "replace", "dev", interface, "parent", "1:2", "handle", "2:", *queue.split()])
        except OSError:
            _log.info("this kernel has no %s, simple queues shape the traffic of %s", queue.split()[0], interface)
        else:
            return queue
    return _QUEUES[-1]


def _tc(arguments: list[str], lines: str = "") -> str:
    done = subprocess.run(["tc", *arguments], input=lines, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise OSError(f"tc: {(done.stderr.strip() or 'failed').splitlines()[0]}")
    return done.stdout


def let_forward(wan: str) -> None:
    """Turn on routing; done after the rules are in force. OSError without root."""
    settings = {"ipv4/ip_forward": "1", f"ipv6/conf/{wan}/accept_ra": "2", "ipv6/conf/all/forwarding": "1"}
    # With br_netfilter and the watch's listening, DHCP would leave the bridge as "invalid", and nobody got an address.
    settings |= {f"bridge/bridge-nf-call-{name}": "0" for name in ("iptables", "ip6tables")}
    for name, value in settings.items():
        path = Path("/proc/sys/net", name)
        if path.exists():
            path.write_text(value)
