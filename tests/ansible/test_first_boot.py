"""The files for a Pi's first start: both systems' forms, no password, nothing written when something is wrong."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

PROGRAM = Path(__file__).parents[2] / "ansible/first-boot/prepare.py"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ technik@büro: #1"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    boot = tmp_path / "bootfs"
    boot.mkdir()
    (boot / "config.txt").write_text("arm_64bit=1\n")
    (tmp_path / "key.pub").write_text(KEY + "\n")
    return boot


def prepare(card: Path, *options: str, key: str = "key.pub") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), "--boot", str(card), "--hostname", "kurpark-see"]
    command += ["--key", str(card.parent / key), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_both_systems_find_name_account_key_and_no_password(card: Path) -> None:
    assert prepare(card, "--address", "192.0.2.21/24", "--router", "192.0.2.1").returncode == 0
    old = tomllib.loads((card / "custom.toml").read_text())
    assert (old["config_version"], old["system"]["hostname"]) == (1, "kurpark-see")
    assert old["ssh"] == {"enabled": True, "password_authentication": False, "authorized_keys": [KEY]}
    assert old["user"] == {"name": "technik", "password": "*", "password_encrypted": True}
    text = (card / "user-data").read_text()
    assert text.startswith("#cloud-config\n")
    new = yaml.safe_load(text)
    assert new["hostname"] == "kurpark-see"
    assert new["users"][0]["ssh_authorized_keys"] == [KEY]
    assert new["users"][0]["lock_passwd"] is True
    assert new["ssh_pwauth"] is False
    cable = yaml.safe_load((card / "network-config").read_text())["ethernets"]["eth0"]
    assert cable["addresses"] == ["192.0.2.21/24"]
    assert yaml.safe_load((card / "meta-data").read_text())["local-hostname"] == "kurpark-see"


def test_without_an_address_the_cable_asks_for_one(card: Path) -> None:
    assert prepare(card).returncode == 0
    assert json.loads((card / "network-config").read_text())["ethernets"]["eth0"]["dhcp4"] is True


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--hostname", "Kurpark See"], "--hostname must be"),
        (["--user", "Root!"], "--user must be"),
        (["--country", "de"], "--country must be"),
        (["--address", "192.0.2.21/24"], "belong together"),
    ],
)
def test_a_wrong_word_is_said_and_nothing_is_written(card: Path, options: list[str], sentence: str) -> None:
    ended = prepare(card, *options)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert [file.name for file in card.iterdir()] == ["config.txt"]


def test_a_private_key_or_another_directory_is_refused(card: Path) -> None:
    (card.parent / "private").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert "never copy that one" in prepare(card, key="private").stderr
    (card / "config.txt").unlink()
    assert "not the card's boot partition" in prepare(card).stderr
    assert list(card.iterdir()) == []
