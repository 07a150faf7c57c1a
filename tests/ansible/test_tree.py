"""Many files in one step: what differs is changed, validated first, said, and nothing else; a check changes nothing."""

import grp
import json
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ansible import rendered

FILES = rendered.ROLES / "base/files"
PARTS = "".join(
    f"sys.modules[{part!r}] = types.ModuleType({part!r})\n"
    f"exec({json.dumps((FILES / f'{part}.py').read_text())}, vars(sys.modules[{part!r}]))\n"
    for part in ("safe_files", "machine")
)
PROGRAM = f"import sys, types\n{PARTS}{(FILES / 'tree.py').read_text()}"
ME, MINE = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
NOTHING: dict[str, list[str]] = {"changed": [], "notify": [], "diff": [], "there": []}
# The stand-in for systemd keeps what is enabled and running in two directories.
SYSTEMCTL = """#!/bin/sh
cd "{home}"; echo "$*" >> log; verb=$1; shift
case $verb in
show) for unit; do :; done; [ -e enabled-$unit ] && echo UnitFileState=enabled || echo UnitFileState=disabled
      echo LoadState=loaded; [ -e active-$unit ] && echo ActiveState=active || echo ActiveState=inactive;;
enable) now=$1; [ "$now" = --now ] && shift
      for unit; do touch enabled-$unit; [ "$now" = --now ] && touch active-$unit; done; true;;
disable) rm -f enabled-$2 active-$2;;
esac
"""


class Machine:
    """A directory, and the program as Ansible starts it."""

    def __init__(self, root: Path) -> None:
        self.root, self._bin = root, root / "bin"
        self._bin.mkdir()
        program = self._bin / "systemctl"
        program.write_text(SYSTEMCTL.format(home=root))
        program.chmod(0o755)

    def run(self, *entries: dict[str, Any], check: bool = False) -> subprocess.CompletedProcess[str]:
        text = json.dumps({"check": check, "entries": list(entries)})
        environment = {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}"}
        program = PROGRAM.replace('_NOTES = Path("/run")', f"_NOTES = Path({str(self.root)!r})")
        source = f"{program}\nmain({json.dumps(text)})"
        command = [sys.executable, "-"]
        return subprocess.run(command, input=source, env=environment, capture_output=True, text=True, check=False)

    def bring(self, *entries: dict[str, Any], check: bool = False) -> dict[str, Any]:
        done = self.run(*entries, check=check)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def file(self, name: str, content: str, **more: object) -> dict[str, Any]:
        return {**self.owned(name, "0640"), "content": content, **more}

    def owned(self, name: str, mode: str) -> dict[str, Any]:
        return {"path": str(self.root / name), "owner": ME, "group": MINE, "mode": mode}

    @property
    def log(self) -> str:
        return (self.root / "log").read_text() if (self.root / "log").exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_file_is_written_once_with_its_rights_and_told_with_a_diff(machine: Machine) -> None:
    entry = machine.file("deep/a.conf", "Grüß \\U0001f600 'x'\n", notify=["Restart a", "Restart b"])
    found = machine.bring(entry, check=True)
    assert found["changed"] == [entry["path"]]
    assert any(line.startswith("+Grüß") for line in found["diff"])
    assert not Path(entry["path"]).exists(), "a check changes nothing"
    found = machine.bring(entry)
    assert (found["changed"], found["notify"]) == ([entry["path"]], ["Restart a", "Restart b"])
    assert Path(entry["path"]).read_text() == entry["content"]
    assert stat.S_IMODE(Path(entry["path"]).stat().st_mode) == 0o640
    assert machine.bring(entry) == NOTHING
    Path(entry["path"]).chmod(0o644)
    assert machine.bring(entry)["changed"] == [entry["path"]]


def test_what_its_program_refuses_never_gets_into_use(machine: Machine) -> None:
    entry = machine.file("a.conf", "good\n", validate="grep -q good %s")
    machine.bring(entry)
    done = machine.run({**entry, "content": "bad\n"})
    assert done.returncode != 0
    assert "grep" in done.stderr
    assert (machine.root / "a.conf").read_text() == "good\n"
    assert [path.name for path in machine.root.iterdir() if path.name.startswith(".a")] == []


