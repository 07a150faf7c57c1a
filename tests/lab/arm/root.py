"""A Debian root of the Raspberry Pi's processor, whose programs this machine runs through qemu."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.box.root import kept_root, wanted_release

# python3-gpiozero as on Raspberry Pi OS: a release brings its own all the same.
_PACKAGES = "python3 python3-venv openssl libpcap0.8 python3-gpiozero"
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
    return kept_root("arm64", wanted_release(), _PACKAGES, options=("--arch=arm64",))
