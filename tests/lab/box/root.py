"""A fresh Debian root file system, made once and kept by the hash of what it is made of."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

# What a machine has before the playbook comes, and the packages that the playbook asks for: the box has no network.
_PACKAGES = """
systemd systemd-sysv dbus openssh-server sudo python3 python3-apt python3-venv ca-certificates openssl procps kmod
iproute2 curl tzdata iputils-ping
chrony unattended-upgrades systemd-zram-generator
dnsmasq-base nftables hostapd iw rfkill libpcap0.8
mosquitto postgresql nginx-light
"""
USER = "technik"
_HOOK = f"""
chroot "$1" useradd --create-home --shell /bin/bash --groups sudo {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/{USER}"
rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap
"""
_KEPT_SETTINGS = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date")


def fresh_root() -> Path:
    """The directory of the root; made when it is not in the cache. subprocess.CalledProcessError when apt fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "stadtknoten/box"
    sources, settings = host_sources(), host_settings()
    parts = [Path(__file__).read_text(), *(source.read_text() for source in sources), *settings]
    home = cache / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    if not (home / "complete").exists():
        shutil.rmtree(cache, ignore_errors=True)  # older ones are of no use to anybody
        home.mkdir(parents=True)
        hook = home / "hook"
        hook.write_text("#!/bin/sh\nset -eu\n" + _HOOK)
        hook.chmod(0o755)
        command = [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            "--mode=root",
            f"--include={','.join(_PACKAGES.split())}",
        ]
        command += [f"--aptopt={line}" for line in settings] + [f"--customize-hook={hook}"]
        subprocess.run([*command, codename(), str(home / "root"), *map(str, sources)], check=True)
        (home / "complete").touch()
    return home / "root"


def codename() -> str:
    """This machine's own Debian release."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME="))


def host_sources() -> list[Path]:
    """The files that name this machine's Debian archives; other makers' are left out."""
    found = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    files = [file for file in found if file.suffix in (".list", ".sources") and file.is_file()]
    return [file for file in files if codename() in (text := file.read_text()) and "debian" in text]


def host_settings() -> list[str]:
    """This machine's own ways to its archives."""
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if line.startswith(_KEPT_SETTINGS) and not line.endswith('"";')]
