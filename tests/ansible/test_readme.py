"""What the technician's README names is there: commands, make targets, roles, files, and the sentences it quotes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ansible import rendered

ROOT = Path(__file__).parents[2]
README = ROOT / "ansible/README.md"
TEXT = README.read_text()
CODE = re.findall(r"`([^`\n]+)`", TEXT) + [
    line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()
]
MODULES = {"stadtknoten-hub": "hub", "stadtknoten-edge": "edge"}
WORDS = r"(?<!-u )(stadtknoten-(?:hub|edge))((?: [a-z][a-z-]*)+)"
COMMANDS = sorted({found.groups() for code in CODE for found in re.finditer(WORDS, code)})


@pytest.mark.thorough
@pytest.mark.parametrize(("program", "words"), COMMANDS)
def test_every_command_of_our_programs_exists(program: str, words: str) -> None:
    command = [sys.executable, "-m", MODULES[program], *words.split(), "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()


def test_every_make_target_tag_role_and_file_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = {found[1] for code in CODE for found in re.finditer(r"\bmake (?:-C \.\. )?([a-z]+)\b(?!-)", code)}
    assert {"tools", "bundle"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    roles = set(re.findall(r"^\| `([a-z_]+)` \| ", TEXT.partition("## What it installs")[2], re.MULTILINE))
    assert roles == {path.name for path in rendered.ROLES.iterdir()}
    names = re.findall(r"`((?:ansible|tests|inventory|roles)/[\w./-]+\.(?:yml|py|md))`", TEXT)
    names += re.findall(r"\]\(([^)#]+)\)", TEXT)
    wanted = [name for name in names if "NAME" not in name and Path(name).name != "config.yml"]
    assert wanted
    assert [name for name in wanted if not any((base / name).exists() for base in (ROOT, ROOT / "ansible"))] == []


def test_every_variable_that_it_names_is_one() -> None:
    choices = (ROOT / "ansible/example.config.yml").read_text() + (ROOT / "ansible/site.yml").read_text()
    known = set(re.findall(r"\w+", choices)) | {name for role in rendered.ROLES.iterdir() for name in role_names(role)}
    named = {found for code in CODE for found in re.findall(r"\b(?:town|edge|hub|captive_portal|base)_[a-z_]+", code)}
    assert named
    assert named - known == {"captive_portal"} & named


def role_names(role: Path) -> set[str]:
    return set(rendered.defaults(role.name))


def test_what_was_never_tried_is_said() -> None:
    end = TEXT.partition("**Never run on a real Raspberry Pi:**")[2]
    for word in ("first start", "radio", "GPIO", "watchdog", "zram"):
        assert word in end


# Kind -> what the playbook says (None: Ansible's own words), what the doctor says.
SENTENCES = {
    "WiFi country": (None, "does not exist"),
    "port": ("is taken by", "is taken by"),
    "certificate": ("is no certificate, or it is over", "the certificate ended"),
    "disk": ("the disk is full", "the disk is full"),
    "clock": ("this machine's clock is", "this clock is"),
    "no uplink": ("this machine has no way out", "has no line"),
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_every_kind_of_broken_step_is_told_as_the_programs_say_it(kind: str) -> None:
    playbook, doctor = next(line for line in TEXT.splitlines() if line.startswith(f"| {kind} | ")).split(" | ")[1:3]
    files = (*rendered.ROLES.glob("*/files/*.py"), *rendered.ROLES.glob("*/vars/*.yml"))
    roles = " ".join(file.read_text() for file in files)
    said, found = SENTENCES[kind]
    assert said is None or (said in playbook and said in roles)
    assert found in doctor
    assert found in " ".join(file.read_text() for file in ROOT.glob("edge/rules/checkup/*.py"))
