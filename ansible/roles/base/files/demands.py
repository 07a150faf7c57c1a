"""What a machine must have before anything is changed on it; says in a sentence what is missing and what to do.

`main` takes {"now", "clock_s", "directory", "free_mb", "route", "names": [...], "ports": [{"port", "for", "programs"}]}
as JSON (`now` is the time of the machine that Ansible runs on, in seconds) and ends with 1 and the sentences, or with 0
in silence.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OURS = "/opt/stadtknoten/"


def missing(wanted: dict[str, Any]) -> Iterator[str]:
    """One sentence for each thing."""
    ahead = time.time() - wanted["now"]
    if abs(ahead) > wanted["clock_s"]:
        side = "ahead of" if ahead > 0 else "behind"
        yield (
            f"this machine's clock is {span(abs(ahead))} {side} the control machine's. "
            f"Set it: sudo date -s @{wanted['now']:.0f}; "
            "then let UDP port 123 through the town's firewall, so that it stays"
        )
    directory = next(path for path in (Path(wanted["directory"]), *Path(wanted["directory"]).parents) if path.is_dir())
    free = shutil.disk_usage(directory).free >> 20
    if free < wanted["free_mb"]:
        yield (
            f"the disk is full: {free} MB are free at {directory}, {wanted['free_mb']} are needed. "
            "Make room: sudo apt-get clean; sudo journalctl --vacuum-size=16M; then look at `sudo du -xh / | sort -h`"
        )
    if shutil.which("ip") is None:
        yield "this machine lacks the programs `ip` and `ss`. Install them: sudo apt-get install -y iproute2"
    elif wanted["route"] and not has_route():
        yield (
            "this machine has no way out: `ip route` shows no default. Check the cable and the switch, ask the "
            "network's keeper for an address (DHCP), or set a fixed one"
        )
    else:
        yield from unknown(wanted["names"])
    yield from taken(wanted["ports"])


def span(seconds: float) -> str:
    """In words."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"


def has_route() -> bool:
    """Over IPv4 or IPv6."""
    return any(said("ip", family, "route", "show", "default").strip() for family in ("-4", "-6"))


def unknown(names: list[str]) -> Iterator[str]:
    """The hub's name must lead somewhere."""
    for name in names:
        try:
            socket.getaddrinfo(name, None)
        except OSError:
            yield (
                f"the name {name} (town_hub_name) is not known here. Enter it in the town's DNS, "
                "or with the hub's address in /etc/hosts"
            )


def taken(ports: list[dict[str, Any]]) -> Iterator[str]:
    """TCP ports that somebody else listens on."""
    for line in said("ss", "-Hltnp").splitlines():
        number = int(line.split()[3].rpartition(":")[2])
        found = re.search(r'"([^"]+)",pid=(\d+)', line)
        for want in ports if found else []:
            program, pid = found[1], found[2]
            if want["port"] == number and program not in want["programs"] and not executable(pid).startswith(_OURS):
                yield (
                    f"TCP port {number} is taken by {program} (process {pid}), {want['for']} needs it. "
                    f"Stop and remove {program}, for example: sudo systemctl disable --now {program}"
                )


def executable(pid: str) -> str:
    """The first word of its command line: python's own path leads out of our directory."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
    except OSError:
        return _OURS  # gone meanwhile


def said(*command: str) -> str:
    """What a program prints; nothing when it is not there."""
    try:
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout
    except OSError:
        return ""


def main(text: str) -> None:
    """Ends the program with the sentences."""
    if sentences := list(dict.fromkeys(missing(json.loads(text)))):
        raise SystemExit("\n".join(sentence + "." for sentence in sentences))
