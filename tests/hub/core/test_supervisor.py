"""Processes under the supervisor, with real processes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

WATCHED = """
import os
import sys
from hub.core.supervisor import Program, Supervisor
supervisor = Supervisor([])
supervisor.add(Program("child", ("-c", sys.argv[1]), dict(os.environ), is_once=sys.argv[2:] == ["once"]))
supervisor.run()
"""


def supervise(child: str, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WATCHED, child, *more], stderr=subprocess.PIPE, text=True)


def wait_for(condition, seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    path = tmp_path / "pids"
    path.touch()
    return path


def test_a_child_that_ends_is_started_again(diary: Path) -> None:
    process = supervise(f"import os; open({str(diary)!r}, 'a').write(f'{{os.getpid()}}\\n')")
    try:
        assert wait_for(lambda: len(diary.read_text().splitlines()) >= 2)
    finally:
        process.terminate()
        process.wait(15)


def test_work_that_has_an_end_is_done_once_and_leaves_no_zombie(diary: Path) -> None:
    process = supervise(f"import os; open({str(diary)!r}, 'a').write(f'{{os.getpid()}}\\n')", "once")
    try:
        assert wait_for(lambda: diary.read_text().strip().isdigit())
        assert wait_for(lambda: not Path(f"/proc/{diary.read_text().strip()}").exists())
        time.sleep(2.5)  # longer than the pause before a new start
        assert len(diary.read_text().splitlines()) == 1
    finally:
        process.terminate()
        process.wait(15)


def test_sigterm_ends_the_children_too(diary: Path) -> None:
    process = supervise(f"import os, time; open({str(diary)!r}, 'a').write(str(os.getpid())); time.sleep(60)")
    assert wait_for(lambda: diary.read_text().isdigit())
    child = int(diary.read_text())
    process.terminate()
    assert process.wait(15) == 0
    assert not is_alive(child)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_killing_the_supervisor_leaves_no_orphan(diary: Path) -> None:
    process = supervise(f"import os, time; open({str(diary)!r}, 'a').write(str(os.getpid())); time.sleep(60)")
    assert wait_for(lambda: diary.read_text().isdigit())
    process.kill()
    process.wait(15)
    child = int(diary.read_text())
    assert wait_for(lambda: not is_alive(child))
