"""Two freshly booted machines and the project's playbook: what `test_box.py` works on."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.box.box import NO_MANAGER, Box, Playbook
from tests.lab.box.root import fresh_root

ROOT = Path(__file__).parents[3]
NODE_MB = 512
NODE_UNITS = ("edge", "gate", "portal", "watch", "dnsmasq", "hostapd")
# With what means something to a shell, and is nobody's: it may stand in one file and in no log.
SECRET = "smtp://hub:pa$$w`id`'x@127.0.0.1:9"
# Raspberry Pi OS 13 swaps with a program of its own, which is not in Debian.
RASPBERRY = {"etc/rpi/swap.conf": "[Main]\n#Mechanism=auto\n"}
FIGURES: list[str] = []


def why_impossible() -> str | None:
    """A sentence that says why this machine cannot run boxes, or None."""
    if os.geteuid() != 0:
        return "Boxes need root for namespaces."
    missing = [name for name in ("mmdebstrap", "unshare", "nsenter", "ssh", "ip") if shutil.which(name) is None]
    return f"Boxes need {', '.join(missing)}; these are not installed." if missing else None


@dataclass
class Town:
    """Two machines and the playbook."""

    hub: Box
    node: Box
    playbook: Playbook

    def doctor(self) -> dict[str, dict[str, str]]:
        """What `stadtknoten-edge doctor` finds on the node, by area; the worst of each."""
        said = self.node.run("stadtknoten-edge doctor --json", check=False)
        order = ("ok", "look", "bad")
        rows = sorted(json.loads(said.stdout)["findings"], key=lambda row: order.index(row["level"]))
        assert said.returncode == int(any(row["level"] == "bad" for row in rows))
        return {row["area"]: row for row in rows}


def figure(text: str) -> None:
    FIGURES.append(text)
    print(f"\n  box: {text}", end="", flush=True)


@contextlib.contextmanager
def booted(bundle: Path, directory: Path) -> Iterator[Town]:
    """A hub and a node of 512 MB with a cable between them; skipped, in CI failed, where that is impossible."""
    reason = why_impossible()
    if reason:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    began = time.monotonic()
    root = fresh_root()
    figure(f"fresh Debian root in {time.monotonic() - began:.1f} s (0 when kept from before)")
    unneeded = ("postgresql.service", "nginx.service", "mosquitto.service")
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        hub = stack.enter_context(Box(directory, root, "hub", 2048, ("mosquitto.service", *NO_MANAGER)))
        node = stack.enter_context(Box(directory, root, "node", NODE_MB, unneeded, RASPBERRY))
        hub.connect(node, "10.9.0.1/24", "10.9.0.2/24")
        # Names of the internet are asked from the hub's side; a cable stands for the radio.
        node.run("ip route add default via 10.9.0.1; ip link add wlan0 type veth peer name air0; ip link set wlan0 up")
        figure(f"two machines booted in {time.monotonic() - began:.1f} s")
        yield Town(hub, node, Playbook(directory, ROOT / "ansible", hub, node, _choices(bundle, hub)))


def _choices(bundle: Path, hub: Box) -> dict[str, dict[str, object]]:
    key = hub.key.with_suffix(".pub").read_text().strip()
    everywhere = {"base_refresh_packages": False, "base_chrony_options": "-F 1 -x", "base_spare_card": False}
    return {
        "town": {
            "town_admins": [{"name": "technik", "keys": [key]}],
            "town_hub_name": "hub.box",
            "town_bundle": str(bundle / "bundle"),
            "town_release_key": str(bundle / "release.pub"),
            "hub_settings": {"HUB_SMTP_URL": SECRET},
            **everywhere,
        },
        "node": {
            "edge_label": "Kurpark am See",
            "captive_portal_driver": "none",
            "captive_portal_owe": False,
            "captive_portal_ipv6": "fd77:1::1/64",
        },
    }


def unchanged(counts: dict[str, dict[str, int]]) -> bool:
    return {host: (found["changed"], found["failed"]) for host, found in counts.items()} == {
        "hub": (0, 0),
        "kurpark_see": (0, 0),
    }
