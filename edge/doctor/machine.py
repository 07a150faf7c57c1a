"""What the kernel and systemd say about this machine. Nothing here changes anything."""

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from edge.rules.checkup import Listener

_LISTENING = {"tcp": "0A", "udp": "07"}
_PATIENCE_S = 5


def said(*command: str) -> str:
    """A program's answer; "" when it is missing, fails or is silent for too long."""
    if shutil.which(command[0], path="/usr/sbin:/usr/bin:/sbin:/bin") is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def units() -> dict[str, str]:
    """State of each of our services that is to run: the enabled ones, timers and one-time jobs left out."""
    listed = said("systemctl", "list-unit-files", "--no-legend", "--state=enabled", "stadtknoten-*.service")
    names = [line.split()[0].removesuffix(".service") for line in listed.splitlines() if line.strip()]
    names = [name for name in names if not name.endswith("-recover")]  # runs once, at the start, and only after a cut
    states = said("systemctl", "is-active", *names).split() if names else []
    return dict(zip(names, states, strict=False))


def carrier(interface: str, system: Path = Path("/")) -> bool | None:
    """Whether a cable or radio is connected; None when there is no such interface."""
    directory = system / "sys/class/net" / interface
    if not directory.exists():
        return None
    try:
        return (directory / "carrier").read_text().strip() == "1"
    except OSError:  # administratively down
        return False


def leads_out(interface: str, system: Path = Path("/")) -> bool:
    """Whether a default route goes over `interface` ("" is any), IPv4 or IPv6."""
    four = [line.split() for line in _read(system / "proc/net/route").splitlines()[1:]]
    six = [line.split() for line in _read(system / "proc/net/ipv6_route").splitlines()]
    ways = [found[0] for found in four if len(found) > 7 and found[1] == found[7] == "00000000"]
    ways += [found[9] for found in six if len(found) > 9 and found[0] == "0" * 32 and found[1] == "00"]
    return any(way != "lo" and interface in ("", way) for way in ways)


def blocked_radio(system: Path = Path("/")) -> bool:
    """Whether rfkill holds a WiFi radio off."""
    for switch in (system / "sys/class/rfkill").glob("rfkill*"):
        if _read(switch / "type").strip() == "wlan" and "1" in (_read(switch / "soft") + _read(switch / "hard")):
            return True
    return False


def radio_country() -> str | None:
    """The country that the kernel's radio rules are for; None without `iw`, a radio, or a choice."""
    found = re.search(r"^country ([A-Z]{2}):", said("iw", "reg", "get"), re.MULTILINE)
    return found[1] if found else None


def listeners(system: Path = Path("/")) -> list[Listener]:
    """Every program that listens on TCP or UDP; other users' programs are "?" unless root asks."""
    holders = _holders(system)
    found = []
    for protocol, state in _LISTENING.items():
        for table in (protocol, protocol + "6"):
            for line in _read(system / "proc/net" / table).splitlines()[1:]:
                words = line.split()
                if len(words) > 9 and words[3] == state:
                    pid, program = holders.get(words[9], (0, "?"))
                    found.append(Listener(protocol, int(words[1].rpartition(":")[2], 16), program, pid))
    return found


def _holders(system: Path) -> dict[str, tuple[int, str]]:
    """Socket inode -> (process id, program)."""
    found: dict[str, tuple[int, str]] = {}
    for process in (system / "proc").glob("[0-9]*"):
        for link in _links(process / "fd"):
            if link.startswith("socket:["):
                found[link[8:-1]] = (int(process.name), _program(process))
    return found


def _links(descriptors: Path) -> Iterator[str]:
    """Where a process's open files lead; those that are closed meanwhile, or not ours to see, are passed over."""
    with contextlib.suppress(OSError):
        for link in descriptors.iterdir():
            with contextlib.suppress(OSError):
                yield str(link.readlink())


def _program(process: Path) -> str:
    """A name that a person knows: the script or module of an interpreter, else the program."""
    words = _read(process / "cmdline").split("\0")
    name = Path(words[0]).name
    if not name.startswith("python"):
        return name.rstrip(":") or "?"
    rest = [word for word in words[1:] if word]
    if "-m" in rest[:-1]:
        return rest[rest.index("-m") + 1]
    return next((Path(word).name for word in rest if not word.startswith("-")), name)


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
