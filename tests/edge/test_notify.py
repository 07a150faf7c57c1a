"""systemd hears that agent and hub are ready and alive, and nothing where nobody asked."""

import socket
import threading
from pathlib import Path

import pytest

from edge.notify import Notifier
from hub.core.notify import Notifier as HubNotifier
from hub.core.notify import answering
from tests.servers import free_port


@pytest.fixture
def systemd(tmp_path: Path) -> socket.socket:
    found = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    found.bind(str(tmp_path / "notify"))
    found.settimeout(5)
    return found


def environment(tmp_path: Path) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}


def test_the_ticker_says_alive_three_times_in_the_watchdogs_patience(systemd: socket.socket, tmp_path: Path) -> None:
    notifier = Notifier(environment(tmp_path))
    notifier.ready()
    for now in range(100, 125):
        notifier.tick(float(now))
    assert [systemd.recv(20) for _ in range(4)] == [b"READY=1", *[b"WATCHDOG=1"] * 3]
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(20)


def test_the_hubs_servers_are_ready_with_their_first_answer(systemd: socket.socket, tmp_path: Path) -> None:
    said, asked = threading.Event(), threading.Event()

    def answers() -> bool:
        asked.set()
        return said.is_set()

    HubNotifier(environment(tmp_path)).follow(answers)
    assert asked.wait(5)
    systemd.settimeout(0.1)
    with pytest.raises(TimeoutError):
        systemd.recv(20)
    said.set()
    systemd.settimeout(5)
    assert systemd.recv(20) == b"READY=1"


def test_without_systemd_nothing_is_said() -> None:
    for notifier in (Notifier({}), HubNotifier({})):
        notifier.ready()
    Notifier({}).tick(1.0)
    HubNotifier({}).alive()
    assert answering("127.0.0.1", free_port())() is False
