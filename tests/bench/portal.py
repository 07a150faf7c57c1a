"""From the click to the internet, beside a bare prototype in the same run; memory; the landing page's speed.

`python -m tests.bench.portal`: 250 devices (macvlan, each with its own MAC and address) in network namespaces. Needs
root. Prints figures; a slow machine is no failure.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import opennds
from tests.lab.lab import Lab, wait_until, why_impossible

DEVICES = 250
FLOODER = 250
HERE = Path(__file__).parent
_HELLO = """
import asyncio
async def hello(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(hello, "10.99.0.1", 8001, backlog=1024)
    await server.serve_forever()
asyncio.run(main())
"""


class Street(Lab):
    """The lab with a crowd in it."""

    def gather(self) -> None:
        """250 devices with interface, MAC and address, known to the node."""
        crowd, air = self.space("crowd"), self.space("air")
        self._add_space("crowd")
        for name in ("arp_ignore=1", "arp_announce=2", "rp_filter=0"):
            self.run("sysctl", "-qw", f"net.ipv4.conf.all.{name}", netns=crowd)
        lines = []
        for number in range(1, DEVICES + 1):
            mac = f"02:78:00:00:00:{number:02x}"
            lines.append(f"link add link air0 name m{number} address {mac} netns {crowd} type macvlan mode private")
        self._batch(lines, air)
        lines = ["link set lo up"]
        for number in range(1, DEVICES + 1):
            lines += [f"addr add 10.77.20.{number}/16 dev m{number}", f"link set m{number} up"]
            lines += [f"route add default via 10.77.0.1 dev m{number} metric {number}"]
        self._batch(lines, crowd)
        # as after a lease: both sides know each other's hardware addresses
        lan = json.loads(self.run("ip", "-j", "link", "show", "lan0", netns=self.space("node")).stdout)[0]["address"]
        known = [
            f"neigh replace 10.77.0.1 lladdr {lan} dev m{number} nud permanent" for number in range(1, DEVICES + 1)
        ]
        self._batch(known, crowd)

    def acquaint(self) -> None:
        """The node knows every device, as after a lease."""
        lines = [
            f"neigh replace 10.77.20.{number} lladdr 02:78:00:00:00:{number:02x} dev lan0 nud reachable"
            for number in range(1, DEVICES + 1)
        ]
        self._batch(lines, self.space("node"))

    def crowd(self, *arguments: object) -> str:
        """What the crowd's program prints."""
        command = (sys.executable, str(HERE / "crowd.py"), *map(str, arguments))
        return self.run(*command, netns=self.space("crowd"), seconds=180).stdout

    def flooded(self, first: int, last: int) -> tuple[str, str]:
        """Clicks one after the other while one device floods; (clicks, what the flood got)."""
        inside = ["ip", "netns", "exec", self.space("crowd"), sys.executable, str(HERE / "crowd.py")]
        flood = subprocess.Popen([*inside, "flood", str(FLOODER), "12"], stdout=subprocess.PIPE, text=True)
        time.sleep(2)
        shown = self.crowd("click", first, last, False)
        return shown, flood.communicate(timeout=60)[0].strip()

    def _batch(self, lines: list[str], space: str) -> None:
        subprocess.run(["ip", "-n", space, "-batch", "-"], input="\n".join(lines), text=True, check=True)

    def start_product(self) -> None:
        """Gate and portal with nobody online."""
        for path in (self.directory / "gate-store").glob("sessions.db*"):
            path.unlink()
        self.start_gate()
        self.start_portal()

    def stop_product(self) -> None:
        """Nothing of them stays in the kernel."""
        for name in ("portal", "gate"):
            self.kill(name, 15)  # type: ignore[arg-type]
        self.nft("delete", "table", "inet", "portal")
        for link in ("lan0", "wan0"):
            self.run("tc", "qdisc", "del", "dev", link, "root", netns=self.space("node"), check=False)

    def start_prototype(self) -> None:
        """The bare one."""
        self._start("prototype", [sys.executable, str(HERE / "prototype.py"), "8081"])
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1", netns=self.space("node"))
        time.sleep(1)

    def stop_prototype(self) -> None:
        """Nothing of it stays in the kernel."""
        self.kill("prototype", 15)  # type: ignore[arg-type]
        self.nft("delete", "table", "inet", "portal")


def quantile(found: list[float], share: float) -> float:
    """The value below which `share` of the sorted figures lie."""
    return sorted(found)[min(len(found) - 1, int(len(found) * share))]


def figures(printed: str) -> dict[str, float]:
    """p50, p99 and errors of one list of clicks."""
    found = json.loads(printed)
    good = [value for value in found if value is not None]
    if not good:
        return {"p50": float("nan"), "p99": float("nan"), "errors": len(found)}
    return {"p50": quantile(good, 0.5), "p99": quantile(good, 0.99), "errors": len(found) - len(good)}


def one_round(street: Street, start: Callable[[], None], stop: Callable[[], None]) -> dict[str, dict[str, float]]:
    """One after the other, 200 at once, and under flood."""
    found = {}
    for phase in ("sequential", "200 at once", "flood"):
        start()
        street.acquaint()
        street.crowd("click", 249, 249, False)  # the first click of a process loads what the others use
        if phase == "flood":
            shown, got = street.flooded(1, 150)
            found[phase] = {**figures(shown), "flooder's pages": float(got or 0)}
        else:
            found[phase] = figures(street.crowd("click", 1, 200, phase == "200 at once"))
        stop()
    return found


def landing(street: Street) -> tuple[float, float]:
    """Requests a second: the landing page and a static file of its size by the same server, medians of 3."""
    page = street.directory / "page.html"
    space = street.space("node")
    html = street.run("curl", "-s", "-H", "Host: wlan.test", "http://127.0.0.1:8081/", netns=space).stdout
    page.write_text(html)
    street._start("static", [sys.executable, str(HERE / "static.py"), "8099", str(page)])
    wait_until(lambda: street.run("curl", "-s", "http://127.0.0.1:8099/", netns=space, check=False).stdout != "", "it")
    command = [sys.executable, str(HERE / "crowd.py"), "load"]
    found: dict[str, list[float]] = {"8081": [], "8099": []}
    for _ in range(3):
        for port, values in found.items():
            values.append(float(street.run(*command, port, "3", "/", netns=space).stdout))
    return statistics.median(found["8081"]), statistics.median(found["8099"])


def report(name: str, rounds: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Medians over the rounds, printed."""
    medians: dict[str, dict[str, float]] = {}
    for phase in rounds[0]:
        keys = rounds[0][phase]
        medians[phase] = {key: statistics.median(one[phase][key] for one in rounds) for key in keys}
        shown = ", ".join(f"{key} {value:.1f}" for key, value in medians[phase].items())
        print(f"{name:<10} {phase:<12} {shown}", flush=True)
    return medians


def main() -> None:
    """Everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if reason := why_impossible():
        sys.exit(reason)
    print(f"{platform.machine()}, Python {platform.python_version()}, {DEVICES} devices, medians of {arguments.rounds}")
    with TemporaryDirectory(prefix="stadtknoten-bench-") as directory, Street(Path(directory), places=300) as street:
        street.gather()
        street._start("hello", [sys.executable, "-c", _HELLO], street.space("internet"))
        rounds: dict[str, list[dict[str, dict[str, float]]]] = {"prototype": [], "portal": []}
        for _ in range(arguments.rounds):
            rounds["prototype"].append(one_round(street, street.start_prototype, street.stop_prototype))
            rounds["portal"].append(one_round(street, street.start_product, street.stop_product))
        bare, own = (report(name, found) for name, found in rounds.items())
        for phase, figure in (("sequential", "p50"), ("sequential", "p99"), ("200 at once", "p99")):
            print(f"portal / prototype, {phase} {figure}: {own[phase][figure] / bare[phase][figure]:.2f}x")
        street.start_product()
        pages, static = landing(street)
        print(f"landing page {pages:.0f}/s, static file {static:.0f}/s: {pages / static:.2f}x")
        sizes = {name: street.pss_mb(name) for name in ("portal", "gate")}
        print(f"memory (PSS): {sizes}, together {sum(sizes.values()):.0f} MB")
        street.stop_product()
        if reason := opennds.missing():
            print(f"openNDS was not measured: {reason}")
            return
        for phase, found in opennds.measure(street).items():
            online = sorted(value for value in found if value is not None)
            shown = f", p50 {quantile(online, 0.5):.0f}, p99 {quantile(online, 0.99):.0f}" if online else ""
            print(f"openNDS    {phase:<12} {len(online)} of {len(found)} online within 15 s{shown}")


if __name__ == "__main__":
    main()
