"""A technician with nothing but the README: its blocks, in their order, on a control machine of his own and two boxes.

The control machine is this one with another home, another /media, names of its own and a network of its own: a switch
that leads to both boxes.
"""

import contextlib
import os
import re
import subprocess
from pathlib import Path

from tests.lab.box.box import Box
from tests.lab.box.root import USER

_PLACES = re.compile(r"^# on the ((?:control machine|hub|node)(?:, as root)?)\n")


def blocks(readme: str) -> list[tuple[str, str]]:
    """(language or place, text) of every block; sh blocks say in their first line where they are for."""
    found = []
    for language, indented in re.findall(r"^ *```(sh|yaml)\n(.*?)^ *```$", readme, re.DOTALL | re.MULTILINE):
        lines = indented.splitlines()
        margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
        text = "\n".join(line[margin:] for line in lines) + "\n"
        place = _PLACES.match(text)
        if language == "sh" and place is None:
            raise ValueError(f"this block does not say where it is for: {text}")
        found.append((place[1] if place else language, text))
    return found


class Technician:
    """His home, his place in the file system, and his network; a context manager."""

    def __init__(self, home: Path, boxes: dict[Box, str]) -> None:
        self.home, self._boxes = home, boxes
        self._space = f"technician{os.getpid()}"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Technician":
        for name in ("root", "media/root/bootfs"):
            (self.home / name).mkdir(parents=True)
        (self.home / "media/root/bootfs/config.txt").touch()
        place = self.home / "root"
        (self.home / "cwd").write_text(str(place))
        (self.home / "environment").write_text(f"PATH={os.environ['PATH']}\nHOME={place} USER=root\n")
        others = re.sub(
            r"^(root:[^:]*:0:0:[^:]*):[^:]*:", rf"\1:{place}:", Path("/etc/passwd").read_text(), flags=re.MULTILINE
        )
        (self.home / "passwd").write_text(others)  # ssh asks there, not the environment
        try:
            self._connect()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def do(self, block: str, seconds: float = 600) -> str:
        """Types a block into his terminal, return at every question; AssertionError with what it said when it fails."""
        script = f'set -ea; . {self.home}/environment; cd "$(cat {self.home}/cwd)"; set +a\n{block}\n'
        script += f"pwd > {self.home}/cwd; declare -x > {self.home}/environment"
        mounts = f"mount --bind {self.home}/passwd /etc/passwd; mount --bind {self.home}/media /media; "
        mounts += f'mount --bind {self.home}/hosts /etc/hosts; exec setsid bash -c "$1"'
        command = ["ip", "netns", "exec", self._space, "unshare", "--mount", "--propagation", "private"]
        done = subprocess.run(
            [*command, "sh", "-ec", mounts, "sh", script],
            input="\n" * 20,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout[-6000:]}{done.stderr[-4000:]}"
        return done.stdout

    def _connect(self) -> None:
        run(["ip", "netns", "add", self._space])
        self._stack.callback(run, ["ip", "netns", "delete", self._space])
        inside = ["ip", "-n", self._space]
        run([*inside, "link", "set", "lo", "up"])
        run([*inside, "link", "add", "switch", "type", "bridge"])
        run([*inside, "address", "add", "192.0.2.1/24", "dev", "switch"])
        run([*inside, "link", "set", "switch", "up"])
        for number, (box, address) in enumerate(self._boxes.items()):
            ends = [f"te{os.getpid()}{number}{side}" for side in "ab"]
            run(["ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1]])
            run(["ip", "link", "set", ends[0], "netns", self._space])
            run([*inside, "link", "set", ends[0], "master", "switch", "up"])
            run(["ip", "link", "set", ends[1], "netns", str(box.pid), "name", "eth0"])
            box.run(f"ip address add {address}/24 dev eth0; ip link set eth0 up; ip route add default via 192.0.2.1")


def bare(box: Box) -> None:
    """The box without the account that other tests use: nobody has been here yet."""
    box.run(
        f"userdel --force --remove {USER} 2>/dev/null; rm -f /etc/sudoers.d/{USER}; systemctl start ssh", check=True
    )


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
