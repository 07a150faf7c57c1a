"""Every role has a whole scenario: create, prepare, converge, idempotence, verify, destroy, on a box of our own.

`tests/lab/box/test_molecule.py` runs them.
"""

from pathlib import Path

import pytest
import yaml

from tests.ansible import rendered

ROLES = sorted(rendered.ROLES.iterdir())
SHARED = rendered.ROLES.parent / "molecule"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_scenario_is_whole(role: Path) -> None:
    home = role / "molecule/default"
    assert (home / "molecule.yml").resolve() == (SHARED / "molecule.yml").resolve()
    scenario = yaml.safe_load((home / "molecule.yml").read_text())
    steps = ["syntax", "create", "prepare", "converge", "idempotence", "verify", "destroy"]
    assert scenario["scenario"]["test_sequence"] == steps
    for step, hosts in (("create", "localhost"), ("prepare", "all"), ("destroy", "localhost")):
        named = scenario["provisioner"]["playbooks"][step].replace("${MOLECULE_PROJECT_DIRECTORY}", str(role))
        assert yaml.safe_load(Path(named).read_text())[0]["hosts"] == hosts
    converge, verify = (yaml.safe_load((home / f"{name}.yml").read_text())[0] for name in ("converge", "verify"))
    assert [entry["role"] for entry in converge["roles"]] == [role.name]
    assert len(verify["tasks"]) > 2


def test_what_a_role_stands_on_is_a_role() -> None:
    (play,) = yaml.safe_load((SHARED / "prepare.yml").read_text())
    names = {role.name for role in ROLES}
    assert set(play["vars"]["below"]) | {name for below in play["vars"]["below"].values() for name in below} <= names
