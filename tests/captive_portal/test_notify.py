"""systemd hears that the portal is ready and alive, and nothing once it hangs."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from captive_portal.notify import Notifier
from tests.servers import free_port


def listener(path: Path) -> socket.socket:
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    found.bind(str(path))
    found.settimeout(15)
    return found


def test_ready_and_alive_are_said_as_often_as_the_watchdog_needs(tmp_path: Path) -> None:
    systemd = listener(tmp_path / "notify")
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}
    notifier = Notifier.from_environment(environment)
    notifier.ready()
    assert systemd.recv(100) == b"READY=1"
    for _ in range(5):
        notifier.alive()
    assert systemd.recv(100) == b"WATCHDOG=1"
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(100)


def test_without_systemd_nothing_is_said() -> None:
    notifier = Notifier.from_environment({})
    notifier.ready()
    notifier.alive()
    assert notifier.every_s is None


@pytest.mark.process
def test_a_portal_that_hangs_is_not_called_alive(tmp_path: Path) -> None:
    systemd = listener(tmp_path / "notify")
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1500000"}
    command = [sys.executable, "-m", "captive_portal", "--preview", "--state-dir", str(tmp_path), "--port"]
    process = subprocess.Popen([*command, str(free_port())], env=environment)
    try:
        assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"WATCHDOG=1"
        assert systemd.recv(100) == b"WATCHDOG=1"
        process.send_signal(signal.SIGSTOP)
        systemd.settimeout(2)
        with pytest.raises(TimeoutError):
            for _ in range(3):
                systemd.recv(100)
        process.send_signal(signal.SIGCONT)
        systemd.settimeout(15)
        assert systemd.recv(100) == b"WATCHDOG=1"
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(10)
