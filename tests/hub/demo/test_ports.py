"""The demo takes free ports and says so."""

import socket
from pathlib import Path

import pytest

from hub.demo import ports
from hub.demo.run import Options, choose_ports


def test_a_busy_port_is_passed_over_for_the_next() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        wanted = busy.getsockname()[1]
        assert ports.choose(wanted, set()) > wanted


def test_two_parts_never_get_the_same_port() -> None:
    taken: set[int] = set()
    assert ports.choose(20000, taken) != ports.choose(20000, taken)


def test_the_demo_says_which_port_was_busy(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        wanted = busy.getsockname()[1]
        chosen = choose_ports(Options(port=wanted, portal_port=None, nodes=6, speed=1, state_dir=Path()))
    assert f"Port {wanted} is busy, the web takes {chosen.web}." in capsys.readouterr().out
