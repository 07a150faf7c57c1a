"""Fresh Debian root file systems, each made once and kept by the hash of what it is made of.

BOX_RELEASE chooses another Debian than this machine's: trixie, bookworm, or `other` for the one that this is not.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
# What a machine has before the playbook comes, and the packages that the playbook asks for: the box has no network.
_PACKAGES = """
systemd systemd-sysv dbus openssh-server sudo python3 python3-apt python3-venv ca-certificates openssl procps kmod
iproute2 curl tzdata iputils-ping
chrony unattended-upgrades systemd-zram-generator
dnsmasq-base nftables hostapd iw rfkill network-manager
mosquitto postgresql nginx-light
"""
_OF_RELEASE = {"bookworm": "libpcap0.8", "trixie": "libpcap0.8t64"}
USER = "technik"
_HOOK = f"""
chroot "$1" useradd --create-home --shell /bin/bash --groups sudo {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/{USER}"
"""
_KEPT_SETTINGS = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date")
_KEYRINGS = Path("/usr/share/keyrings")


def fresh_root() -> Path:
    """The box's root, of the release that BOX_RELEASE names."""
    release = wanted_release()
    return kept_root("box", release, f"{_PACKAGES} {_OF_RELEASE[release]}", _HOOK)


def kept_root(kind: str, release: str, packages: str, hook: str = "", options: tuple[str, ...] = ()) -> Path:
    """The directory of a root; made when it is not in the cache. subprocess.CalledProcessError when apt fails.

    `hook` is shell that runs beside the finished root ($1), `options` are mmdebstrap's.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "stadtknoten"
    cache, sources, settings = base / f"{kind}-{release}", sources_of(release), host_settings()
    parts = [Path(__file__).read_text(), packages, hook, *options, *settings, *(text for _, text in sources)]
    home = cache / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    base.mkdir(parents=True, exist_ok=True)
    with (base / f"{kind}-{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once make one root
        if not (home / "complete").exists():
            shutil.rmtree(cache, ignore_errors=True)  # older ones are of no use to anybody
            home.mkdir(parents=True)
            command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", *options]
            command += [f"--include={','.join(packages.split())}", *(f"--aptopt={line}" for line in settings)]
            command += [f"--customize-hook={_hook(home, hook)}", release, str(home / "root")]
            subprocess.run([*command, *_files(home, sources)], check=True)
            (home / "complete").touch()
    return home / "root"


def _hook(home: Path, text: str) -> Path:
    file = home / "hook"
    file.write_text(f'#!/bin/sh\nset -eu\n{text}\nrm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap\n')
    file.chmod(0o755)
    return file


def _files(home: Path, sources: list[tuple[str, str]]) -> list[str]:
    files = [home / f"{number}{suffix}" for number, (suffix, _) in enumerate(sources)]
    for file, (_, text) in zip(files, sources, strict=True):
        file.write_text(text)
    return [str(file) for file in files]


def codename() -> str:
    """This machine's own Debian release."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME="))


def wanted_release() -> str:
    """The release that boxes are made of; ValueError for one that the project is not for."""
    name = os.environ.get("BOX_RELEASE") or codename()
    if name == "other":
        name = next(release for release in PYTHONS if release != codename())
    if name not in PYTHONS:
        raise ValueError(f"BOX_RELEASE must be one of {', '.join(PYTHONS)}, not {name}")
    return name


def sources_of(release: str) -> list[tuple[str, str]]:
    """(suffix, text) of each of this machine's source files, with its Debian archives alone, for that release.

    RuntimeError when this machine could not tell that release's archives from forged ones.
    """
    if release != codename() and not list(_KEYRINGS.glob(f"debian-archive-{release}-*")):
        raise RuntimeError(
            f"This machine has no keys of Debian {release}: sudo apt-get install --only-upgrade debian-archive-keyring"
        )
    rewritten = [(file.suffix, debians_own(file.suffix, file.read_text(), release)) for file in host_sources()]
    return [(suffix, text) for suffix, text in rewritten if text]


def debians_own(suffix: str, text: str, release: str) -> str:
    """What of a file of sources names this machine's own Debian suites, made those of the release."""
    own = codename()
    text = re.sub(r"(?m)^#.*\n?", "", text)
    parts = re.split(r"\n\s*\n", text.strip()) if suffix == ".sources" else text.splitlines()
    suites = {own, f"{own}-updates", f"{own}-security"}
    kept = [part for part in parts if "main" in part.split() and suites & {*part.split()}]
    return re.sub(rf"\b{own}\b", release, "\n\n".join(kept) + "\n") if kept else ""


def host_sources() -> list[Path]:
    """The files that name this machine's Debian archives; other makers' are left out."""
    found = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    files = [file for file in found if file.suffix in (".list", ".sources") and file.is_file()]
    return [file for file in files if codename() in (text := file.read_text()) and "debian" in text]


def host_settings() -> list[str]:
    """This machine's own ways to its archives."""
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if line.startswith(_KEPT_SETTINGS) and not line.endswith('"";')]
