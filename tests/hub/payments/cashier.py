"""The demonstration's provider as a real process, and a payer at its page."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process

KEY = b"k" * 32


@dataclass
class Provider:
    """The running process."""

    url: str
    process: Process

    def fault(self, **faults: Any) -> None:
        """Makes something go wrong from now on."""
        self.shop("/v1/faults", faults)

    def shop(self, path: str, facts: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call as the shop makes it."""
        headers = {"Authorization": f"Bearer {KEY.hex()}", "Content-Type": "application/json"}
        body = None if facts is None else json.dumps(facts).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, headers), timeout=10) as answer:
            return json.load(answer)

    def press(self, page: str, verb: str) -> None:
        """What the payer presses on the hosted page."""
        body = urllib.parse.urlencode({"do": verb}).encode()
        opener = urllib.request.build_opener(_Stay)
        try:
            opener.open(urllib.request.Request(page, body), timeout=10)
        except urllib.error.HTTPError as error:
            assert error.code == 303, error


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Stays, so that the browser's way back is the test's own step."""


@contextmanager
def provider(directory: Path) -> Iterator[Provider]:
    """A provider on a free port."""
    file, port = directory / "sandbox.key", free_port()
    file.write_bytes(KEY)
    command = ["-m", "hub.demo.sandbox_provider", "--port", str(port), "--key-file", str(file)]
    process = Process([*command, "--state-dir", str(directory)])
    try:
        assert wait_for_port(port)
        yield Provider(f"http://localhost:{port}", process)
    finally:
        process.stop()


def until(what: Any, seconds: float = 20) -> bool:
    """Waits until `what()` is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.05)
    return False
