#!/usr/bin/env python3
"""Prepares a freshly written SD card (Raspberry Pi OS Lite, 64 bit): Ansible reaches the Pi after its first start.

Writes custom.toml (Raspberry Pi OS 12, bookworm) and user-data, meta-data, network-config (Raspberry Pi OS 13, trixie,
cloud-init) into the card's boot partition. Each release reads its own and leaves the others alone.

  prepare.py --boot /media/you/bootfs --hostname kurpark-see --user technik --key ~/.ssh/id_ed25519.pub

Needs Python 3.9 and nothing else. Nobody gets a password: SSH takes the key alone.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_USER = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+|sk-\S+) [A-Za-z0-9+/=]+( [^\n]*)?")
_LOCKED = "*"  # no password fits this


class WrongError(ValueError):
    """One sentence for the technician."""


def main(arguments: list[str] | None = None) -> int:
    """Writes the files; 0 done, 2 something is wrong, and then nothing was written."""
    options = _parser().parse_args(arguments)
    try:
        files = prepared(options)
        check_boot(options.boot, force=options.force)
    except (WrongError, OSError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 2
    for name, text in files.items():
        (options.boot / name).write_text(text, encoding="utf-8", newline="\n")
        print(options.boot / name)
    print(
        f"Eject the card, start the Pi with it, wait three minutes, then: ssh {options.user}@{options.hostname}.local"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0], epilog="Never use it on a card that is in use already."
    )
    parser.add_argument("--boot", type=Path, required=True, metavar="DIR", help="the card's boot partition, mounted")
    parser.add_argument("--hostname", required=True, help="letters, digits and dashes")
    parser.add_argument("--user", default="technik", help="the account for Ansible (default technik)")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE.pub", help="its public SSH key")
    parser.add_argument("--timezone", default="Europe/Berlin")
    parser.add_argument("--country", default="DE", help="two letters; without it the radio stays off")
    parser.add_argument("--address", metavar="A.B.C.D/N", help="fixed IPv4 address of the cable; default: DHCP")
    parser.add_argument("--router", metavar="A.B.C.D", help="with --address")
    parser.add_argument("--names", metavar="A.B.C.D", help="name server, with --address (default: the router)")
    parser.add_argument("--force", action="store_true", help="even where DIR does not look like a boot partition")
    return parser


def check_boot(boot: Path, *, force: bool) -> None:
    """WrongError when the directory is no Raspberry Pi's boot partition."""
    if not boot.is_dir():
        raise WrongError(f"{boot} is no directory: mount the card's first partition (often called bootfs)")
    if not force and not (boot / "config.txt").exists():
        raise WrongError(f"{boot} holds no config.txt: this is not the card's boot partition (--force if you are sure)")


def prepared(options: argparse.Namespace) -> dict[str, str]:
    """File name -> text; WrongError with a sentence."""
    if not _NAME.fullmatch(options.hostname):
        raise WrongError("--hostname must be small letters, digits and dashes, such as kurpark-see")
    if not _USER.fullmatch(options.user):
        raise WrongError("--user must be small letters, digits and dashes, such as technik")
    if not re.fullmatch("[A-Z]{2}", options.country):
        raise WrongError('--country must be two capital letters, such as DE (the United Kingdom is "GB")')
    key = options.key.expanduser().read_text(encoding="utf-8").strip()
    if "PRIVATE KEY" in key:
        raise WrongError(f"{options.key} is the private key; never copy that one. Take the file that ends with .pub")
    if not _KEY.fullmatch(key):
        raise WrongError(f"{options.key} holds no public SSH key")
    if bool(options.address) != bool(options.router):
        raise WrongError("--address and --router belong together")
    return {
        "custom.toml": custom_toml(options, key),
        "user-data": user_data(options, key),
        "meta-data": f"instance-id: stadtknoten-{options.hostname}\nlocal-hostname: {options.hostname}\n",
        "network-config": network_config(options),
    }


def custom_toml(options: argparse.Namespace, key: str) -> str:
    """What Raspberry Pi OS 12 reads at its first start."""
    said = {name: json.dumps(getattr(options, name)) for name in ("hostname", "user", "timezone", "country")}
    return f"""# For the first start of Raspberry Pi OS; the system deletes it afterwards.
config_version = 1

[system]
hostname = {said["hostname"]}

[user]
name = {said["user"]}
password = "{_LOCKED}"
password_encrypted = true

[ssh]
enabled = true
password_authentication = false
authorized_keys = [{json.dumps(key)}]

[wlan]
country = {said["country"]}

[locale]
keymap = "de"
timezone = {said["timezone"]}
"""


def user_data(options: argparse.Namespace, key: str) -> str:
    """The same for cloud-init. JSON is YAML, so nothing in a key or name needs quoting of its own."""
    account = {
        "name": options.user,
        "groups": "adm,dialout,sudo,video,plugdev,users,input,netdev,gpio,i2c,spi",
        "shell": "/bin/bash",
        "lock_passwd": True,
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "ssh_authorized_keys": [key],
    }
    wanted = {
        "hostname": options.hostname,
        "manage_etc_hosts": "localhost",  # its own name alone: the hub's, entered by hand, stays
        "timezone": options.timezone,
        "users": [account],
        "ssh_pwauth": False,
        "disable_root": True,
        "package_update": False,
        "runcmd": [
            ["systemctl", "enable", "--now", "ssh"],
            ["raspi-config", "nonint", "do_wifi_country", options.country],
        ],
    }
    return "#cloud-config\n" + json.dumps(wanted, indent=1) + "\n"


def network_config(options: argparse.Namespace) -> str:
    """netplan's form: the cable by DHCP, or with a fixed address."""
    cable: dict[str, object] = {"dhcp4": True, "optional": True}
    if options.address:
        cable = {
            "addresses": [options.address],
            "routes": [{"to": "default", "via": options.router}],
            "nameservers": {"addresses": [options.names or options.router]},
        }
    return json.dumps({"version": 2, "ethernets": {"eth0": cable}}, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
