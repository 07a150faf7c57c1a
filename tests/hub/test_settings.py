"""The settings: names, schemes, the key file."""

import argparse
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.__main__ import main, parser
from hub.settings import Settings

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.process
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUB_DATABASE_URL", "mysql://x"),
        ("HUB_BROKER_URL", "kafka://x"),
        ("HUB_TIMESERIES_URL", "file://x"),
        ("HUB_PUBLIC_URL", "ftp://x"),
        ("HUB_CLAMD_URL", "http://x"),
    ],
)
def test_an_unknown_scheme_stops_the_start_with_one_clear_line(name: str, value: str, tmp_path: Path) -> None:
    environment = {"HUB_STATE_DIR": str(tmp_path), name: value, "PATH": "/usr/bin"}
    result = subprocess.run(
        [sys.executable, "-m", "hub", "migrate"], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert name in result.stderr
    assert "unknown scheme" in result.stderr


def test_a_command_before_the_first_migration_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path))
    assert main(["payments", "check"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["node", "list"]) == 2
    assert "migrate" in capsys.readouterr().err


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True))
def test_only_the_listed_broker_schemes_are_taken(scheme: str) -> None:
    if scheme in ("embedded", "mqtt", "mqtts"):
        assert Settings(broker_url=f"{scheme}://host").broker_url
    else:
        with pytest.raises(ValidationError):
            Settings(broker_url=f"{scheme}://host")


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    key = settings.secret()
    assert len(key) == 32
    assert Settings(state_dir=tmp_path).secret() == key
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"x" * 32 + b"\n"])
@pytest.mark.parametrize("name", ["secret", "grants", "push", "files"])
def test_a_key_file_of_another_size_stops_the_start_with_one_clear_line(
    name: str, content: bytes, tmp_path: Path
) -> None:
    """An empty or cut file would be a weak key, or one under which nothing can be read again."""
    file = tmp_path / f"{name}.key"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=f"{len(content)} bytes"):
        Settings(state_dir=tmp_path).check_keys()
    assert file.read_bytes() == content


def test_the_hub_says_which_key_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "push.key").write_bytes(b"")
    environment = {"HUB_STATE_DIR": str(tmp_path), "PATH": "/usr/bin"}
    command = [sys.executable, "-m", "hub", "serve", "--only", "web"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "push.key holds 0 bytes" in result.stderr


def test_every_setting_stands_in_the_readme() -> None:
    text = README.read_text()
    missing = [name for name in Settings.model_fields if f"`HUB_{name.upper()}`" not in text]
    assert missing == []


def test_every_command_stands_in_the_readme() -> None:
    line = README.read_text().split("Command line: `", 1)[1].split("`", 1)[0]
    missing = [name for name in commands(parser()) if not re.search(rf"\b{name}\b", line)]
    assert not missing


def commands(of: argparse.ArgumentParser, depth: int = 2) -> set[str]:
    """The names of all commands and of their actions."""
    found: set[str] = set()
    for choices in [one.choices for one in of._actions if isinstance(one, argparse._SubParsersAction) if depth]:
        found |= set(choices).union(*(commands(inner, depth - 1) for inner in choices.values()))
    return found