def test_copies_links_directories_and_what_is_to_go(machine: Machine) -> None:
    (machine.root / "source").write_text("key")
    copy = {**machine.owned("copy", "0600"), "copy": str(machine.root / "source")}
    entries = [
        {**machine.owned("dir", "0751"), "directory": True},
        copy,
        {"path": str(machine.root / "link"), "link": str(machine.root / "dir")},
        {"path": str(machine.root / "old"), "absent": True},
        {**machine.owned("foreign", "0640"), "owned": True},
        {**machine.file("nm/a", "x"), "where": str(machine.root / "nm")},
    ]
    (machine.root / "old").write_text("")
    (machine.root / "foreign").write_text("theirs")
    found = machine.bring(*entries)
    assert [Path(path).name for path in found["changed"]] == ["dir", "copy", "link", "old", "foreign"]
    assert found["diff"] == [], "keys are in no diff"
    assert machine.bring(*entries)["changed"] == []
    (machine.root / "source").write_text("new")
    assert machine.bring({**copy, "keep": True})["changed"] == []
    assert machine.bring(copy)["changed"] == [copy["path"]]
    assert machine.bring({**copy, "copy": "/nowhere"}, check=True)["changed"] == []


def test_units_start_together_and_a_notice_is_only_for_who_runs_already(machine: Machine) -> None:
    units = [{"unit": "a.service"}, {"unit": "b.service"}, {"unit": "c.service", "start": False}]
    assert machine.bring(*units, check=True)["changed"] == ["a.service", "b.service", "c.service"]
    assert "enable" not in machine.log
    entry = machine.file("a.conf", "1", notify="Restart a", **{"for": "a.service"})
    assert machine.bring(entry, *units)["notify"] == []
    assert "enable --now a.service b.service" in machine.log
    assert not (machine.root / "active-c.service").exists()
    assert machine.bring(entry, *units) == NOTHING
    assert machine.bring({**entry, "content": "2"}, *units)["notify"] == ["Restart a"]
    one_of = {**entry, "content": "3", "for": ["other.service", "a.service"]}
    assert machine.bring(one_of)["notify"] == ["Restart a"]
    assert machine.bring({**one_of, "content": "4", "for": ["other.service"]})["notify"] == []
    assert machine.bring({"unit": "a.service", "off": True})["changed"] == ["a.service"]
    assert machine.bring({"unit": "a.service", "off": True})["changed"] == []


def program(machine: Machine, text: str) -> str:
    file = machine.root / "program"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_a_program_of_our_own_is_believed_in_what_it_says_and_told_to_whom_it_concerns(machine: Machine) -> None:
    entry = {"run": [program(machine, "echo changed")], "notify": {"Restart a": "a.service", "Restart b": "b.service"}}
    (machine.root / "active-a.service").touch()
    found = machine.bring(entry)
    assert (len(found["changed"]), found["notify"]) == (1, ["Restart a"])
    program(machine, "echo unchanged")
    assert machine.bring(entry) == NOTHING
    program(machine, "echo 'channel 13 is not allowed' >&2; exit 2")
    done = machine.run(entry)
    assert (done.returncode, done.stderr.strip()) == (1, "channel 13 is not allowed")
    assert machine.bring({"run": [str(machine.root / "not-installed")]}, check=True) == NOTHING


