"""A service written with openid-client (npm), as a process of its own; installed once by its lock file into build/."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests

from tests.firmware.device import program
from tests.hub.openid.running import Provider, Service
from tests.servers import free_port, wait_for_port

HERE = Path(__file__).parent / "relying_party"
BUILD = Path(__file__).parents[3] / "build" / "relying_party"


@cache
def script() -> Path:
    """The service's script beside its libraries."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    stamp = BUILD / f"{digest}.stamp"
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc", "service.mjs"):
        shutil.copyfile(HERE / name, BUILD / name)
    if not stamp.exists():
        subprocess.run([program("npm"), "ci", "--ignore-scripts"], cwd=BUILD, check=True, capture_output=True)
        stamp.touch()
    return BUILD / "service.mjs"


@dataclass
class Party:
    """The running service."""

    url: str
    service: Service

    def get(self, path: str, **query: str) -> requests.Response:
        """One of its pages."""
        return requests.get(f"{self.url}{path}", params=query, allow_redirects=False, timeout=30)

    def tell(self, path: str) -> Any:
        """What it answers, which must be good."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def connected(provider: Provider) -> Iterator[Party]:
    """A service that an operator registered with the hub."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    addresses = ("--post-logout-uri", f"{url}/bye", "--backchannel-logout-uri", f"{url}/backchannel")
    service = provider.command_client(*addresses, redirect=f"{url}/cb")
    facts = {"issuer": provider.url, "id": service.client_id, "secret": service.client_secret, "port": port}
    process = subprocess.Popen([program("node"), str(script()), json.dumps(facts)])
    try:
        assert wait_for_port(port)
        yield Party(url, service)
    finally:
        process.terminate()
        process.wait(10)
