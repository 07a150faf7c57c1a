"""What the hub's role makes on the way to a new release: when it fails, the release that was well is in use again."""

import subprocess
from pathlib import Path

import pytest

from tests.ansible import rendered


@pytest.mark.parametrize(("program", "in_use"), [("false", "1.0-a"), ("true", "2.0-b")])
def test_a_release_that_cannot_bring_the_database_up_to_date_is_not_in_use(
    tmp_path: Path, program: str, in_use: str
) -> None:
    home, state = tmp_path / "hub", tmp_path / "state"
    for directory in (home / "1.0-a", home / "2.0-b", state):
        directory.mkdir(parents=True)
    (home / "current").symlink_to(home / "1.0-a")
    (home / "good").symlink_to(home / "1.0-a")
    text = (rendered.ROLES / "hub/files/make").read_text()
    stand_ins = {"/usr/local/bin/stadtknoten-hub": program, "/var/lib/stadtknoten-hub": str(state)}
    for path, instead in {**stand_ins, "runuser -u stadtknoten-hub -- ": ""}.items():
        assert path in text
        text = text.replace(path, instead)
    command = ["/bin/sh", "-s", "--", "database", str(home / "2.0-b"), "schema", "hub.example", "localhost"]
    ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (home / "current").readlink().name == in_use
    assert (home / "good").readlink().name == "1.0-a", "who is well is judged after the restart"
    assert (ended.returncode == 0) == (program == "true")
    assert ("2.0-b cannot be made ready; 1.0-a is in use again" in ended.stderr) == (program == "false")
    assert (state / "schema-of").exists() == (program == "true")
