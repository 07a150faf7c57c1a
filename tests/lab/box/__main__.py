"""A box for molecule: `python -m tests.lab.box start DIR` boots one, reached by DIR/ssh_config, `stop DIR` ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.lab.box.box import Box
from tests.lab.box.root import USER, fresh_root

_PATIENCE_S = 600  # the first time the root is made
_SSH = """Host *
  User {user}
  IdentityFile {key}
  ProxyCommand nsenter --target {pid} --all --root --wd=/ /usr/sbin/sshd -i
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
"""


def hold(directory: Path) -> None:
    """Boots the box and keeps it until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Box(directory / "box", fresh_root(), "box", 1024, ("mosquitto.service",)) as box:
        box.run("ip link add wlan0 type veth peer name air0; ip link add eth0 type veth peer name town0")
        box.run(
            "ip address add 192.0.2.30/24 dev eth0; ip link set town0 up; ip link set eth0 up; ip link set wlan0 up"
        )
        box.run("ip route add default via 192.0.2.1")
        fresh = directory / ".ssh_config"
        fresh.write_text(_SSH.format(user=USER, key=box.key, pid=box.pid))
        fresh.rename(directory / "ssh_config")
        signal.pause()


def start(directory: Path) -> None:
    """Returns when the box can be reached."""
    (directory / "box").mkdir(parents=True, exist_ok=True)
    (directory / "ssh_config").unlink(missing_ok=True)
    with (directory / "box.log").open("w") as log:
        command = [sys.executable, "-m", "tests.lab.box", "hold", str(directory)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (directory / "box.pid").write_text(str(process.pid))
    deadline = time.monotonic() + _PATIENCE_S
    while not (directory / "ssh_config").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"the box did not boot: {(directory / 'box.log').read_text()[-2000:]}")
        time.sleep(0.2)


def stop(directory: Path) -> None:
    """Nothing of the box stays."""
    pid = int((directory / "box.pid").read_text())
    try:
        os.kill(pid, signal.SIGTERM)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.1)
    except ProcessLookupError:
        pass
    (directory / "box.pid").unlink()


if __name__ == "__main__":
    {"start": start, "hold": hold, "stop": stop}[sys.argv[1]](Path(sys.argv[2]))
