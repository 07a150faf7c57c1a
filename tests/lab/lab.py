"""A small street in network namespaces: clients - node - internet, with real dnsmasq, nftables and a real DHCP client.

`Lab` builds it and takes it down; nothing stays behind, whatever happened in between.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from captive_portal.access import AccessError
from captive_portal.gateclient import GateAccess
from tests.captive_portal.factory import bulletin, write_state

PORTAL_HOST = "wlan.test"
INTERNET4, INTERNET6 = "10.99.0.1", "fd99::1"
_UNPRIVILEGED = 65534  # nobody

_DNSMASQ = """
no-resolv
no-hosts
no-ping
user=root
bind-dynamic
interface=lan0
except-interface=lo
pid-file={directory}/dnsmasq.pid
dhcp-leasefile={directory}/dnsmasq.leases
dhcp-range=10.77.0.100,10.77.0.200,255.255.0.0,1h
dhcp-option=option:router,10.77.0.1
dhcp-option-force=114,http://{host}/captive-portal/api
enable-ra
dhcp-range=::,constructor:lan0,ra-stateless,64,1h
address=/{host}/10.77.0.1
address=/{host}/fd77:77::1
address=/#/{internet4}
address=/#/{internet6}
"""

_NODE = """
[node]
name = "kurpark_see"
label = "Kurpark am See"
[state]
directory = "{directory}/state"
[portal]
listen = "*:8081"
host = "{host}"
session_minutes = 60
services_url = "http://stadt.test/"
[network]
lan = "lan0"
wan = "wan0"
ipv4 = "10.77.0.1/16"
ipv6 = "fd77:77::1/64"
gate_socket = "{directory}/gate/gate.sock"
gate_store = "{directory}/gate-store/sessions.db"
lease_file = "{directory}/dnsmasq.leases"
portal_user = "nobody"
"""

# What udhcpc calls with the lease in its environment.
_DHCP_SCRIPT = """#!/bin/sh
case "$1" in
  bound|renew)
    ip addr replace "$ip/$mask" dev "$interface"
    ip route replace default via "$router"
    echo "nameserver $dns" > "{resolv}"
    env > "{lease}"
    ;;
esac
"""

_WEB_SERVER = """
import http.server, socket, sys
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"the internet says hello to " + self.client_address[0].encode()
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
Server(("::", int(sys.argv[1])), Page).serve_forever()
"""


class Client:
    """A visitor's device: its own namespace, MAC address, lease and commands."""

    def __init__(self, lab: "Lab", number: int) -> None:
        self.lab = lab
        self.space = lab.space(f"c{number}")
        self.mac = f"02:77:00:00:00:{number:02x}"
        self.lease: dict[str, str] = {}
        self._lease_file = lab.directory / f"lease-{number}"

    def join(self) -> "Client":
        """Associate, get a lease by DHCP (its variables are in `lease`) and an IPv6 address by router advertisement."""
        lab, space = self.lab, self.space
        lab.ip(
            "link",
            "add",
            "link",
            "air0",
            "name",
            "wlan0",
            "address",
            self.mac,
            "type",
            "macvlan",
            "mode",
            "private",
            netns=lab.space("air"),
        )
        lab.ip("link", "set", "wlan0", "netns", space, netns=lab.space("air"))
        lab.ip("link", "set", "lo", "up", netns=space)
        lab.ip("link", "set", "wlan0", "up", netns=space)
        resolv = lab.resolv_conf(space)
        script = lab.directory / f"dhcp-{space}"
        script.write_text(_DHCP_SCRIPT.format(resolv=resolv, lease=self._lease_file))
        script.chmod(0o755)
        self.run("udhcpc", "-i", "wlan0", "-n", "-q", "-f", "-t", "10", "-T", "1", "-O", "114", "-s", str(script))
        wait_until(lambda: self.address6() is not None, "an IPv6 address by router advertisement")
        lines = self._lease_file.read_text().splitlines()
        self.lease = dict(line.split("=", 1) for line in lines if "=" in line)
        return self

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the device."""
        return self.lab.run(*command, netns=self.space)

    def get(self, url: str, *options: str) -> subprocess.CompletedProcess[str]:
        """curl on the device; the answer's text, or an exit code other than 0."""
        command = ["curl", "-sS", "--max-time", "4", *options, url]
        return self.lab.run(*command, netns=self.space, check=False)

    def reaches(self, address: str) -> bool:
        """Whether a connection to a port of the internet that nobody redirects gets through."""
        return "hello" in self.get(f"http://{address}:8000/").stdout

    def pings(self, target: str, source: str) -> bool:
        """Whether an echo from `source` comes back."""
        command = ("ping", "-c", "1", "-W", "1", "-I", source, target)
        return self.lab.run(*command, netns=self.space, check=False).returncode == 0

    def borrow(self, address: str) -> None:
        """Take an address that is not this device's."""
        options = ("nodad",) if ":" in address else ()
        self.run("ip", "addr", "add", address, "dev", "wlan0", *options)

    def give_back(self, address: str) -> None:
        """Drop a borrowed address."""
        self.run("ip", "addr", "del", address, "dev", "wlan0")

    def address6(self) -> str | None:
        """The device's global IPv6 address, once it may be used."""
        shown = json.loads(self.run("ip", "-j", "-6", "addr", "show", "dev", "wlan0", "scope", "global").stdout)
        entries = [entry for link in shown for entry in link.get("addr_info", []) if not entry.get("tentative")]
        return next((str(entry["local"]) for entry in entries if "local" in entry), None)


