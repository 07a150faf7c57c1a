"""Brings many files and units of one machine to what is wanted, and says what differed; Ansible hands it over.

`main` takes {"check": bool, "entries": [...]} as JSON and prints {"changed", "notify", "diff", "there"}, each a list.
Entries are brought about in their order:
  {"path", "content", "owner", "group", "mode", "validate", "notify"}  a file; %s in `validate` is a copy to be tested
  {"path", "copy", "keep", ...}   the same out of another file of this machine; `keep`: only when there is none yet
  {"path", "directory": true, "owner", "group", "mode"}, {"path", "link": target}, {"path", "absent": true}
  "secret": its content is in no diff
  {"path", "owned": true, "owner", "group", "mode"}   a file whose content is somebody else's
  {"path", "said": [command], ...}   the same out of what a program of this machine prints
  {"path", "base64", ...}   the same out of bytes that are no text
  "advice": what is said instead when `validate` refuses it
  "where": only if that directory is there; "then": [command] is run at once when it differed
  "for": `notify` is only for a service that runs (of several, one): who is started later reads everything anyway; the
  same for each name with "notify": {name: service}
  {"run": [command], "notify"}   a program of our own that brings its file about and prints "changed" or "unchanged";
  left out while it is not installed (a check on a bare machine), and so is a file that it would print
  {"look": path, "test": [command]}   whether it is there, and good: its name comes in "there"
  {"unit": name}                  enabled and running; with "start": false enabled alone, with "off": true neither nor
  {"packages": [...]}             installed, without what they only recommend
  {"user", "group", "home", "groups"}  an account of the system, its group made with it; "groups" that the machine lacks
  are left out
  {"former": sudoers, "stay": [...]}  people of that old file who do not stay: neither keys nor sudo any more
With `check` nothing is changed. Some directories belong to a service's user, who may put a link there: root writes over
descriptors, follows no link but its own, and copies nothing but a plain file of its directory's owner.
"""

import base64
import contextlib
import difflib
import hashlib
import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import machine
import safe_files

_UNITS = "/etc/systemd/system/"
_UNIT_TEST = "systemd-analyze verify --recursive-errors=no --man=no %s"
_NOTES = Path("/run")
Entry = dict[str, Any]


