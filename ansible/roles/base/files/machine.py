"""Packages, accounts and units of this machine, for `tree.py`; what was changed is returned, by name."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import safe_files


def packages(names: list[str], check: bool) -> list[str]:
    """Installed, without what they only recommend."""
    said = attempt("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names)
    there = {line.split()[0] for line in said.splitlines() if line.endswith(" installed")}
    missing = [name for name in names if name not in there]
    if missing and not check:
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        run("apt-get", "-qy", "-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends", *missing)
    return missing


def user(entry: dict[str, Any], check: bool) -> list[str]:
    """An account of the system, its group, and those of its other groups that this machine has."""
    name, group, changed = entry["user"], entry["group"], []
    if not attempt("getent", "group", group):
        changed.append(f"group {group}")
        if not check:
            run("groupadd", "--system", group)
    if not attempt("getent", "passwd", name):
        changed.append(f"user {name}")
        options = ["--gid", group, "--home-dir", entry["home"], "--no-create-home", "--shell", "/usr/sbin/nologin"]
        if not check:
            run("useradd", "--system", *options, name)
    groups = {group for group in entry.get("groups", []) if attempt("getent", "group", group)}
    missing = groups - set(attempt("id", "-Gn", name).split())
    if missing:
        changed.append(f"groups of {name}")
        if not check:
            run("usermod", "--append", "--groups", ",".join(sorted(missing)), name)
    return changed


def former(sudoers: Path, stay: list[str], check: bool) -> list[str]:
    """Whom the last run gave sudo and this one does not: keys, sudo and the right to log in go, home and files stay.
    SystemExit when it would be whoever runs this.
    """
    before = re.findall(r"(?m)^([a-z_][a-z0-9_.-]*) ALL=", sudoers.read_text()) if sudoers.exists() else []
    gone = [name for name in before if name not in stay]
    if os.environ.get("SUDO_USER", "") in gone:
        raise SystemExit(f"{os.environ['SUDO_USER']} is no admin any more, so somebody else must run this")
    return [f"{name} is no admin any more{'' if check else _shut_out(name)}" for name in gone]


def _shut_out(name: str) -> str:
    """What is left to do by hand, if anything."""
    attempt("gpasswd", "--delete", name, "sudo")
    attempt("usermod", "--lock", "--expiredate", "1", name)
    attempt("loginctl", "terminate-user", name)
    for home in attempt("getent", "passwd", name).split(":")[5:6]:
        keys = Path(home, ".ssh/authorized_keys")
        try:
            if keys.exists():
                safe_files.remove(keys)
        except (SystemExit, OSError):  # a home of links must not keep the others from being shut out
            return f"; remove {keys} by hand"
    return ""


def off(unit: str, check: bool) -> list[str]:
    """Neither enabled nor running."""
    said = run("systemctl", "show", "--property=LoadState,UnitFileState,ActiveState", unit)
    facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    runs = facts.get("ActiveState") in ("active", "activating", "reloading")
    if facts.get("LoadState") == "not-found" or not (runs or facts.get("UnitFileState") == "enabled"):
        return []
    if not check:
        run("systemctl", "disable", "--now", unit)
    return [unit]


def start(units: list[str], now: bool) -> None:
    """Enabled, and running where wanted; the last words of those that do not start."""
    command = ["systemctl", "enable", *(["--now"] if now else []), *units]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        failed = [unit for unit in units if not state(unit)[1]] or units
        last = attempt("journalctl", "-u", failed[0], "-n", "5", "--no-pager", "-o", "cat").strip()
        raise SystemExit(f"{', '.join(failed)} does not start. Look why: sudo journalctl -u {failed[0]} -n 20\n{last}")


def state(unit: str) -> tuple[bool, bool]:
    """(enabled, running) of a unit."""
    said = run("systemctl", "show", "--property=UnitFileState,ActiveState", unit)
    facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return facts.get("UnitFileState") == "enabled", facts.get("ActiveState") in ("active", "activating", "reloading")


def any_runs(services: str | list[str]) -> bool:
    """Whether one of them does; true when none is named."""
    names = [services] if isinstance(services, str) else services
    return any(not name or state(name)[1] for name in names)


def attempt(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False).stdout


def run(*command: str, advice: str = "") -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SystemExit(advice or f"{' '.join(command)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
