"""A root of another Debian than this machine's: its own archives and no other maker's."""

from pathlib import Path

import pytest

from tests.lab.box import root

DEB822 = """# Modernized
Types: deb
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://download.example/linux/debian
Suites: bookworm
Components: stable
"""
LINES = """# deb http://old.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb https://apt.example/repos/debian bookworm-pgdg main
"""


@pytest.fixture(autouse=True)
def _bookworm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "codename", lambda: "bookworm")
    monkeypatch.delenv("BOX_RELEASE", raising=False)


def test_debians_own_sources_become_those_of_the_release_and_other_makers_are_left_out() -> None:
    made = root.debians_own(".sources", DEB822, "trixie")
    assert "Suites: trixie trixie-updates\n" in made
    assert "URIs: http://archive.example/debian\n" in made
    assert "download.example" not in made
    assert root.debians_own(".list", LINES, "trixie").split() == [
        *("deb", "http://security.example/debian-security", "trixie-security", "main")
    ]
    assert root.debians_own(".list", "deb https://apt.example/repos bookworm-pgdg main\n", "trixie") == ""


@pytest.mark.parametrize(("said", "release"), [("", "bookworm"), ("other", "trixie"), ("trixie", "trixie")])
def test_the_release_is_this_machines_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch, said: str, release: str
) -> None:
    monkeypatch.setenv("BOX_RELEASE", said)
    assert root.wanted_release() == release


def test_what_cannot_be_made_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOX_RELEASE", "woody")
    with pytest.raises(ValueError, match="must be one of bookworm, trixie"):
        root.wanted_release()
    monkeypatch.setattr(root, "_KEYRINGS", tmp_path)
    with pytest.raises(RuntimeError, match=r"no keys of Debian trixie.*debian-archive-keyring"):
        root.sources_of("trixie")
