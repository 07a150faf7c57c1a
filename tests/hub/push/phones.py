"""Phones at the fake push service, for tests and journeys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from hub.push.rules import Subscription
from tests.servers import free_port, wait_for_port
from tests.spine.processes import Process


@dataclass(frozen=True)
class Phones:
    """The running service; `certificate` is what clients must trust."""

    port: int
    certificate: Path

    @property
    def host(self) -> str:
        """For HUB_PUSH_HOSTS."""
        return f"localhost:{self.port}"

    def subscribe(self, *faults: dict[str, Any]) -> Subscription:
        """A new phone whose first notices meet these faults."""
        made = self.raw(*faults)
        return Subscription(made["endpoint"], **made["keys"])

    def raw(self, *faults: dict[str, Any]) -> dict[str, Any]:
        """The same as the browser's JSON."""
        answer = requests.post(
            f"https://{self.host}/subscribe", json={"faults": faults}, verify=self.certificate, timeout=10
        )
        found: dict[str, Any] = answer.json()
        return found

    def seen(self, phone: Subscription | None = None) -> list[dict[str, Any]]:
        """What arrived, at all phones or at one."""
        found: list[dict[str, Any]] = self._told()["seen"]
        return [one for one in found if phone is None or phone.endpoint.endswith(f"/{one['device']}")]

    def refused(self) -> list[str]:
        """Requests that no push service would take."""
        found: list[str] = self._told()["refused"]
        return found

    def _told(self) -> dict[str, Any]:
        answer = requests.get(f"https://{self.host}/seen", verify=self.certificate, timeout=10)
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def push_service(directory: Path) -> Iterator[Phones]:
    """Starts the service as a process."""
    port = free_port()
    process = Process(["-m", "tests.hub.push.service", str(port), str(directory)])
    try:
        assert wait_for_port(port)
        yield Phones(port, directory / "service.pem")
    finally:
        process.stop()
