"""Every service has few rights, limits and somebody who watches; systemd's own judge says how few."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.ansible import rendered

MOST = 3.0  # of systemd's ten
UNITS = rendered.units()
NOTIFYING = {"edge", "portal", "gate", "watch", "hub-web", "hub-live", "hub-worker", "hub-ingest"}
GROUPS = {"edge_groups": ["gpio", "i2c"]}


def write(directory: Path, role: str, template: str) -> Path:
    file = directory / template.removesuffix(".j2")
    file.write_text(rendered.render(role, template, **GROUPS))
    return file


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_every_service_little_exposed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = {}
    for role, template in UNITS:
        unit = write(tmp_path, role, template)
        command = ["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"Overall exposure level for (\S+): ([\d.]+)", said.stdout)
        assert found, said.stderr
        figures[found[1]] = float(found[2])
    with capsys.disabled():
        print("\nexposure (of 10):", *(f"{name} {figure}" for name, figure in figures.items()), sep="\n  ")
    assert {name: figure for name, figure in figures.items() if figure > MOST} == {}


@pytest.mark.parametrize(("role", "template"), UNITS)
def test_what_notifies_is_watched_and_everything_has_a_limit(role: str, template: str) -> None:
    text = rendered.render(role, template, **GROUPS)
    name = template.removeprefix("stadtknoten-").removesuffix(".service.j2")
    if name in NOTIFYING:
        assert "Type=notify" in text
        assert "WatchdogSec=" in text
    if "Type=oneshot" not in text:
        assert "MemoryMax=" in text
        assert "Restart=always" in text
    assert "NoNewPrivileges=yes" in text
    assert "ProtectSystem=strict" in text


def test_only_the_gate_and_the_radios_programs_have_capabilities() -> None:
    with_some = set()
    for role, template in UNITS:
        text = rendered.render(role, template, **GROUPS)
        if re.search(r"(?m)^CapabilityBoundingSet=\S", text) and "Type=oneshot" not in text:
            with_some.add(template.removesuffix(".service.j2"))
    assert with_some == {f"stadtknoten-{name}" for name in ("gate", "watch", "dnsmasq", "hostapd")}


def test_a_nodes_services_fit_into_a_pi_zero() -> None:
    """The sum of what each may take at most leaves room for the system in 512 MB."""
    limits = {**rendered.defaults("captive_portal")["captive_portal_memory"]}
    limits["edge"] = rendered.defaults("edge")["edge_memory_max"]
    assert sum(int(limit.removesuffix("M")) for limit in limits.values()) <= 420


def test_the_hardening_is_the_same_everywhere() -> None:
    assert len({file.read_text() for file in rendered.ROLES.glob("*/templates/hardening.j2")}) == 1