class Lab:
    """The street. A context manager; processes are ended by their own handle only."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._prefix = f"sk{os.getpid()}"
        self._stack = contextlib.ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Lab":
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def space(self, name: str) -> str:
        """The full name of one of this lab's namespaces."""
        return f"{self._prefix}-{name}"

    def left_behind(self) -> list[str]:
        """Namespaces and files of this lab that are still there."""
        names = [line.split()[0] for line in self.run("ip", "netns", "list").stdout.splitlines()]
        files = [str(path) for path in Path("/etc/netns").glob(f"{self._prefix}-*")]
        return [name for name in names if name.startswith(f"{self._prefix}-")] + files

    def client(self, number: int) -> Client:
        """A new device, not yet joined."""
        self._add_space(f"c{number}")
        return Client(self, number)

    def start_gate(self) -> subprocess.Popen[bytes]:
        """The gate as root on the node; ready when it answers."""
        process = self._start("gate", [sys.executable, "-m", "captive_portal", "gate", "--config", str(self.config)])
        access = GateAccess(self.directory / "gate/gate.sock")

        def answers() -> bool:
            with contextlib.suppress(AccessError):
                return access.ask({"verb": "list"})["ok"] is True
            return False

        self._await("gate", answers)
        return process

    def start_portal(self) -> subprocess.Popen[bytes]:
        """The landing page as an unprivileged user; the one capability only lets it read the developer's checkout."""
        drop = ["setpriv", f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups", "--no-new-privs"]
        read = [
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search",
            "--bounding-set=-all,+dac_read_search",
        ]
        command = [sys.executable, "-m", "captive_portal", "--config", str(self.config)]
        process = self._start("portal", [*drop, *read, *command])
        self._await("portal", self._portal_answers)
        return process

    def kill(self, name: str, number: signal.Signals) -> None:
        """End a process of this lab and wait for it."""
        process = self._processes.pop(name)
        process.send_signal(number)
        process.wait(timeout=10)

    def pss_mb(self, name: str) -> float:
        """Proportional memory of a process of this lab, in MB."""
        lines = Path(f"/proc/{self._processes[name].pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000

    @property
    def config(self) -> Path:
        """The node's configuration file."""
        return self.directory / "node.toml"

    def nft(self, *command: str) -> str:
        """nft on the node."""
        return self.run("nft", *command, netns=self.space("node")).stdout

    def ip(self, *command: str, netns: str | None = None) -> None:
        """ip, in a namespace if one is named."""
        self.run("ip", *(("-n", netns) if netns else ()), *command)

    def run(self, *command: str, netns: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A command with its output; its complaint is the error."""
        inside = ["ip", "netns", "exec", netns] if netns else []
        done = subprocess.run([*inside, *command], capture_output=True, text=True, timeout=30, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def resolv_conf(self, space: str) -> Path:
        """The file that `ip netns exec` shows as /etc/resolv.conf in a namespace."""
        return Path("/etc/netns", space, "resolv.conf")

    def _build(self) -> None:
        for name in ("internet", "node", "air"):
            self._add_space(name)
        node, internet, air = self.space("node"), self.space("internet"), self.space("air")
        self.ip("link", "add", "lan0", "netns", node, "type", "veth", "peer", "name", "air0", "netns", air)
        self.ip("link", "add", "wan0", "netns", node, "type", "veth", "peer", "name", "net0", "netns", internet)
        for space, link, addresses in (
            (node, "lan0", ("10.77.0.1/16", "fd77:77::1/64")),
            (node, "wan0", ("10.99.0.2/24", "fd99::2/64")),
            (internet, "net0", (f"{INTERNET4}/24", f"{INTERNET6}/64")),
            (air, "air0", ()),
        ):
            self.ip("link", "set", "lo", "up", netns=space)
            for address in addresses:
                self.ip("addr", "add", address, "dev", link, *(("nodad",) if ":" in address else ()), netns=space)
            self.ip("link", "set", link, "up", netns=space)
        self.ip("route", "add", "default", "via", INTERNET4, netns=node)
        self.ip("route", "add", "default", "via", INTERNET6, netns=node)
        self.ip("route", "add", "fd77:77::/64", "via", "fd99::2", netns=internet)
        self._write_files()
        for port in ("80", "8000"):
            self._start(f"web{port}", [sys.executable, "-c", _WEB_SERVER, port], internet)
        self._start("dnsmasq", ["dnsmasq", "--keep-in-foreground", f"--conf-file={self.directory}/dnsmasq.conf"])
        for port in (80, 8000):
            ready = ("curl", "-s", "--max-time", "1", f"http://[{INTERNET6}]:{port}/")
            wait_until(
                lambda ready=ready: "hello" in self.run(*ready, netns=internet, check=False).stdout, "the internet"
            )

    def _write_files(self) -> None:
        self.directory.chmod(0o755)
        values = {"directory": self.directory, "host": PORTAL_HOST, "internet4": INTERNET4, "internet6": INTERNET6}
        (self.directory / "dnsmasq.conf").write_text(_DNSMASQ.format(**values))
        self.config.write_text(_NODE.format(**values))
        write_state(self.directory / "state", bulletin(), connected=True)

    def _add_space(self, name: str) -> None:
        space = self.space(name)
        self.ip("netns", "add", space)
        self._stack.callback(self.run, "ip", "netns", "del", space, check=False)
        resolv = self.resolv_conf(space)
        resolv.parent.mkdir(parents=True)
        resolv.write_text("")
        self._stack.callback(resolv.parent.rmdir)
        self._stack.callback(resolv.unlink)

    def _start(self, name: str, command: list[str], space: str | None = None) -> subprocess.Popen[bytes]:
        log = (self.directory / f"{name}.log").open("ab")
        inside = ["ip", "netns", "exec", space or self.space("node")]
        process = subprocess.Popen([*inside, *command], stdout=log, stderr=log, cwd=self.directory)
        log.close()
        self._processes[name] = process
        self._stack.callback(_end, process)
        return process

    def _await(self, name: str, answers: Callable[[], bool]) -> None:
        """Wait for a process to answer; if it does not, its log is the error."""
        ended = self._processes[name].poll
        with contextlib.suppress(TimeoutError):
            wait_until(lambda: ended() is not None or answers(), name)
        if ended() is not None or not answers():
            raise RuntimeError(f"{name} did not start: {(self.directory / f'{name}.log').read_text()}")

    def _portal_answers(self) -> bool:
        command = ("curl", "-s", "--max-time", "1", "-H", f"Host: {PORTAL_HOST}", "http://127.0.0.1:8081/healthz")
        return '"gate"' in self.run(*command, netns=self.space("node"), check=False).stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Wait for a condition; the failure names what was awaited."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def why_impossible() -> str | None:
    """A sentence that says why this machine cannot run the lab, or None."""
    if os.geteuid() != 0:
        return "The lab needs root for network namespaces."
    missing = [tool for tool in ("ip", "nft", "dnsmasq", "udhcpc", "curl", "setpriv") if not _installed(tool)]
    if missing:
        return f"The lab needs {', '.join(missing)}; these are not installed."
    probe = ["unshare", "--net", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "This machine does not allow network namespaces."
    return None


def _installed(tool: str) -> bool:
    return subprocess.run(["which", tool], capture_output=True, check=False).returncode == 0