class Tree:
    """What was found to differ."""

    def __init__(self, check: bool) -> None:
        self.check, self._reload = check, False
        self.changed: list[str] = []
        self.notify: list[str] = []
        self._units: list[tuple[str, bool]] = []
        self.diff: list[str] = []
        self.there: list[str] = []
        self._pending: list[list[str]] = []  # commands whose file was written and that did not end well yet

    def owed(self) -> str:
        """What a run that stopped half-way still has to tell, for the next one."""
        return json.dumps({"notify": self.notify, "then": self._pending})

    def take_over(self, text: str) -> None:
        """What the last run owed."""
        found = json.loads(text)
        self.notify, self._reload, self._pending = found["notify"], True, found["then"]
        self.finish()
        while self._pending:
            machine.run(*self._pending[0])
            self._pending.pop(0)

    def bring(self, entry: Entry) -> None:
        """One entry."""
        if "unit" in entry and entry.get("off"):
            self.changed += machine.off(entry["unit"], self.check)
            return
        if "unit" in entry:
            self._units.append((entry["unit"], entry.get("start", True)))
            return
        self.finish()
        if "packages" in entry:
            self.changed += machine.packages(entry["packages"], self.check)
        elif "user" in entry:
            self.changed += machine.user(entry, self.check)
        elif "former" in entry:
            self.changed += machine.former(Path(entry["former"]), entry["stay"], self.check)
        elif "look" in entry:
            self.there += [entry["look"]] if _is_good(entry) else []
        elif "run" in entry:
            self._own_program(entry)
        else:
            self._path(entry)

    def _path(self, entry: Entry) -> None:
        path = Path(entry["path"])
        if "where" in entry and not Path(entry["where"]).is_dir():
            return
        if entry.get("absent"):
            done = self._absent(path)
        elif "link" in entry:
            done = self._link(path, entry["link"])
        elif entry.get("owned"):
            done = path.exists() and safe_files.owned(path, entry, self.check)
        elif entry.get("directory"):
            done = self._directory(path, entry)
        else:
            done = self._file(path, entry)
        if done:
            self.changed.append(str(path))
            self._tell(entry)
            self._reload = self._reload or str(path).startswith(_UNITS)
            if "then" in entry and not self.check:
                self._pending.append(entry["then"])
                self.finish()
                machine.run(*entry["then"])
                self._pending.pop()

    def _tell(self, entry: Entry) -> None:
        wanted = entry.get("notify", {})
        names = [wanted] if isinstance(wanted, str) else wanted
        services: dict[str, Any] = wanted if isinstance(wanted, dict) else dict.fromkeys(names, entry.get("for", ""))
        self.notify += [name for name in names if name not in self.notify and machine.any_runs(services[name])]

    def _own_program(self, entry: Entry) -> None:
        if Path(entry["run"][0]).exists():
            done = subprocess.run(entry["run"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
            if done.returncode != 0:
                raise SystemExit(done.stderr.strip())  # a sentence for the technician
            if done.stdout.strip() == "changed":
                self.changed.append(" ".join(entry["run"][:2]))
                self._tell(entry)

    def finish(self) -> None:
        """systemd reads its files anew when one of them differed; units that follow each other start together."""
        if self._reload and not self.check:
            machine.run("systemctl", "daemon-reload")
        wrong = [
            (unit, start)
            for unit, start in self._units
            if machine.state(unit) != (True, machine.state(unit)[1] or start)
        ]
        self.changed += [unit for unit, _ in wrong]
        for start in (True, False):
            units = [unit for unit, starts in wrong if starts is start]
            if units and not self.check:
                machine.start(units, start)
        self._units, self._reload = [], False

    def _absent(self, path: Path) -> bool:
        if not path.is_symlink() and not path.exists():
            return False
        if not self.check:
            safe_files.remove(path)
        return True

    def _link(self, path: Path, target: str) -> bool:
        if path.is_symlink() and str(path.readlink()) == target:
            return False
        if not self.check:
            safe_files.link(path, target)
        return True

    def _directory(self, path: Path, entry: Entry) -> bool:
        made = not path.is_symlink() and not path.is_dir()
        if made and self.check:
            return True
        if made:
            safe_files.make_directory(path)
        return safe_files.owned(path, entry, self.check) or made

    def _file(self, path: Path, entry: Entry) -> bool:
        try:
            content = self._content(path, entry)
        except SystemExit:
            if self.check and self.changed:  # its source would be brought about by an entry before this one
                return True
            raise
        if content is None:
            return False
        old = safe_files.content_of(path) if path.is_file() and not path.is_symlink() else None
        if old == content:
            return safe_files.owned(path, entry, self.check)
        if "copy" not in entry and not entry.get("secret"):  # those may be keys
            before, after = ((text or b"").decode(errors="replace").splitlines() for text in (old, content))
            self.diff += difflib.unified_diff(before, after, str(path), str(path), lineterm="")
        if not self.check:
            safe_files.write(path, content, entry, lambda trial: _validate(trial, entry))
        return True

    def _content(self, path: Path, entry: Entry) -> bytes | None:
        """What is wanted; None when nothing is, or (with `check`) when its source is not made yet."""
        if "said" in entry:
            return machine.run(*entry["said"]).encode() if Path(entry["said"][0]).exists() else None
        if "base64" in entry:
            return base64.b64decode(entry["base64"])
        if "copy" not in entry:
            return str(entry["content"]).encode()
        source = Path(entry["copy"])
        if (entry.get("keep") and path.exists()) or (self.check and not source.exists()):
            return None
        return safe_files.content_of(source, owner=True)


def _is_good(entry: Entry) -> bool:
    if not Path(entry["look"]).exists():
        return False
    return "test" not in entry or subprocess.run(entry["test"], capture_output=True, check=False).returncode == 0


def _validate(trial: str, entry: Entry) -> None:
    """The program that will read it understands it; a unit of systemd is shown to systemd."""
    is_unit = entry["path"].startswith(_UNITS) and entry["path"].endswith((".service", ".path", ".timer"))
    command = entry.get("validate") or (_UNIT_TEST if is_unit else "")
    if command:
        words = (word.replace("%s", trial) for word in shlex.split(command))
        machine.run(*words, advice=entry.get("advice", ""))


def _note(entries: list[Entry]) -> Path:
    """Where this step leaves what it owes; a restart of the machine reads everything anew, so /run will do."""
    first = next((entry["path"] for entry in entries if "path" in entry), "none")
    return _NOTES / f"stadtknoten-tree-{hashlib.sha256(first.encode()).hexdigest()[:16]}"


def main(text: str) -> None:
    """Brings the wanted state about."""
    os.umask(0o022)  # services must reach what is made on the way to their files
    wanted = json.loads(text)
    tree, note = Tree(wanted["check"]), _note(wanted["entries"])
    try:
        if note.exists() and not tree.check:
            tree.take_over(note.read_text())
        for entry in wanted["entries"]:
            tree.bring(entry)
        tree.finish()
    except BaseException:
        with contextlib.suppress(OSError):  # what went wrong is worth more than what is owed
            if not tree.check:
                note.write_text(tree.owed())
        raise
    if not tree.check:
        note.unlink(missing_ok=True)
    found = {"changed": tree.changed, "notify": tree.notify, "diff": tree.diff, "there": tree.there}
    print(json.dumps(found))
