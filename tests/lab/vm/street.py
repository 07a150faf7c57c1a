"""The street inside the virtual machine, as tests speak to it."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.wire import encode
from tests.captive_portal.factory import bulletin
from tests.lab.certificates import Authority
from tests.lab.vm.machine import Machine

GUEST = "/mnt/tests/lab/vm/guest"
PORTAL_HOST = "wlan.test"
INTERNET = ("10.99.0.1", "[fd99::1]")
_READY = {
    "access point": "hostapd_cli -p /run/hostapd -i wlan0 status | grep -q state=ENABLED",
    "landing page": f"curl -s -m 5 -H 'Host: {PORTAL_HOST}' http://127.0.0.1:8081/healthz | grep -q '\"gate\":\"ok\"'",
    "agent": "grep -q online /run/heard.log",
    "bulletin": "test -s /var/lib/stadtknoten/bulletin.json",
}


def write_files(directory: Path) -> None:
    """What the guest gets beside the code: a certificate for the landing page, and the town's bulletin."""
    files = directory / "files"
    files.mkdir()
    Authority(files).issue("portal", PORTAL_HOST)
    (files / "bulletin.json").write_bytes(encode("bulletin", bulletin(datetime.now(UTC))))


class Street:
    """Everything started and ready; `began_s` is when the virtual machine was started."""

    def __init__(self, machine: Machine, began_s: float) -> None:
        self.machine, self.began_s = machine, began_s
        machine.run(f"{GUEST}/street", seconds=90)
        for name, holds in _READY.items():
            machine.wait_until(lambda holds=holds: machine.succeeds(holds), f"the {name}: {self.logs()}", 60)

    def logs(self) -> str:
        """What the node's programs said."""
        return self.machine.run("tail -n 8 /run/*.log", check=False)

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """Messages of a kind that reached the broker."""
        lines = self.machine.run("cat /run/heard.log").splitlines()
        return [json.loads(line.split(" ", 1)[1]) for line in lines if line.split(" ", 1)[0].endswith(f"/{kind}")]


class Visitor:
    """A device with a radio of its own; `kind` is open or owe."""

    def __init__(self, street: Street, kind: str, interface: str) -> None:
        self.street, self.kind, self.interface = street, kind, interface
        self._machine = street.machine

    def associate(self, seconds: float) -> float:
        """Seconds until the network took the device; TimeoutError if it did not."""
        self._machine.run(f"{GUEST}/associate {self.kind} {self.interface}")
        return self._machine.wait_until(lambda: self.status().get("wpa_state") == "COMPLETED", "association", seconds)

    def leave(self) -> str:
        """Ends the device's supplicant; what that had said last."""
        said = self._machine.run(f"tail -n 6 /run/wpa-{self.kind}.log")
        self._machine.run(f"kill $(cat /run/wpa-{self.kind}.pid); sleep 1", check=False)
        return "; ".join(said.splitlines())

    def status(self) -> dict[str, str]:
        """What its supplicant says of the connection."""
        said = self.run(f"wpa_cli -p /run/wpa-{self.kind} -i {self.interface} status", check=False)
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def lease(self) -> dict[str, str]:
        """Asks for an address; the lease's variables."""
        self.run(f"busybox udhcpc -i {self.interface} -n -q -f -t 10 -T 1 -O 114 -s {GUEST}/lease")
        lines = self._machine.run(f"cat /run/lease-{self.interface}").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def address6(self) -> str:
        """Its global IPv6 address, "" while there is none that may be used."""
        shown = json.loads(self.run(f"ip -j -6 address show dev {self.interface} scope global"))
        found = [entry for link in shown for entry in link.get("addr_info", []) if not entry.get("tentative")]
        return next((str(entry["local"]) for entry in found if "local" in entry), "")

    def run(self, command: str, *, check: bool = True) -> str:
        """A command on the device."""
        return self._machine.run(f"ip netns exec {self.kind} {command}", check=check)

    def get(self, url: str, options: str = "") -> str:
        """curl on the device; "" when nothing comes."""
        return self.run(f"curl -s --max-time 8 {options} '{url}'", check=False)

    def captive(self) -> bool:
        """What the API of RFC 8908 says."""
        answer = self.get(f"https://{PORTAL_HOST}/captive-portal/api", "--cacert /mnt/authority.pem")
        return bool(json.loads(answer)["captive"])

    def accept(self) -> str:
        """Presses the button; the answer's status and where it leads."""
        shown = "-X POST -o /dev/null -w '%{http_code} %{redirect_url}'"
        return self.get(f"http://{PORTAL_HOST}/verbinden", shown)

    def reaches(self, address: str) -> bool:
        """Whether a port of the internet that nobody redirects answers."""
        return "hello" in self.get(f"http://{address}:8000/", "--connect-timeout 3")

    def is_online(self) -> list[bool]:
        """In IPv4 and in IPv6."""
        return [self.reaches(address) for address in INTERNET]

    def wait_until_offline(self, seconds: float) -> float:
        """Seconds until both families were shut."""
        began = time.monotonic()
        self._machine.wait_until(lambda: not any(self.is_online()), "the end of the session", seconds)
        return time.monotonic() - began
