"""What is wrong with a machine is said in a sentence, with what to do, before anything is changed on it."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ansible import rendered

PROGRAM = (rendered.ROLES / "base/files/demands.py").read_text()


def said(tools: Path | None = None, *, alone: bool = False, **more: object) -> str:
    """What the program says of this machine (with no programs but `tools` when they are `alone`), or nothing."""
    wanted = {"now": time.time(), "clock_s": 600, "directory": "/opt/none", "free_mb": 0, "route": False}
    text = json.dumps({**wanted, "names": [], "ports": [], **more})
    path = os.pathsep.join([*([str(tools)] if tools else []), *([] if alone else [os.environ["PATH"]])])
    command = [sys.executable, "-"]
    source = f"{PROGRAM}\nmain({json.dumps(text)})"
    environment = {**os.environ, "PATH": path}
    done = subprocess.run(command, input=source, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == (1 if done.stderr else 0)
    return done.stderr


def test_a_machine_that_has_everything_hears_nothing() -> None:
    assert said(names=["localhost"]) == ""


@pytest.mark.parametrize(("away", "side"), [(-7300, "2 hours ahead of"), (7300, "2 hours behind")])
def test_a_wrong_clock_is_told_with_the_command_that_sets_it(away: int, side: str) -> None:
    text = said(now=time.time() + away)
    assert f"this machine's clock is {side} the control machine's" in text
    assert "sudo date -s @" in text
    assert "UDP port 123" in text


def test_a_full_disk_is_told_with_how_to_make_room() -> None:
    text = said(free_mb=10**9)
    assert "the disk is full" in text
    assert "Make room: sudo apt-get clean" in text


def test_no_way_out_and_an_unknown_hub_are_told(tmp_path: Path) -> None:
    (tmp_path / "ip").write_text("#!/bin/sh\n")
    (tmp_path / "ip").chmod(0o755)
    assert "no way out" in said(tmp_path, route=True)
    assert "Check the cable" in said(tmp_path, route=True)
    text = said(names=["hub.stadtknoten.invalid"])
    assert "hub.stadtknoten.invalid (town_hub_name) is not known here" in text
    assert "DNS" in text


def test_a_machine_without_the_programs_to_look_hears_what_to_install(tmp_path: Path) -> None:
    text = said(tmp_path, alone=True, route=True)
    assert "lacks the programs `ip` and `ss`. Install them: sudo apt-get install -y iproute2" in text
    assert "no way out" not in text


def test_a_port_of_somebody_else_is_told_with_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        wanted = {"port": port, "for": "the landing page"}
        text = said(ports=[{**wanted, "programs": []}])
        assert f"TCP port {port} is taken by" in text
        assert f"(process {os.getpid()}), the landing page needs it. Stop and remove" in text
        name = Path("/proc/self/comm").read_text().strip()
        assert said(ports=[{**wanted, "programs": [name]}]) == ""