def test_a_file_may_be_what_a_program_says_or_bytes_and_something_may_follow_at_once(machine: Machine) -> None:
    said = {**machine.owned("said", "0640"), "said": [program(machine, "echo generated")]}
    machine.bring(said, {**machine.owned("sig", "0640"), "base64": "AP8="})
    assert (machine.root / "said").read_text() == "generated\n"
    assert (machine.root / "sig").read_bytes() == b"\0\xff"
    program(machine, "echo 'no [portal] in node.toml' >&2; exit 2")
    assert machine.run(said, check=True).returncode == 1
    first = machine.file("node.toml", "[portal]")
    found = machine.bring(first, said, check=True)
    assert found["changed"] == [first["path"], said["path"]], "its source would come first"
    follow = {**machine.file("a", "1"), "then": ["touch", str(machine.root / "followed")]}
    machine.bring(follow, check=True)
    assert not (machine.root / "followed").exists()
    machine.bring(follow)
    assert (machine.root / "followed").exists()


def test_a_refusal_says_what_to_do_and_what_is_there_must_also_be_good(machine: Machine) -> None:
    done = machine.run(machine.file("a", "x", validate="false %s", advice="Get a new one."))
    assert done.stderr.strip() == "Get a new one."
    (machine.root / "there").touch()
    looks = [{"look": str(machine.root / "there"), "test": [test]} for test in ("true", "false")]
    assert machine.bring(*looks)["there"] == [str(machine.root / "there")]


def test_a_service_that_does_not_start_is_named_with_where_to_look(machine: Machine) -> None:
    systemctl = machine.root / "bin/systemctl"
    systemctl.write_text(systemctl.read_text().replace("enable) now", "enable) exit 1; now"))
    done = machine.run({"unit": "a.service"})
    assert done.returncode == 1
    assert "a.service does not start. Look why: sudo journalctl -u a.service -n 20" in done.stderr


def test_what_a_run_that_stopped_half_way_had_to_restart_is_told_by_the_next_one(tmp_path: Path) -> None:
    machine, done = Machine(tmp_path), tmp_path / "done"
    good = machine.file(
        "good", "new", notify="Restart node", then=["/bin/sh", "-c", f"test -e {done} && touch {done}2"]
    )
    bad = machine.file("bad", "new", validate="/bin/false %s")
    assert machine.run(good).returncode != 0, "the command after it failed"
    done.touch()
    assert machine.run(good, bad).returncode != 0
    assert done.with_name("done2").exists()
    assert machine.bring(good)["notify"] == ["Restart node"]
    assert machine.bring(good) == NOTHING


NOBODY = 65534


@pytest.fixture
def foreign(machine: Machine) -> Path:
    """A directory of somebody else, and a file of root that he wants."""
    if os.geteuid() != 0:
        pytest.skip("only root can be led astray")
    machine.root.chmod(0o755)
    (machine.root / "shadow").write_text("secret")
    (machine.root / "shadow").chmod(0o600)
    directory = machine.root / "foreign"
    directory.mkdir()
    os.chown(directory, NOBODY, NOBODY)
    return directory


def plant(name: Path, target: Path) -> None:
    name.symlink_to(target)
    os.chown(name, NOBODY, NOBODY, follow_symlinks=False)


def test_root_is_not_led_to_another_directory_by_a_link_in_a_services_directory(
    machine: Machine, foreign: Path
) -> None:
    victim = machine.root / "victim"
    victim.mkdir(mode=0o755)
    plant(foreign / "grants", victim)
    entry = {**machine.owned("foreign/grants", "0770"), "directory": True, "owner": "nobody"}
    below = machine.file("foreign/grants/key", "x")
    for wanted in (entry, below):
        done = machine.run(wanted)
        assert done.returncode == 1
        assert "is a link that somebody put there" in done.stderr
    assert (victim.stat().st_uid, stat.S_IMODE(victim.stat().st_mode)) == (0, 0o755)
    assert list(victim.iterdir()) == []


def test_roots_own_link_in_its_own_directory_is_followed(machine: Machine) -> None:
    (machine.root / "disk").mkdir(mode=0o755)
    (machine.root / "backups").symlink_to(machine.root / "disk")
    entry = {**machine.owned("backups", "0700"), "directory": True}
    assert machine.bring(entry)["changed"] == [entry["path"]]
    assert stat.S_IMODE((machine.root / "disk").stat().st_mode) == 0o700
    assert machine.bring(entry)["changed"] == []


