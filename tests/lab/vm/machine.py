"""A running virtual machine. Commands and acknowledgements travel over a serial line; power is cut by SIGKILL."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.vm.image import ROOT, ext4, image

_PATIENCE_S = 120.0
_UNITS = ("ansible/roles/captive_portal/templates", "ansible/roles/edge/templates")
_KERNEL_WORDS = "console=ttyS0 panic=-1 quiet net.ifnames=0 nokaslr mitigations=off"


class Machine:
    """A context manager. `state`: a disk that outlives the machine, written through; everything else is forgotten."""

    def __init__(self, directory: Path, code: Path, state: Path | None = None) -> None:
        self._directory, self._code, self._state = directory, code, state
        self._stack = contextlib.ExitStack()
        self._console = directory / "console"

    def __enter__(self) -> "Machine":
        began = time.monotonic()
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        self.boot_s = time.monotonic() - began
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, command: str, *, check: bool = True, seconds: float = 40) -> str:
        """All that a shell command says, run as root inside; RuntimeError when it fails, unless `check` is off."""
        self._ask(command, seconds, stream=False)
        done = self._read(seconds + _PATIENCE_S)
        if check and done["code"] != 0:
            raise RuntimeError(f"{command}\n{done['out']}\n{self.console()}")
        return str(done["out"])

    def succeeds(self, command: str) -> bool:
        """Whether it ends with 0."""
        return self.run(f"({command}) >/dev/null 2>&1 && echo yes", check=False).strip() == "yes"

    def stream(self, command: str, seconds: float = 600) -> None:
        """Starts a command whose lines are read by `line` and `lines` while it runs."""
        self._ask(command, seconds, stream=True)

    def line(self, seconds: float) -> str:
        """The next whole line; TimeoutError when it does not come, ConnectionError when the machine is gone."""
        self._socket.settimeout(max(0.01, seconds))
        while b"\n" not in self._bytes:
            got = self._socket.recv(65536)
            if not got:
                raise ConnectionError("it has ended")
            self._bytes += got
        line, _, self._bytes = self._bytes.partition(b"\n")
        return line.decode(errors="replace").strip()

    def lines(self, seconds: float) -> list[str]:
        """Whole lines that came over the serial line within so long."""
        deadline, found = time.monotonic() + seconds, []
        with contextlib.suppress(TimeoutError):
            while (left := deadline - time.monotonic()) > 0:
                found.append(self.line(left))
        return found

    def cut_power(self) -> list[str]:
        """SIGKILL; what had still been said before."""
        self._process.kill()
        self._process.wait()
        found = []
        with contextlib.suppress(OSError):
            while True:
                found.append(self.line(1))
        return found

    def wait_until(self, holds: Callable[[], bool], what: str, seconds: float = 40) -> float:
        """Waits for a condition and says how long it took; the failure names what was awaited."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"waited {seconds:.0f} s for {what}\n{self.console()}")
            time.sleep(0.2)
        return time.monotonic() - began

    def console(self) -> str:
        """The end of what the kernel said."""
        return self._console.read_text(errors="replace")[-2000:]

    def _start(self) -> None:
        made, line = image(), self._directory / "line"
        line.unlink(missing_ok=True)
        command = ["qemu-system-x86_64", "-nodefaults", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]
        command += ["-m", "512", "-display", "none", "-no-reboot", "-device", "virtio-rng-pci"]
        command += ["-serial", f"file:{self._console}", "-serial", f"unix:{line},server=on,wait=on"]
        command += ["-kernel", str(made.kernel), "-initrd", str(made.initrd), "-append", _KERNEL_WORDS]
        disks = [f"{made.disk},snapshot=on,cache=unsafe", f"{self._code},snapshot=on,cache=unsafe"]
        disks += [f"{self._state},cache=writethrough"] if self._state else []
        command += [word for disk in disks for word in ("-drive", f"format=raw,if=virtio,file={disk}")]
        with (self._directory / "qemu").open("w") as said:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=said)
        self._stack.callback(self._end)
        self._socket = self._stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        self._bytes = b""
        self.wait_until(lambda: self._connects(line), "qemu", 10)
        if self._read(_PATIENCE_S) != {"ready": True}:
            raise RuntimeError(f"the virtual machine did not boot\n{self.console()}")

    def _connects(self, line: Path) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"qemu ended: {(self._directory / 'qemu').read_text()}")
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            self._socket.connect(str(line))
            return True
        return False

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, command: str, seconds: float, *, stream: bool) -> None:
        asked = {"command": command, "seconds": seconds, "stream": stream}
        self._socket.sendall(json.dumps(asked).encode() + b"\n")

    def _read(self, seconds: float) -> dict[str, Any]:
        try:
            return dict(json.loads(self.line(seconds)))
        except OSError as error:
            raise RuntimeError(f"the virtual machine fell silent ({error})\n{self.console()}") from None


def demand() -> None:
    """Fails in CI, skips elsewhere, where virtual machines cannot be run; says why."""
    missing = [name for name in ("qemu-system-x86_64", "mmdebstrap", "mke2fs") if shutil.which(name) is None]
    reasons = [f"The virtual machine needs {', '.join(missing)}."] if missing else []
    reasons += ["The virtual machine's image is made by root."] if os.geteuid() != 0 else []
    reasons += ["The virtual machine is made on x86-64 only."] if os.uname().machine != "x86_64" else []
    if reason := " ".join(reasons):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def code_disk(directory: Path) -> Path:
    """The project's own code as it is now, with what `directory`/files holds, as a disk."""
    tree = directory / "files"
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("captive_portal", "edge", "tests/lab/vm/guest", *_UNITS):
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    shutil.copy(ROOT / "tests/lab/internet.py", tree)
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(tree)], check=True)  # of use where versions are alike
    disk = directory / "code.ext4"
    ext4(tree, disk, 32)
    return disk
