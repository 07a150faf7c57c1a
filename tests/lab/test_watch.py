"""Rogue servers are noticed, advertisements carry the API's address, and hostapd answers over its own socket."""

import json
import signal
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from captive_portal.hostapd import parse_pairs
from tests.lab.lab import PORTAL_HOST, Client, Lab, wait_until

pytestmark = pytest.mark.lab

ATTACK = str(Path(__file__).with_name("attack.py"))
API = f"https://{PORTAL_HOST}/captive-portal/api"


class Agent(socketserver.ThreadingUnixStreamServer):
    """Takes reports as the node's agent does."""

    daemon_threads = True
    reports: list[dict[str, str]]

    class Talk(socketserver.StreamRequestHandler):
        """One report a line."""

        def handle(self) -> None:
            for line in self.rfile:
                self.server.reports.append(json.loads(line))
                self.wfile.write(b'{"ok": true, "seq": 1}\n')


@pytest.fixture(scope="module")
def agent(lab: Lab) -> Iterator[Agent]:
    """The agent's socket, and the watch that reports to it."""
    with Agent(str(lab.directory / "state/agent.sock"), Agent.Talk) as server:
        server.reports = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def visitor(street: Lab, agent: Agent) -> Client:
    """A device in a network that is watched."""
    street.start_watch()
    time.sleep(1.5)  # until both sockets listen
    return street.client(1).join()


def alarms(agent: Agent, code: str) -> list[str]:
    return [report["text"] for report in agent.reports if report.get("code") == code]


@pytest.mark.parametrize(("attack", "code"), [("offer", "rogue_dhcp"), ("advertise", "rogue_ra")])
def test_a_foreign_server_raises_one_alarm_without_its_address(
    street: Lab, visitor: Client, agent: Agent, attack: str, code: str
) -> None:
    visitor.python(ATTACK, attack)
    wait_until(lambda: alarms(agent, code) != [], f"the alarm {code}")
    visitor.python(ATTACK, attack)
    time.sleep(1)
    (text,) = alarms(agent, code)
    assert visitor.mac[:8] in text
    assert visitor.mac not in text + street.log("watch")


def test_a_device_that_takes_turns_between_two_addresses_raises_an_alarm(visitor: Client, agent: Agent) -> None:
    script = (
        "from scapy.layers.l2 import ARP, Ether; from scapy.sendrecv import sendp\n"
        "for n in (5, 6, 5, 6): sendp(Ether(dst='ff:ff:ff:ff:ff:ff')/ARP(psrc=f'10.77.66.{n}', pdst='10.77.0.1'),"
        " iface='wlan0', verbose=False)"
    )
    visitor.python("-c", script)
    wait_until(lambda: alarms(agent, "mac_twice") != [], "the alarm")


def test_the_nodes_own_servers_raise_none(street: Lab, agent: Agent, visitor: Client) -> None:
    before = len(alarms(agent, "rogue_dhcp")) + len(alarms(agent, "rogue_ra"))
    street.client(2).join()
    time.sleep(1)
    assert len(alarms(agent, "rogue_dhcp")) + len(alarms(agent, "rogue_ra")) == before


def test_a_solicited_router_advertisement_carries_the_api_in_option_37(visitor: Client) -> None:
    script = (
        "from scapy.layers.inet6 import *; from scapy.sendrecv import AsyncSniffer, sendp; import time\n"
        "s = AsyncSniffer(iface='wlan0', filter='icmp6 and ip6[40] == 134', store=True); s.start(); time.sleep(1)\n"
        "sendp(Ether(dst='33:33:00:00:00:02')/IPv6(dst='ff02::2')/ICMPv6ND_RS(), iface='wlan0', verbose=False)\n"
        "time.sleep(5); s.stop()\n"
        "for p in s.results:\n"
        " if ICMPv6NDOptCaptivePortal in p:\n"
        "  r = p[ICMPv6ND_RA]; print(p[ICMPv6NDOptCaptivePortal].URI.rstrip(b'\\0').decode(),"
        " r.routerlifetime, r.O, r.M, r.chlim, p[IPv6].hlim)\n"
        " else:\n"
        "  r = p[ICMPv6ND_RA]; print('dnsmasq', r.routerlifetime, r.O, r.M, r.chlim, p[IPv6].hlim)\n"
    )
    lines = visitor.python("-c", "from scapy.layers.l2 import Ether\n" + script).stdout.splitlines()
    own = next(line.split(" ", 1) for line in lines if line.startswith("https"))
    theirs = next(line.split(" ", 1) for line in lines if line.startswith("dnsmasq"))
    assert own[0] == API
    assert own[1] == theirs[1]  # the same lifetime, flags and hop limits as dnsmasq's


