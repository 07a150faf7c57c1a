"""Programs without an option to test a file are started on a copy: what they refuse never gets into use."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from captive_portal import radio
from captive_portal.tables import Section
from hub.core.authority import Authority
from hub.core.clock import now_ms
from tests.ansible import rendered

RADIO = {"interface": "wlan0", "bridge": "lan0", "ssid": "Freies WLAN"}


def check(role: str, name: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(rendered.ROLES / role / "files" / name), str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def broker(tmp_path: Path) -> Path:
    """The role's own configuration with certificates of a fresh authority."""
    authority, tls = Authority(tmp_path / "ca"), tmp_path / "tls"
    tls.mkdir()
    issued, key = authority.issue_pair("localhost", now_ms(), 30, ("localhost",))
    contents = {"broker.crt": issued.pem.encode(), "broker.key": key, "ca.crt": authority.pem.encode()}
    for name, content in {**contents, "crl.pem": authority.revocation_list({}, now_ms())}.items():
        (tls / name).write_bytes(content)
    (tmp_path / "acl").write_text(rendered.render("broker", "acl.j2"))
    places = {"broker_tls_dir": tls, "broker_config_dir": tmp_path, "broker_data_dir": tmp_path / "nobody-made-it"}
    file = tmp_path / "mosquitto.conf"
    file.write_text(rendered.render("broker", "mosquitto.conf.j2", **places))
    return file


@pytest.mark.process
@pytest.mark.skipif(shutil.which("mosquitto", path="/usr/sbin") is None, reason="mosquitto is not installed")
def test_mosquitto_is_asked_before_its_file_is_used(broker: Path) -> None:
    assert check("broker", "check-mosquitto", broker).returncode == 0
    broker.write_text(broker.read_text() + "no_such_setting 1\n")
    ended = check("broker", "check-mosquitto", broker)
    assert ended.returncode == 1
    assert "no_such_setting" in ended.stderr


@pytest.mark.process
@pytest.mark.skipif(shutil.which("hostapd") is None, reason="hostapd is not installed")
@pytest.mark.parametrize("driver", ["nl80211", "none"])
def test_hostapd_is_asked_before_its_file_is_used(tmp_path: Path, driver: str) -> None:
    file = tmp_path / "hostapd.conf"
    file.write_text(radio.hostapd_text(radio.parse(Section({"radio": {**RADIO, "driver": driver}}, "radio"))))
    assert check("captive_portal", "check-hostapd", file).returncode == 0
    file.write_text(file.read_text() + "nonsense=1\n")
    assert "nonsense" in check("captive_portal", "check-hostapd", file).stderr
