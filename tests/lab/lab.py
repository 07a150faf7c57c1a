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
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from captive_portal.access import AccessError
from captive_portal.config import load
from captive_portal.dnsmasq import dnsmasq_text
from captive_portal.gateclient import GateAccess
from tests.captive_portal.factory import bulletin, write_state
from tests.lab import files
from tests.lab.certificates import Authority

PORTAL_HOST = "wlan.test"
INTERNET4, INTERNET6 = "10.99.0.1", "fd99::1"
GARDEN4, GARDEN6 = "10.99.0.9", "fd99::9"
_UNPRIVILEGED = 65534  # nobody


class Client:
    """A visitor's device: its own namespace, MAC address, lease and commands."""

    def __init__(self, lab: "Lab", number: int) -> None:
        self.lab = lab
        self.space = lab.space(f"c{number}")
        self.mac = f"02:77:00:00:00:{number:02x}"
        self.lease: dict[str, str] = {}
        self._lease_file = lab.directory / f"lease-{number}"

    def join(self, air: str = "air0") -> "Client":
        """Associate, get a lease by DHCP (its variables are in `lease`) and an IPv6 address by router advertisement."""
        lab, space = self.lab, self.space
        lab.ip(
            "link",
            "add",
            "link",
            air,
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
        script.write_text(files.DHCP_SCRIPT.format(resolv=resolv, lease=self._lease_file))
        script.chmod(0o755)
        self.run("udhcpc", "-i", "wlan0", "-n", "-q", "-f", "-t", "10", "-T", "1", "-O", "114", "-s", str(script))
        wait_until(lambda: self.address6() is not None, "an IPv6 address by router advertisement")
        lines = self._lease_file.read_text().splitlines()
        self.lease = dict(line.split("=", 1) for line in lines if "=" in line)
        return self

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the device."""
        return self.lab.run(*command, netns=self.space)

    def api(self, *options: str) -> dict[str, Any]:
        """The answer of the RFC 8908 API over HTTPS, its certificate checked."""
        url = f"https://{PORTAL_HOST}/captive-portal/api"
        return dict(json.loads(self.get(url, "--cacert", str(self.lab.authority.file), *options).stdout))

    def captive(self, *options: str) -> bool:
        """What the API says."""
        return bool(self.api(*options)["captive"])

    def accept(self, *options: str) -> str:
        """Press the button; the answer's status and where it leads."""
        shown = ("-X", "POST", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}")
        return self.get(f"http://{PORTAL_HOST}/verbinden", *shown, *options).stdout

    def python(self, *arguments: str, seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """A Python program on the device."""
        return self.lab.run(sys.executable, *arguments, netns=self.space, check=False, seconds=seconds)

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

    def __init__(self, directory: Path, *, quota_mb: int = 100, places: int = 50, bridge: bool = False) -> None:
        """`bridge`: the visitors' network is a bridge of two radio networks, air0 and air1."""
        self.directory, self._bridge = directory, bridge
        self.hub_key = Ed25519PrivateKey.generate()
        self._limits = {"quota_mb": quota_mb, "places": places}
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
        left = [str(path) for path in Path("/etc/netns").glob(f"{self._prefix}-*")]
        return [name for name in names if name.startswith(f"{self._prefix}-")] + left

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
                return access.ask({"verb": "count"})["ok"] is True
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

    def start_watch(self) -> subprocess.Popen[bytes]:
        """The watch on the node; ready when it says so."""
        process = self._start("watch", [sys.executable, "-m", "captive_portal", "watch", "--config", str(self.config)])
        self._await("watch", lambda: "watching" in self.log("watch"))
        return process

    def start_hostapd(self) -> Path:
        """hostapd without a radio on the node; its control socket."""
        (self.directory / "hostapd.conf").write_text(files.HOSTAPD.format(directory=self.directory))
        self._start("hostapd", ["hostapd", str(self.directory / "hostapd.conf")])
        control = self.directory / "hostapd/lan0"
        self._await("hostapd", control.exists)
        return control

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process of this lab."""
        self._processes[name].send_signal(number)

    def log(self, name: str) -> str:
        """What a process said so far."""
        return (self.directory / f"{name}.log").read_text()

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

    def run(
        self, *command: str, netns: str | None = None, check: bool = True, seconds: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """A command with its output; its complaint is the error."""
        inside = ["ip", "netns", "exec", netns] if netns else []
        done = subprocess.run([*inside, *command], capture_output=True, text=True, timeout=seconds, check=False)
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
        self._add_air(node, air)
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
        for address in (f"{GARDEN4}/24", f"{GARDEN6}/64"):
            self.ip("addr", "add", address, "dev", "net0", *(("nodad",) if ":" in address else ()), netns=internet)
        self._write_files()
        web = [sys.executable, str(Path(__file__).with_name("internet.py"))]
        for port in ("80", "8000"):
            self._start(f"web{port}", [*web, port], internet)
        chain, key = self.authority.issue("garden", "garden.test", GARDEN4)
        self._start("web443", [*web, "443", str(chain), str(key)], internet)
        for name, space in (("names", internet), ("dnsmasq", node)):
            command = ["dnsmasq", "--keep-in-foreground", f"--conf-file={self.directory}/{name}.conf"]
            self._start(name, command, space)
        for port in (80, 8000):
            ready = ("curl", "-s", "--max-time", "1", f"http://[{INTERNET6}]:{port}/")
            wait_until(
                lambda ready=ready: "hello" in self.run(*ready, netns=internet, check=False).stdout, "the internet"
            )

    def _add_air(self, node: str, air: str) -> None:
        """The visitors' side: one cable, or a bridge of two."""
        if not self._bridge:
            self.ip("link", "add", "lan0", "netns", node, "type", "veth", "peer", "name", "air0", "netns", air)
            return
        self.ip("link", "add", "lan0", "type", "bridge", netns=node)
        self.ip("link", "set", "lan0", "promisc", "on", netns=node)  # as while the watch listens
        for port, peer in (("radio0", "air0"), ("radio1", "air1")):
            self.ip("link", "add", port, "netns", node, "type", "veth", "peer", "name", peer, "netns", air)
            self.ip("link", "set", port, "master", "lan0", "up", netns=node)
            self.ip("link", "set", peer, "up", netns=air)

    def _write_files(self) -> None:
        self.directory.chmod(0o755)
        self.authority = Authority(self.directory)
        self.authority.issue("portal", PORTAL_HOST)
        public = self.hub_key.public_key().public_bytes_raw().hex()
        internet = {"internet4": INTERNET4, "internet6": INTERNET6, "garden4": GARDEN4, "garden6": GARDEN6}
        values = {"directory": self.directory, "host": PORTAL_HOST, "hub_key": public, **internet, **self._limits}
        (self.directory / "extra.nft").write_text("")
        self.config.write_text(files.NODE.format(**values))
        loaded = load(self.config)
        names = dnsmasq_text(loaded.portal, loaded.network) + files.NODE_NAMES.format(**values)
        (self.directory / "dnsmasq.conf").write_text(names)
        (self.directory / "names.conf").write_text(files.INTERNET_NAMES.format(**values))
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
    missing = [tool for tool in ("ip", "tc", "nft", "dnsmasq", "udhcpc", "curl", "setpriv") if not _installed(tool)]
    if missing:
        return f"The lab needs {', '.join(missing)}; these are not installed."
    probe = ["unshare", "--net", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "This machine does not allow network namespaces."
    return None


def _installed(tool: str) -> bool:
    return subprocess.run(["which", tool], capture_output=True, check=False).returncode == 0
