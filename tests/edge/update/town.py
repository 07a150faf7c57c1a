"""Small signed releases, a hub that loses connections, and a node in a directory; the steps are real processes."""

import base64
import hashlib
import http.server
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.update.signed import own_part, verified

ROOT = Path(__file__).parents[3]

_spec = importlib.util.spec_from_file_location("bundle_build", ROOT / "ansible/release/build.py")
assert _spec is not None
assert _spec.loader is not None
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)
PART = own_part()
# The stand-in for systemd: everything is active unless the release in use has the file BROKEN.
_SYSTEMCTL = """#!/bin/sh
echo "$*" >> "{root}/systemctl.log"
case "$1" in is-active) ! ls "{root}"/home/current/lib/python3*/site-packages/edge/BROKEN >/dev/null 2>&1;; esac
"""


def wheel(directory: Path, name: str, version: str, files: dict[str, bytes]) -> Path:
    """A wheel by hand: pip installs it like any other."""
    about = f"{name}-{version}.dist-info"
    texts = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}"
        for path, data in texts.items()
    ]
    file = directory / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, data in texts.items():
            archive.writestr(path, data)
        archive.writestr(f"{about}/RECORD", "\n".join([*lines, f"{about}/RECORD,,"]) + "\n")
    return file


class Releases:
    """Bundles as `make bundle` makes them, with one package and our own program, all tiny."""

    def __init__(self, directory: Path) -> None:
        self._directory, self.key = directory, Ed25519PrivateKey.generate()
        directory.mkdir()
        self.public = directory / "release.pub"
        build.publish(self.public, self.key)

    def make(self, version: str, *, padding: int = 0, made: int | None = None) -> Path:
        """The directory of a new bundle."""
        home = self._directory / f"bundle-{version}"
        work = self._directory / f"work-{version}"
        home.mkdir()
        work.mkdir()
        code = b"def load(path):\n    if 'bad' in path.read_text():\n        raise SystemExit('bad key')\n"
        files = {"edge/__init__.py": b"", "edge/config.py": code, "edge/padding": os.urandom(padding)}
        own = wheel(work, "stadtknoten", version, files)
        thing = wheel(work, "thing", version, {"thing.py": b""})
        lock = work / "requirements.lock"
        lock.write_text(f"thing=={version} --hash=sha256:{hashlib.sha256(thing.read_bytes()).hexdigest()}\n")
        build.pack(home / f"{PART}.tar", lock, [own, thing])
        build.sign(home, version, self.key)
        if made is not None:
            text = json.loads((home / "manifest.json").read_text()) | {"made": made}
            (home / "manifest.json").write_text(json.dumps(text))
            (home / "manifest.sig").write_bytes(self.key.sign((home / "manifest.json").read_bytes()))
        return home


class Hub:
    """Serves one directory; a connection ends after `cut` bytes of a body."""

    def __init__(self, directory: Path, cut: int) -> None:
        self.served, self.ranges = 0, []
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = (directory / Path(self.path).name).read_bytes()
                asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                start = int(asked[1]) if asked else 0
                if self.path.endswith(".tar"):
                    hub.ranges.append(start)
                self.send_response(206 if asked else 200)
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                piece = content[start : start + cut]
                self.wfile.write(piece)
                hub.served += len(piece)
                time.sleep(0.02)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/fleet/releases/x"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def hub(directory: Path, cut: int = 1 << 30) -> Iterator[Hub]:
    made = Hub(directory, cut)
    try:
        yield made
    finally:
        made.close()


class Agent(threading.Thread):
    """Stands in for the agent's own socket: says whether it has the broker, as `connected` finds."""

    def __init__(self, path: Path, connected: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self.connected = connected
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen()
        self.start()

    def run(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(json.dumps({"connected": self.connected()}).encode() + b"\n")


class Node:
    """The directories of a node, and its steps as processes."""

    def __init__(self, root: Path, public: Path) -> None:
        self.root, self._public = root, public
        for name in ("home", "state/update", "own"):
            (root / name).mkdir(parents=True)
        self.fetched, self.home, self.own = root / "state/update", root / "home", root / "own"
        self.config = root / "node.toml"
        self.config.write_text("[portal]\n")
        systemctl = root / "systemctl"
        systemctl.write_text(_SYSTEMCTL.format(root=root))
        systemctl.chmod(0o755)
        self.agent = Agent(root / "state/agent.sock", lambda: True)
        places = {"state": root / "state", "own": self.own, "home": self.home, "key": public, "config": self.config}
        self._options = [word for name, path in places.items() for word in (f"--{name}", str(path))]
        self._options += ["--python", sys.executable, "--systemctl", str(systemctl)]

    def order(self, identity: str, url: str, name: str = "order.json") -> None:
        (self.fetched / name).write_text(json.dumps({"id": identity, "url": url}))

    def hand_over(self, identity: str, bundle: Path) -> None:
        """As a download would have left it."""
        for file in bundle.iterdir():
            (self.fetched / file.name).write_bytes(file.read_bytes())
        self.order(identity, "http://hub", "ready.json")

    def start(self, step: str, *more: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "edge.update", step, *self._options, *more]
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE)

    def run(self, step: str, *more: str) -> None:
        code, said = self.ends(step, *more)
        assert code == 0, said

    def ends(self, step: str, *more: str) -> tuple[int, str]:
        """(return code, what it said on standard error)."""
        process = self.start(step, *more, "--patience", "1", "--settle", "0.2", "--usual", "0.3")
        _, said = process.communicate(timeout=120)
        return process.returncode, said.decode()

    def progress(self, name: str = "own/progress.json") -> dict[str, object]:
        file = self.root / name
        return json.loads(file.read_text()) if file.exists() else {"state": ""}

    def wait_for(self, state: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while self.progress()["state"] != state:
            assert time.monotonic() < deadline, self.progress()
            time.sleep(0.01)

    def install_like(self, present: str, bundle: Path, *, broken: bool = False) -> None:
        """The bundle's release as if installed, out of a copy of another one: a real installation takes seconds."""
        part = verified(bundle, self._public, PART)
        shutil.copytree(self.home / present, self.home / part.release, symlinks=True)
        os.utime(self.home / part.release)  # it came after the one that it was copied from
        if broken:
            next((self.home / part.release).glob("lib/python3*/site-packages/edge/__init__.py")).with_name(
                "BROKEN"
            ).touch()

    def link(self, name: str) -> str:
        file = self.home / name
        return file.readlink().name if file.is_symlink() else ""
