"""What holds for every role: documented defaults, words for each variable, a way off again, no foreign modules."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.ansible import rendered

ROLES = sorted(path.name for path in rendered.ROLES.iterdir())


@pytest.mark.parametrize("role", ROLES)
def test_every_default_has_a_comment_and_an_argument_spec(role: str) -> None:
    specs = yaml.safe_load((rendered.ROLES / role / "meta/argument_specs.yml").read_text())
    options = specs["argument_specs"]["main"]["options"]
    assert set(options) == set(rendered.defaults(role))
    assert all(option["description"] for option in options.values())
    lines = (rendered.ROLES / role / "defaults/main.yml").read_text().splitlines()
    assert sum(1 for line in lines if line.startswith("#")) >= len(options) / 3


@pytest.mark.parametrize("role", ROLES)
def test_a_role_can_be_taken_off_and_uses_nothing_but_what_ansible_brings(role: str) -> None:
    tasks = {file.name: file.read_text() for file in (rendered.ROLES / role / "tasks").glob("*.yml")}
    assert {"main.yml", "present.yml", "absent.yml"} <= set(tasks)
    for text in tasks.values():
        assert set(re.findall(r"^\s+([a-z]+\.[a-z]+)\.[a-z_]+:", text, re.MULTILINE)) <= {"ansible.builtin"}
    assert (rendered.ROLES / role / "molecule/default/molecule.yml").is_file()


PORTAL = {
    "captive_portal_host": "wlan.example",
    "captive_portal_services_url": "https://hub.example",
    "captive_portal_ssid": "Grüß Gott ☀",
    "captive_portal_country": "DE",
    "captive_portal_venue": 'Am "See"',
    "captive_portal_asked_key": "",
}


def test_names_with_any_sign_reach_the_programs_as_they_are() -> None:
    portal = tomllib.loads(rendered.render("captive_portal", "20-portal.toml.j2", **PORTAL))
    assert portal["radio"]["ssid"] == "Grüß Gott ☀"
    assert portal["radio"]["venue"] == 'Am "See"'
    edge = {"edge_name": "lake", "edge_label": 'See "Nord" 😀', "edge_hub_url": "https://hub.example"}
    bays = [{"id": "lake-001", "sensor": "infrared", "pin": 17}]
    text = rendered.render("edge", "10-edge.toml.j2", **edge, edge_bays=bays, edge_rules={"still_m": 0.1})
    found = tomllib.loads(text)
    assert found["node"]["label"] == 'See "Nord" 😀'
    assert found["bays"] == bays
    assert found["rules"] == {"still_m": 0.1}


def test_reading_writes_nothing_to_the_card_and_nothing_else_in_the_table_changes() -> None:
    """The table of Raspberry Pi OS, as its images bring it, and the same once more."""
    rule = yaml.safe_load((rendered.ROLES / "base/tasks/card.yml").read_text())[1]["ansible.builtin.replace"]
    table = "proc /proc proc defaults 0 0\nPARTUUID=4e639091-01 /boot/firmware vfat defaults 0 2\n"
    for before, after in (("defaults", "defaults,noatime"), ("defaults,noatime", "defaults,noatime")):
        line = f"PARTUUID=4e639091-02  /  ext4  {before}  0  1\n"
        said = re.sub(rule["regexp"], rule["replace"], table + line, flags=re.MULTILINE)
        assert said == (table + line).replace(before + "  0  1", after + "  0  1")


def test_a_hubs_setting_means_the_same_to_its_services_and_to_its_command_line(tmp_path: Path) -> None:
    """systemd is asked in the box; here the shell that the command line reads the file with."""
    nasty = "smtp://hub:pa$$w`id`\"#'\\x@mail.example"
    values = {"hub_settings": {"HUB_SMTP_URL": nasty}, "hub_name": "hub.example", "hub_url": "https://hub.example"}
    text = rendered.render("hub", "hub.env.j2", **values, hub_smtp_url="", hub_node_broker_url="", hub_broker_url="")
    (tmp_path / "hub.env").write_text(text)
    command = ["/bin/sh", "-c", '. "$1"; printf %s "$HUB_SMTP_URL"', "sh", str(tmp_path / "hub.env")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == nasty
