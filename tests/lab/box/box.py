"""A booted machine: overlay on the fresh root, own namespaces, systemd as process 1, reached by ssh without a network.

Nothing of the host can be changed from inside: its clock, its kernel's settings and its devices are out of reach.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.lab.box.root import USER

# As process 1's forerunner inside the new namespaces: file systems, then systemd. $1 is the directory of the box.
_BOOT = """
set -eu
m=$1/merged
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$m"
mount -t proc proc "$m/proc"
mount -t proc proc "$m/mnt"
mount --bind "$m/proc/sys" "$m/proc/sys"
mount -o remount,bind,ro "$m/proc/sys"
mount --bind "$m/mnt/sys/net" "$m/proc/sys/net"
umount --lazy "$m/mnt"
mount -t sysfs -o ro sysfs "$m/sys"
mount -t cgroup2 cgroup2 "$m/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$m/dev"
for device in "null 3" "zero 5" "full 7" "random 8" "urandom 9"; do
    mknod -m 666 "$m/dev/${device% *}" c 1 "${device#* }"
done
mknod -m 666 "$m/dev/tty" c 5 0
mkdir "$m/dev/pts" "$m/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$m/dev/pts"
ln -s pts/ptmx "$m/dev/ptmx"
ln -s /proc/self/fd "$m/dev/fd"
touch "$m/dev/console"
mount -t tmpfs tmpfs "$m/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$m/run"
mount -t tmpfs -o mode=1777 tmpfs "$m/tmp"
hostname "$3"
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$m" /lib/systemd/systemd
"""
_OFF = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "unattended-upgrades.service",
    "systemd-logind.service",
    "console-getty.service",
)
# A Raspberry Pi has NetworkManager, a server does not.
NO_MANAGER = ("NetworkManager.service", "NetworkManager-wait-online.service", "NetworkManager-dispatcher.service")
# Cables get their addresses by hand; NetworkManager asks no DHCP server that is not there.
_BY_HAND = "[main]\nno-auto-default=*\n"
_PATIENCE_S = 60


class Box:
    """A context manager; `limit_mb` is the memory of everything inside, `files` are there before it boots."""

    def __init__(
        self,
        directory: Path,
        root: Path,
        name: str,
        limit_mb: int,
        off: tuple[str, ...] = (),
        files: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name, self._home, self._root = name, directory / name, root
        self._limit_mb, self._off, self._files = limit_mb, (*_OFF, *off), files
        self.key = directory / "key"
        self._groups: list[Path] = []
        self._stack = contextlib.ExitStack()
        self.pid = 0

    @property
    def upper(self) -> Path:
        """What differs from the fresh root."""
        return self._home / "upper"

    def root_path(self, path: str) -> Path:
        """A path inside as this machine sees it, while the box runs."""
        return Path(f"/proc/{self.pid}/root{path}")

    def __enter__(self) -> "Box":
        try:
            self._prepare()
            self._boot()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, command: str, *, check: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """A shell command inside, as root."""
        inside = ["nsenter", "--target", str(self.pid), "--all", "--root", "--wd=/", "/bin/sh", "-c", command]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(inside, capture_output=True, text=True, timeout=seconds, env=environment, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {command}\n{done.stdout}{done.stderr}")
        return done

    def connect(self, other: "Box", mine: str, theirs: str) -> None:
        """A cable between two boxes, eth0 on both sides, with these addresses."""
        names = [f"sk{os.getpid()}{letter}" for letter in "ab"]
        subprocess.run(["ip", "link", "add", names[0], "type", "veth", "peer", "name", names[1]], check=True)
        for box, name, address in ((self, names[0], mine), (other, names[1], theirs)):
            subprocess.run(["ip", "link", "set", name, "netns", str(box.pid), "name", "eth0"], check=True)
            box.run(f"ip address add {address} dev eth0 && ip link set eth0 up")

    def memory_mb(self) -> tuple[float, float]:
        """(used without what the kernel could give back at once, most that was ever used), of everything inside."""
        group = self._groups[0]
        if (group / "memory.stat").exists() and (group / "memory.max_usage_in_bytes").exists():
            stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            used = int((group / "memory.usage_in_bytes").read_text()) - int(stat["total_inactive_file"])
            return used / 2**20, int((group / "memory.max_usage_in_bytes").read_text()) / 2**20
        used = int((group / "memory.current").read_text())
        return used / 2**20, int((group / "memory.peak").read_text()) / 2**20

    def killed_for_memory(self) -> int:
        """How many processes the kernel killed because of the limit."""
        for name in ("memory.oom_control", "memory.events"):
            with contextlib.suppress(OSError):
                lines = (self._groups[0] / name).read_text().splitlines()
                return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
        return 0

    def _prepare(self) -> None:
        for name in ("upper", "work", "merged"):
            (self._home / name).mkdir(parents=True)
        self._stack.callback(shutil.rmtree, self._home, True)
        if not self.key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)
        units = self.upper / "etc/systemd/system"
        units.mkdir(parents=True)
        for unit in self._off:
            (units / unit).symlink_to("/dev/null")
        hosts = f"127.0.0.1 localhost {self.name}\n10.9.0.1 hub.box\n10.9.0.2 node.box\n"
        (self.upper / "etc/hosts").write_text(hosts)
        (self.upper / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")  # refuses at once, nobody waits
        (self.upper / "etc/hostname").write_text(f"{self.name}\n")
        never_the_hosts_clock = {"etc/default/chrony": 'DAEMON_OPTS="-F 1 -x"\n'}
        for name, text in {
            "etc/NetworkManager/conf.d/10-box.conf": _BY_HAND,
            **never_the_hosts_clock,
            **self._files,
        }.items():
            (self.upper / name).parent.mkdir(parents=True, exist_ok=True)
            (self.upper / name).write_text(text)
        if (self._root / f"home/{USER}").exists():
            self._give_key()

    def _give_key(self) -> None:
        ssh = self.upper / f"home/{USER}/.ssh"
        ssh.mkdir(parents=True, mode=0o700)
        shutil.copy(self.key.with_suffix(".pub"), ssh / "authorized_keys")
        owner = (self._root / f"home/{USER}").stat()
        for path in (ssh.parent, ssh, ssh / "authorized_keys"):
            os.chown(path, owner.st_uid, owner.st_gid)

    def _boot(self) -> None:
        self._groups = [group for group in (self._memory_group(), self._unified_group()) if group]
        joins = "".join(f"echo $$ > {group}/cgroup.procs\n" for group in self._groups)
        outside = f"{joins}exec unshare --mount --uts --ipc --net --pid --cgroup --fork --kill-child=SIGKILL \
            --propagation private sh -c '{_BOOT}' boot {self._home} {self._root} {self.name}"
        log = (self._home / "console").open("w")
        process = subprocess.Popen(["sh", "-c", outside], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._stack.callback(self._end, process)
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and process.poll() is None:
            self.pid = self.pid or _child_of(process.pid)
            if self.pid and Path(f"/proc/{self.pid}/comm").read_text().strip() == "systemd":
                state = self.run("systemctl is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not boot: {(self._home / 'console').read_text()[-2000:]}")

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        """Kills process 1 of the box; the kernel ends everything else in it."""
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while self.pid and Path(f"/proc/{self.pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        for group in self._groups:
            _remove(group)

    def _memory_group(self) -> Path | None:
        base = Path("/sys/fs/cgroup/memory")
        if not base.is_dir():
            return None
        group = base / f"stadtknoten-{os.getpid()}-{self.name}"
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(self._limit_mb << 20))
        return group

    def _unified_group(self) -> Path | None:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        base = next((Path(words[1]) for words in mounts if words[2] == "cgroup2"), None)
        if base is None:
            raise RuntimeError("this machine has no unified control groups (cgroup2)")
        group = base / f"stadtknoten-{os.getpid()}-{self.name}"
        group.mkdir()
        if (group / "memory.max").exists():
            (group / "memory.max").write_text(str(self._limit_mb << 20))
        return group


def _child_of(pid: int) -> int:
    """The child of `unshare`, seen from outside; 0 while there is none."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    return int(children[0]) if children else 0


