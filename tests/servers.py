"""Real servers for tests: each starts on a free loopback port and ends with the test."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

_START_SECONDS = 15.0
_SEARCH_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/local/sbin"))


def program(name: str, package: str) -> str:
    """Path of an installed program; without it the test is skipped, with CI=true it fails."""
    found = shutil.which(name, path=_SEARCH_PATH)
    if found:
        return found
    sentence = f"{name} is not installed (Debian package {package}); this test needs it"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = _START_SECONDS) -> bool:
    """True as soon as 127.0.0.1:port accepts a connection, False after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.02)
    return False


class Mosquitto:
    """A real Mosquitto on 127.0.0.1. `extra` lines go into its configuration (limits, access lists ...).

    Without `persistence` it forgets retained messages and queues at every end, as a killed broker may.
    """

    def __init__(self, directory: Path, *, persistence: Path | None = None, extra: tuple[str, ...] = ()) -> None:
        self._binary = program("mosquitto", "mosquitto")
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log_file = directory / "mosquitto.log"
        self._config = directory / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 100000"]
        if os.geteuid() == 0:
            lines.append("user root")  # else it changes to a user that cannot read the test's directory
        if persistence is not None:
            persistence.mkdir(parents=True, exist_ok=True)
            lines += ["persistence true", f"persistence_location {persistence}/", "autosave_interval 1"]
        self._config.write_text("\n".join((*lines, *extra)) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """mqtt://127.0.0.1:<port>"""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts it and returns when it accepts connections."""
        if self._process is not None:
            return
        with self.log_file.open("ab") as log:
            command = [self._binary, "-c", str(self._config), "-v"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if not wait_for_port(self.port) or self._process.poll() is not None:
            self.kill()
            raise RuntimeError("mosquitto did not start:\n" + self.log_file.read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        """Asks it to end (SIGTERM) and waits."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: what a power cut leaves behind."""
        self._end(signal.SIGKILL)

    def restart(self, *, kill: bool = False) -> None:
        """Ends it (gently, or with `kill`) and starts it again on the same port."""
        self._end(signal.SIGKILL if kill else signal.SIGTERM)
        self.start()

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> "Mosquitto":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
