"""What root writes for the agent (enrol, renew, calibrate, doctor) cannot be led to another file by the agent."""

import os
import stat
from pathlib import Path

import pytest

from edge import files
from edge.doctor.examine import room

NOBODY = 65534


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The agent's directory, and beside it a file that is not the agent's."""
    (tmp_path / "shadow").write_text("secret")
    (tmp_path / "shadow").chmod(0o600)
    directory = tmp_path / "state"
    directory.mkdir()
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
    return directory


def unharmed(state: Path) -> bool:
    shadow = state.parent / "shadow"
    return shadow.read_text() == "secret" and shadow.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("name", [".node.pem.new", "node.pem"])
def test_a_planted_link_is_replaced_and_never_followed(state: Path, name: str) -> None:
    (state / name).symlink_to(state.parent / "shadow")
    files.replace(state / "node.pem", b"certificate", 0o640)
    assert unharmed(state)
    written = (state / "node.pem").lstat()
    assert stat.S_ISREG(written.st_mode)
    assert (state / "node.pem").read_bytes() == b"certificate"
    assert written.st_uid == state.stat().st_uid


def test_what_was_left_half_written_is_no_hindrance(state: Path) -> None:
    (state / ".node.pem.new").write_text("half")
    files.replace(state / "node.pem", b"whole")
    assert [path.name for path in state.iterdir()] == ["node.pem"]


def test_the_doctors_trial_of_the_disk_writes_into_no_file_that_has_a_name(state: Path) -> None:
    (state / ".doctor").symlink_to(state.parent / "shadow")
    free, _, can_write = room(state)
    assert free is not None
    assert can_write
    assert unharmed(state)
