"""Every role has a whole scenario: create, converge, idempotence, verify, destroy, on a box of our own."""

from pathlib import Path

import pytest
import yaml

from tests.ansible import rendered

ROLES = sorted(rendered.ROLES.iterdir())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_scenario_is_whole(role: Path) -> None:
    home = role / "molecule/default"
    scenario = yaml.safe_load((home / "molecule.yml").read_text())
    steps = ["syntax", "create", "converge", "idempotence", "verify", "destroy"]
    assert scenario["scenario"]["test_sequence"] == steps
    for step in ("create", "destroy"):
        named = scenario["provisioner"]["playbooks"][step].replace("${MOLECULE_PROJECT_DIRECTORY}", str(role))
        assert yaml.safe_load(Path(named).read_text())[0]["hosts"] == "localhost"
    converge, verify = (yaml.safe_load((home / f"{name}.yml").read_text())[0] for name in ("converge", "verify"))
    assert role.name in [entry["role"] for entry in converge["roles"]]
    assert verify["tasks"]


def test_all_scenarios_are_the_same_but_for_what_they_apply() -> None:
    assert len({(role / "molecule/default/molecule.yml").read_text() for role in ROLES}) == 1
