"""The settings: names, schemes, the key file."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.settings import Settings

README = Path(__file__).parents[2] / "README.md"


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


def test_every_setting_stands_in_the_readme() -> None:
    text = README.read_text()
    missing = [name for name in Settings.model_fields if f"`HUB_{name.upper()}`" not in text]
    assert missing == []
