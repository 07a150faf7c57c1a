"""A prepared card's first start: the real cloud-init of Debian 13 reads what first-boot/prepare.py wrote.

As on Raspberry Pi OS 13, whose own cloud-init is a little newer: the card is /boot/firmware, netplan hands the network
to NetworkManager. `raspi-config` is a stand-in that writes down what it was asked for.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.box.box import Box
from tests.lab.box.root import kept_root
from tests.lab.box.town import NODE_MB, why_impossible

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[3]
PACKAGES = """
systemd systemd-sysv dbus openssh-server sudo python3 iproute2 procps tzdata network-manager netplan.io cloud-init
"""
# What Raspberry Pi OS lays beside cloud-init: where the card is, and who keeps the network.
SYSTEM = {
    "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg": "datasource_list: [NoCloud, None]\n"
    "datasource: {NoCloud: {seedfrom: 'file:///boot/firmware'}}\n",
    "usr/lib/netplan/00-network-manager-all.yaml": "network: {version: 2, renderer: NetworkManager}\n",
}
HOOK = """
printf '#!/bin/sh\\necho "$@" >> /var/lib/raspi-config-was-asked\\n' > "$1/usr/bin/raspi-config"
chmod 755 "$1/usr/bin/raspi-config"
"""
FIXED = ("--address", "192.0.2.21/24", "--router", "192.0.2.1")


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    reason = why_impossible()
    if reason:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    directory, card = tmp_path_factory.mktemp("box"), tmp_path_factory.mktemp("bootfs")
    (card / "config.txt").touch()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / "key")], check=True)
    program = [sys.executable, str(ROOT / "ansible/first-boot/prepare.py"), "--boot", str(card)]
    subprocess.run([*program, "--hostname", "kurpark-see", "--key", str(directory / "key.pub"), *FIXED], check=True)
    files = {f"boot/firmware/{file.name}": file.read_text() for file in card.iterdir()}
    root = kept_root("card", "trixie", PACKAGES, HOOK)
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(Box(directory, root, "raspberrypi", NODE_MB, files={**SYSTEM, **files}))
        box.run("ip link add eth0 type veth peer name town0; ip link set town0 up; ip link set eth0 up")
        said = box.run("cloud-init status --wait --long", check=False, seconds=240)
        assert said.returncode == 0, said.stdout + box.run("tail -n 60 /var/log/cloud-init.log").stdout
        yield box


def test_cloud_init_finds_every_file_in_order(pi: Box) -> None:
    for kind in ("cloud-config", "network-config"):
        name = {"cloud-config": "user-data"}.get(kind, kind)
        pi.run(f"cloud-init schema --schema-type {kind} --config-file /boot/firmware/{name}")
    assert "DataSourceNoCloud" in pi.run("cloud-init status --long").stdout


def test_name_time_zone_and_country_are_as_on_the_card(pi: Box) -> None:
    assert pi.run("hostname").stdout.strip() == "kurpark-see"
    assert pi.run("readlink /etc/localtime").stdout.strip().endswith("Europe/Berlin")
    assert "do_wifi_country DE" in pi.run("cat /var/lib/raspi-config-was-asked").stdout


def test_the_key_logs_in_and_needs_no_password_for_sudo_and_nobody_else_does(pi: Box) -> None:
    proxy = f"ProxyCommand=nsenter --target {pi.pid} --all --root --wd=/ /usr/sbin/sshd -i"
    options = ["-o", proxy, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-i", str(pi.key)]
    done = subprocess.run(
        ["ssh", *options, "technik@kurpark-see.local", "sudo -n id -u"], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "0", done.stderr
    assert pi.run("passwd --status technik").stdout.split()[1] == "L"
    assert "passwordauthentication no" in pi.run("sshd -T").stdout
    assert pi.run("systemctl is-enabled ssh; systemctl is-active ssh").stdout.split() == ["enabled", "active"]


def test_the_cable_has_the_fixed_address(pi: Box) -> None:
    pi.run("nmcli --wait 20 device connect eth0", check=False)
    assert "192.0.2.21/24" in pi.run("ip -4 -brief address show eth0").stdout, pi.run("nmcli connection").stdout
    assert "via 192.0.2.1" in pi.run("ip route show default").stdout


def test_the_hubs_name_in_the_hosts_file_is_still_there_after_the_next_start(pi: Box) -> None:
    """Where the town has no DNS, the technician enters it by hand."""
    pi.run("echo '192.0.2.10 hub.your-town.example' >> /etc/hosts")
    pi.run("cloud-init single --name update_etc_hosts --frequency always")
    assert "hub.your-town.example" in pi.run("cat /etc/hosts").stdout
    assert "kurpark-see" in pi.run("cat /etc/hosts").stdout
