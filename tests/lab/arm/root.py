"""A Debian root of the Raspberry Pi's processor, whose programs this machine runs through qemu."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.box.root import codename, host_settings, host_sources

_PACKAGES = "python3,python3-venv,openssl,libpcap0.8"
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_RULE = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")


def why_impossible() -> str | None:
    """A sentence that says why this machine cannot run programs for arm64, or None."""
    if os.geteuid() != 0:
        return "An arm64 root needs root."
    programs = {"mmdebstrap": "mmdebstrap", "qemu-aarch64-static": "qemu-user-static", "arch-test": "arch-test"}
    if missing := [package for name, package in programs.items() if shutil.which(name) is None]:
        return f"arm64 needs {', '.join(missing)}; these are not installed."
    return None if _registered() else "This kernel cannot start foreign programs (binfmt_misc)."


def _registered() -> bool:
    if os.uname().machine == "aarch64":
        return True
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(_BINFMT)], check=False)
    if not (_BINFMT / "qemu-aarch64").exists() and (_BINFMT / "register").exists() and _RULE.exists():
        (_BINFMT / "register").write_text(_RULE.read_text().strip())
    return (_BINFMT / "qemu-aarch64").exists()


def fresh_root() -> Path:
    """The directory of the root; made when it is not in the cache. subprocess.CalledProcessError when apt fails."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "stadtknoten/arm64"
    sources, settings = host_sources(), host_settings()
    parts = [Path(__file__).read_text(), *(source.read_text() for source in sources), *settings]
    home = cache / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    if not (home / "complete").exists():
        shutil.rmtree(cache, ignore_errors=True)
        home.mkdir(parents=True)
        command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", "--arch=arm64"]
        command += [f"--include={_PACKAGES}", *(f"--aptopt={line}" for line in settings)]
        subprocess.run([*command, codename(), str(home / "root"), *map(str, sources)], check=True)
        (home / "complete").touch()
    return home / "root"