def _remove(group: Path) -> None:
    """A control group with all below it, once its processes are gone."""
    for directory in sorted(group.rglob("*"), reverse=True):
        if directory.is_dir():
            with contextlib.suppress(OSError):
                directory.rmdir()
    for _ in range(50):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return


class Playbook:
    """The project's own playbook against boxes; every run's figures are kept."""

    def __init__(self, directory: Path, ansible: Path, hub: Box, node: Box, choices: Mapping[str, object]) -> None:
        self._directory, self._ansible = directory, ansible
        self.inventory = directory / "inventory.json"
        hosts = {"hubs": (hub, "hub", {}), "nodes": (node, "kurpark_see", choices["node"])}
        children = {group: {"hosts": {name: {**_ssh(box), **more}}} for group, (box, name, more) in hosts.items()}
        self.inventory.write_text(json.dumps({"all": {"children": children}}))
        self.config = directory / "config.yml"
        self.config.write_text(json.dumps(choices["town"]))

    def run(self, *options: str) -> tuple[float, dict[str, dict[str, int]], str]:
        """(seconds, host -> counts of ok, changed, failures ..., everything that was said)."""
        program = shutil.which("ansible-playbook", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        if program is None:
            raise RuntimeError("ansible-playbook is missing: it stands in tests/requirements.lock")
        command = [program, "site.yml", "-i", str(self.inventory), "-e", f"town_config={self.config}", *options]
        environment = {
            **os.environ,
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_LOCAL_TEMP": str(self._directory / "ansible"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self._directory / "cp"),
            "LC_ALL": "C.UTF-8",
        }
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=self._ansible, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        return time.monotonic() - began, recap(done.stdout), done.stdout + done.stderr


def _ssh(box: Box) -> dict[str, object]:
    proxy = f"nsenter --target {box.pid} --all --root --wd=/ /usr/sbin/sshd -i"
    options = f'-o ProxyCommand="{proxy}" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null'
    return {
        "ansible_host": f"{box.name}-{box.pid}",
        "ansible_user": USER,
        "ansible_ssh_private_key_file": str(box.key),
        "ansible_ssh_common_args": options,
    }


def recap(text: str) -> dict[str, dict[str, int]]:
    """host -> counts, out of the play's last lines."""
    found = {}
    for line in text.partition("PLAY RECAP")[2].splitlines()[1:]:
        host, colon, counts = line.partition(":")
        if colon and "ok=" in counts:
            found[host.strip()] = {key: int(value) for key, value in (word.split("=") for word in counts.split())}
    return found
