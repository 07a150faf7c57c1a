"""The role's tasks in Ansible itself, with a hub that nobody reaches."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ansible import rendered
from tests.servers import free_port

pytestmark = pytest.mark.process


def play(
    directory: Path, nodes: tuple[str, ...] = ("lake",), tasks: str = "enrol", **values: object
) -> subprocess.CompletedProcess[str]:
    """What happens to nodes without a certificate."""
    hub = {"ansible_host": "127.0.0.1", "ansible_port": free_port(), "ansible_user": "nobody"}
    node = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    children = {"hubs": {"hosts": {"hub": hub}}, "nodes": {"hosts": dict.fromkeys(nodes, node)}}
    (directory / "inventory.yml").write_text(yaml.safe_dump({"all": {"children": children}}))
    steps = [
        {"ansible.builtin.include_tasks": str(rendered.ROLES / f"edge/tasks/{tasks}.yml")},
        {"ansible.builtin.debug": {"msg": "and goes on"}},
    ]
    named = {
        "edge_name": "{{ inventory_hostname }}",
        "edge_hub_url": "https://hub.example",
        "edge_enrol_code": "",
        **values,
    }
    (directory / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "nodes", "gather_facts": False, "vars": named, "tasks": steps}])
    )
    program = shutil.which("ansible-playbook", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program is not None, "it stands in tests/requirements.lock"
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(directory / "tmp"), "ANSIBLE_FORCE_COLOR": "0"}
    command = [program, "-i", str(directory / "inventory.yml"), str(directory / "play.yml")]
    return subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=False)


def test_a_hub_that_is_down_does_not_stop_a_node_and_what_is_left_to_do_is_said(tmp_path: Path) -> None:
    done = play(tmp_path)
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, done.stdout
    assert "lake has no certificate" in said
    assert "The hub is not reached." in said
    assert "sudo stadtknoten-edge enrol CODE && sudo systemctl restart" in said
    assert "and goes on" in said


def test_a_code_that_was_given_asks_no_hub(tmp_path: Path) -> None:
    """This machine has no agent to turn it into a certificate, which is said."""
    done = play(tmp_path, edge_enrol_code="7KQF-2M9X")
    assert done.returncode == 2
    assert "UNREACHABLE" not in done.stdout
    assert "/opt/stadtknoten/node/current/bin/stadtknoten-edge" in done.stdout
    assert "--name" in done.stdout


def test_a_code_for_one_node_is_given_to_one_alone_before_anything_is_changed(tmp_path: Path) -> None:
    done = play(tmp_path, ("lake", "hall"), "present", edge_enrol_code="7KQF-2M9X")
    said = " ".join(done.stdout.split())
    assert done.returncode == 2
    assert "A code is for one node, and this play is for 2: say --limit NAME, too." in said
    assert said.count("TASK [") == 2, "the tasks were read, and the first one ended it"
