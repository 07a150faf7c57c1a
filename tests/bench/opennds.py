"""Debian's openNDS in the same street, with the page that it ships (click to continue)."""

import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.portal import Street

_CONFIG = """
GatewayInterface lan0
GatewayName bench
MaxClients 300
login_option_enabled 1
FirewallRuleSet authenticated-users {
  FirewallRule allow all
}
FirewallRuleSet users-to-router {
  FirewallRule allow udp port 53
  FirewallRule allow tcp port 53
  FirewallRule allow udp port 67
}
"""
_LEASES = Path("/tmp/dhcp.leases")
_READY_S = 15
SEQUENTIAL, TOGETHER = 5, 50


def missing() -> str:
    """Why it cannot run here, or ""."""
    return "" if shutil.which("opennds") and shutil.which("iptables-legacy") else "opennds or iptables is not installed"


def measure(street: "Street") -> dict[str, list[float | None]]:
    """Milliseconds from the click to the internet: 5 visitors one after the other, then 50 at once."""
    lines = [f"{int(time.time()) + 3600} 02:78:00:00:00:{n:02x} 10.77.20.{n} phone{n} *\n" for n in range(1, 251)]
    with tempfile.TemporaryDirectory() as directory, suppress(FileNotFoundError):
        for name in ("iptables", "ip6tables"):  # its rules need the old tables here
            Path(directory, name).symlink_to(f"/usr/sbin/{name}-legacy")
        config = Path(directory, "opennds.conf")
        config.write_text(_CONFIG)
        _LEASES.write_text("".join(lines))
        street.run("sysctl", "-qw", "net.ipv4.ip_forward=1", netns=street.space("node"))
        street.acquaint()
        command = ["env", f"PATH={directory}:{os.environ['PATH']}", "opennds", "-f", "-c", str(config)]
        street._start("opennds", command)
        time.sleep(_READY_S)
        found = {
            "sequential": json.loads(street.crowd("rival", 1, SEQUENTIAL, False)),
            "50 at once": json.loads(street.crowd("rival", 101, 100 + TOGETHER, True)),
        }
        street.kill("opennds", 15)  # type: ignore[arg-type]
        _LEASES.unlink()
    return found
