"""ansible/README.md word for word: whoever types its blocks has a hub and a node at the end.

Left out are the two steps that take minutes and are done before this test runs, `make tools` and `make bundle` (`make
machines` does the first, the fixture builds this machine's part of the second), and what a box has not: a card, pins, a
restart.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.box.box import NO_MANAGER, Box
from tests.lab.box.root import fresh_root
from tests.lab.box.technician import Technician, bare, blocks
from tests.lab.box.town import NODE_MB, why_impossible

pytestmark = [pytest.mark.machine, pytest.mark.timeout(900)]
ROOT = Path(__file__).parents[3]
DONE_BEFORE = ("sudo apt-get install -y git make openssh-client", "make tools", "make bundle")
# What the box lacks: an index of packages, a clock of its own, a radio.
BOX = """
base_refresh_packages: false
base_chrony_options: -F 1 -x
base_spare_card: false
captive_portal_driver: none
captive_portal_owe: false
"""
HOSTS = "127.0.0.1 localhost {name}\n192.0.2.10 hub.your-town.example\n"
ADDRESSES = {"hub": "192.0.2.10", "kurpark_see": "192.0.2.21"}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Technician, Box, Box]]:
    reason = why_impossible()
    if reason:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    directory = tmp_path_factory.mktemp("readme")
    unneeded = ("postgresql.service", "nginx.service", "mosquitto.service")
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(Box(directory, fresh_root(), "hub", 2048, ("mosquitto.service", *NO_MANAGER)))
        node = stack.enter_context(Box(directory, fresh_root(), "kurpark-see", NODE_MB, unneeded))
        (directory / "technician").mkdir()
        (directory / "technician/hosts").write_text(HOSTS.format(name="control"))
        person = Technician(directory / "technician", {hub: ADDRESSES["hub"], node: ADDRESSES["kurpark_see"]})
        for box in (hub, node):
            bare(box)
            box.root_path("/etc/hosts").write_text(HOSTS.format(name=box.name))
        yield stack.enter_context(person), hub, node


def test_whoever_types_the_readme_has_a_hub_and_a_node(machines: tuple[Technician, Box, Box], bundle: Path) -> None:
    person, hub, node = machines
    (person.home / "root/.ssh").mkdir(mode=0o700)
    (person.home / "root/.ssh/config").write_text("StrictHostKeyChecking accept-new\n")  # the "yes" at the first log-in
    typed, began = 0, time.monotonic()
    for place, text in blocks((ROOT / "ansible/README.md").read_text()):
        block = text.replace("YOUR-COPY", str(ROOT)).replace("YOURNAME", "anna")
        key = person.home / "root/.ssh/id_ed25519.pub"
        if key.exists():
            block = block.replace("ssh-ed25519 AAAA... you@office", key.read_text().strip())
        if place == "control machine":
            prepare(person, node, bundle, text)
            person.do("\n".join(line for line in block.splitlines() if line not in DONE_BEFORE))
        elif place == "yaml":
            (person.home / "root/stadtknoten/ansible/config.yml").write_text(block + BOX)
        else:
            box = hub if place.startswith("hub") else node
            box.run(block if place.endswith("as root") else f"su - technik -c '{block}'", seconds=300)
        typed += 1
    print(f"\n  readme: {typed} blocks in {time.monotonic() - began:.1f} s", flush=True)
    assert typed >= 9
    assert " online " in hub.run("stadtknoten-hub node list").stdout
    page = node.run("curl -sS -H 'Host: wlan.your-town.example' http://127.0.0.1:8081/").stdout
    assert "Your Town WLAN" in page or "Kurpark" in page
    person.do("curl -sSk --fail -o /dev/null https://hub.your-town.example/parken")


def prepare(person: Technician, node: Box, bundle: Path, text: str) -> None:
    """What the README tells in words before a block, or what was built before."""
    town = person.home / "root/stadtknoten"
    if "make bundle" in text:
        (town / "build").mkdir()
        (town / "build/bundle").symlink_to(bundle / "bundle")
        (town / "ansible/release.pub").write_bytes((bundle / "release.pub").read_bytes())
        (town / ".venv").symlink_to(ROOT / ".venv")
    if "--limit hubs" in text:  # "replace names and addresses, delete what you do not have"
        inventory = town / "ansible/inventory/town.yml"
        inventory.write_text(inventory.read_text().partition("        rathausplatz:")[0])
        (town / "ansible/inventory/host_vars/kurpark_see.yml").write_text("---\nedge_label: Kurpark am See\n")
    if "kurpark_see,hubs" in text:  # "prepare the SD card and start the Pi"
        (first,) = blocks((ROOT / "ansible/first-boot/README.md").read_text())
        person.do(first[1])
        started_with(node, person)


def started_with(node: Box, person: Technician) -> None:
    """What Raspberry Pi OS makes of the card at its first start: account, key, sudo. A cable stands for the radio."""
    written = (person.home / "media/root/bootfs/custom.toml").read_text()
    key = (person.home / "root/.ssh/id_ed25519.pub").read_text().strip()
    assert key in written
    assert 'name = "technik"' in written
    node.run(
        "useradd --create-home --shell /bin/bash --groups sudo technik; "
        "install -d -m 700 -o technik /home/technik/.ssh; "
        f"echo '{key}' > /home/technik/.ssh/authorized_keys; chown technik: /home/technik/.ssh/authorized_keys; "
        "echo 'technik ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/technik; "
        "ip link add wlan0 type veth peer name air0; ip link set wlan0 up"
    )