def test_dhcpv6_names_the_same_api_in_option_103(visitor: Client) -> None:
    script = (
        "from scapy.layers.dhcp6 import *; from scapy.layers.inet6 import *; from scapy.layers.l2 import Ether\n"
        "own = [l.split()[0] for l in open('/proc/net/if_inet6') if 'wlan0' in l and l.startswith('fe80')][0]\n"
        "src = ':'.join(own[i:i+4] for i in range(0, 32, 4))\n"
        "q = Ether(dst='33:33:00:01:00:02')/IPv6(src=src, dst='ff02::1:2')/UDP(sport=546, dport=547)\n"
        "q /= DHCP6_InfoRequest(trid=77)/DHCP6OptClientId(duid=DUID_LL(lladdr='02:77:00:00:00:01'))\n"
        "q /= DHCP6OptOptReq(reqopts=[103])\n"
        "from scapy.sendrecv import AsyncSniffer, sendp; import time\n"
        "s = AsyncSniffer(iface='wlan0', filter='udp src port 547', store=True); s.start(); time.sleep(.7)\n"
        "sendp(q, iface='wlan0', verbose=False); time.sleep(2); s.stop()\n"
        "print(bytes(s.results[0][UDP].payload))\n"
    )
    assert API in visitor.python("-c", script).stdout


def test_watch_with_scapy_stays_small(street: Lab, visitor: Client) -> None:
    sizes = {name: street.pss_mb(name) for name in ("portal", "gate", "watch")}
    print("PSS in MB:", sizes, "together", round(sum(sizes.values())))
    assert sum(sizes.values()) <= 110


def spoken(street: Lab, expression: str) -> object:
    """What our client says on the node, where hostapd is."""
    program = f"import json; from captive_portal.hostapd import *; c = Control(Path('{street.directory}/hostapd/lan0'))"
    shown = street.run(sys.executable, "-c", f"{program}; print(json.dumps({expression}))", netns=street.space("node"))
    return json.loads(shown.stdout)


def test_hostapd_answers_over_its_socket_as_hostapd_cli_does(street: Lab) -> None:
    control = street.start_hostapd()
    assert spoken(street, "c.ask('PING')") == "PONG\n"
    assert "ssid" in str(spoken(street, "c.ask('GET_CONFIG')"))
    command = ("hostapd_cli", "-p", str(control.parent), "-i", "lan0", "status")
    shown = street.run(*command, netns=street.space("node")).stdout
    assert spoken(street, "c.status()") == parse_pairs(shown)
    assert spoken(street, f"stations(Path('{control.parent}'), 'lan0')") == 0
    assert spoken(street, "c.stations()") == []
    with pytest.raises(RuntimeError, match="refused NO"):
        spoken(street, "c.ask('NO SUCH COMMAND')")
    assert [path.name for path in control.parent.iterdir()] == ["lan0"]


def test_hostapds_events_come_and_its_restart_is_survived(street: Lab) -> None:
    control = street.directory / "hostapd/lan0"
    program = "import sys; from captive_portal.hostapd import *; c = Control(Path(sys.argv[1]))\n"
    program += "for event in c.events(): print(event, flush=True)"
    street._start("events", [sys.executable, "-c", program, str(control)])
    wait_until(lambda: street.log("events") == "ATTACHED\n", "the events")
    spoken(street, "c.ask('DISABLE')")
    wait_until(lambda: "AP-DISABLED" in street.log("events"), "the event")
    street.kill("hostapd", signal.SIGKILL)
    control.unlink(missing_ok=True)
    wait_until(lambda: "LOST" in street.log("events"), "the loss to be noticed")
    street.start_hostapd()
    wait_until(lambda: street.log("events").rstrip().endswith("ATTACHED"), "the new hostapd")