def test_what_is_made_on_the_way_can_be_reached_whatever_the_callers_mask_is(machine: Machine) -> None:
    before = os.umask(0o077)
    try:
        machine.bring(machine.file("opt/deep/a", "1"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((machine.root / "opt/deep").stat().st_mode) == 0o755


def test_root_copies_no_file_that_a_service_only_points_to(machine: Machine, foreign: Path) -> None:
    copy = {**machine.owned("copy", "0644"), "copy": str(foreign / "hub.crt")}
    plant(foreign / "hub.crt", machine.root / "shadow")
    assert "is a link that somebody put there" in machine.run(copy).stderr
    (foreign / "hub.crt").unlink()
    os.link(machine.root / "shadow", foreign / "hub.crt")
    assert "has a second name" in machine.run(copy).stderr
    (foreign / "hub.crt").unlink()
    (foreign / "hub.crt").write_text("of root")
    os.chown(foreign / "hub.crt", 1, 1)
    assert "is no plain file of its directory's owner" in machine.run(copy).stderr
    assert not (machine.root / "copy").exists()


def test_a_file_in_a_services_directory_replaces_a_link_and_not_what_it_leads_to(
    machine: Machine, foreign: Path
) -> None:
    plant(foreign / "a.conf", machine.root / "shadow")
    entry = machine.file("foreign/a.conf", "new")
    assert machine.bring(entry)["changed"] == [entry["path"]]
    assert (machine.root / "shadow").read_text() == "secret"
    assert not (foreign / "a.conf").is_symlink()


def test_a_unit_that_systemd_does_not_understand_is_not_written(tmp_path: Path, machine: Machine) -> None:
    program = PROGRAM.replace('_UNITS = "/etc/systemd/system/"', f'_UNITS = "{tmp_path}/"')
    unit = machine.file("a.service", "[Service]\nExecStart=/bin/true\nMemoryMax=12Q\n")
    for content, code in ((unit["content"], 1), (unit["content"].replace("12Q", "12M"), 0)):
        text = json.dumps({"check": False, "entries": [{**unit, "content": content}]})
        command = [sys.executable, "-c", f"{program}\nmain({json.dumps(text)})"]
        environment = {**os.environ, "PATH": f"{machine.root / 'bin'}:{os.environ['PATH']}"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert (tmp_path / "a.service").exists() == (code == 0)
        assert ("Invalid memory limit '12Q'" in done.stderr) == (code == 1)


def test_whom_the_list_does_not_name_any_more_loses_keys_and_sudo(machine: Machine) -> None:
    for name in ("gpasswd", "usermod", "loginctl"):
        tool = machine.root / "bin" / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*" >> {machine.root}/log\n')
        tool.chmod(0o755)
    home = machine.root / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/authorized_keys").write_text("ssh-ed25519 AAAA old@office\n")
    getent = machine.root / "bin/getent"
    getent.write_text(f"#!/bin/sh\necho old:x:1001:1001::{home}:/bin/bash\n")
    getent.chmod(0o755)
    sudoers = machine.root / "sudoers"
    sudoers.write_text("# Written\nnew ALL=(ALL) NOPASSWD: ALL\nold ALL=(ALL) NOPASSWD: ALL\n")
    entry = {"former": str(sudoers), "stay": ["new"]}
    assert machine.bring(entry, check=True)["changed"] == ["old is no admin any more"]
    assert (home / ".ssh/authorized_keys").exists()
    assert machine.bring(entry)["changed"] == ["old is no admin any more"]
    assert not (home / ".ssh/authorized_keys").exists()
    assert machine.log.splitlines() == [
        "gpasswd --delete old sudo",
        "usermod --lock --expiredate 1 old",
        "loginctl terminate-user old",
    ]
    sudoers.write_text("new ALL=(ALL) NOPASSWD: ALL\n")
    assert machine.bring(entry) == NOTHING
    assert machine.bring({**entry, "former": str(machine.root / "none")}) == NOTHING
