"""What is off is not on the air: against the real hostapd without a radio, and against one that misbehaves."""

import contextlib
import ipaddress
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from captive_portal.air import AWAY, SENT, SILENT, STUCK, TURNING, Air
from captive_portal.config import Network
from captive_portal.gate import Gate
from captive_portal.hostapd import Control
from captive_portal.orders import OrderFile
from tests.captive_portal.test_gate import load

hostapd = pytest.mark.skipif(shutil.which("hostapd") is None, reason="hostapd is not installed")


@contextlib.contextmanager
def access_point(directory: Path, interface: str = "lo") -> Iterator[Control]:
    """A running hostapd, driver none."""
    file = directory / f"{interface}.conf"
    file.write_text(f"interface={interface}\ndriver=none\nctrl_interface={directory}/run\nssid=Test\n")
    process = subprocess.Popen(["hostapd", str(file)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 5
        while not (directory / "run" / interface).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield Control(directory / "run" / interface)
    finally:
        process.terminate()
        process.wait(5)


class Stubborn:
    """A control socket that says a state and refuses or forgets every command."""

    def __init__(self, path: Path, state: str, answer: str = "FAIL\n") -> None:
        path.parent.mkdir(exist_ok=True)
        self.state, self.answer, self.asked = state, answer, []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            command, peer = self._socket.recvfrom(4096)
            self.asked.append(command.decode())
            self._socket.sendto(
                f"state={self.state}\n".encode() if command == b"STATUS" else self.answer.encode(), peer
            )


@hostapd
def test_closed_takes_it_off_the_air_and_open_brings_it_back(tmp_path: Path) -> None:
    with access_point(tmp_path) as control:
        air = Air(tmp_path / "run", "lo")
        assert air.look() == SENT, "nobody said yet what shall be"
        air.want(False)
        assert air.look() == SILENT
        assert control.status()["state"] == "DISABLED"
        assert air.look() == SILENT
        air.want(True)
        assert air.look() == SENT
        assert control.status()["state"] == "ENABLED"


@hostapd
def test_the_encrypted_network_is_silenced_through_its_own_socket(tmp_path: Path) -> None:
    with access_point(tmp_path) as first, access_point(tmp_path, "lo_owe") as second:
        air = Air(tmp_path / "run", "lo")
        air.want(False)
        assert air.look() == SILENT
        assert [one.status()["state"] for one in (first, second)] == ["DISABLED", "DISABLED"]
        second.ask("ENABLE")
        assert air.look() == SILENT
        assert second.status()["state"] == "DISABLED"


@hostapd
def test_a_hostapd_that_was_started_anew_is_silenced_again(tmp_path: Path) -> None:
    air = Air(tmp_path / "run", "lo")
    air.want(False)
    air.start()
    for _start in range(2):
        with access_point(tmp_path) as control:
            deadline = time.monotonic() + 10
            while control.status()["state"] != "DISABLED" and time.monotonic() < deadline:
                time.sleep(0.05)
            assert control.status()["state"] == "DISABLED"


def test_no_hostapd_is_away_and_the_gate_goes_on(tmp_path: Path) -> None:
    air = Air(tmp_path / "run", "lo")
    air.want(False)
    assert air.look() == AWAY
    (tmp_path / "run").mkdir()
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stale.bind(str(tmp_path / "run" / "lo"))
    stale.close()
    assert air.look() == AWAY


def test_one_that_refuses_is_stuck_and_is_asked_again(tmp_path: Path) -> None:
    stubborn = Stubborn(tmp_path / "run" / "lo", "DISABLED")
    air = Air(tmp_path / "run", "lo")
    air.want(True)
    assert air.look() == STUCK
    stubborn.answer = "OK\n"
    stubborn.state = "DFS"
    assert air.look() == TURNING, "the radar check of 5 GHz takes a minute and is not interrupted"
    assert stubborn.asked.count("ENABLE") == 1
    air.want(False)
    air.look()
    assert stubborn.asked[-2:] == ["DISABLE", "STATUS"]


class Quiet:
    """Parts of the gate that have nothing to do here."""

    def collect(self, _now: int) -> None:
        """No grants came."""


def test_the_gate_tells_the_radio_what_the_hub_wants_and_the_agent_what_the_radio_does(tmp_path: Path) -> None:
    file, obeyed = tmp_path / "wifi.json", tmp_path / "obeyed.json"
    file.write_text('{"v": 4, "wifi": {"off": true}}')
    network = Network("lan0", "wan0", ipaddress.IPv4Interface("10.77.0.1/16"), None)
    air, quiet = Air(tmp_path / "run", "lo"), Quiet()
    stubborn = Stubborn(tmp_path / "run" / "lo", "DISABLED")
    gate = Gate(network, quiet, quiet, quiet, quiet, quiet, OrderFile(file, obeyed), air)  # type: ignore[arg-type]
    gate.tidy({})
    assert air.look() == SILENT
    gate.tidy({})
    assert json.loads(obeyed.read_text()) == {"v": 4, "open": False, "radio": "off"}
    file.with_suffix(".next").write_text('{"v": 5, "wifi": {}}')
    file.with_suffix(".next").replace(file)
    gate.tidy({})
    assert air.look() == STUCK
    assert "ENABLE" in stubborn.asked


def test_hostapds_interface_is_the_radios_and_not_the_bridge(tmp_path: Path) -> None:
    radio = '[radio]\ninterface = "wlan0"\nbridge = "lan0"\n'
    assert load(tmp_path, radio).network.radio == "wlan0"
    assert load(tmp_path).network.radio == "lan0"
