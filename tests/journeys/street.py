"""A whole town with a street: broker, hub with its worker, a board whose pins are mock, and the payment provider."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from hub import setup
from hub.core.db import Database
from hub.settings import Settings
from tests import ready
from tests.hub.payments.cashier import KEY, Provider, provider
from tests.servers import Mosquitto, free_port, wait_for_port
from tests.spine.processes import Process, agent_config

SITE, BOARD = "p2_rosentritt", "p2_rosentritt-b1"
BAYS = [f"{SITE}-{number:03d}" for number in range(1, 5)]
GRACE_S, OBJECTION_S = 4, 20  # a town would wait for minutes; a busy browser needs its time to object
_NAMES = ("port", "live_port", "public_url", "payment_sandbox_url", "parking_grace_s", "parking_objection_s")


@dataclass(frozen=True)
class Street:
    """`drive(0, True)`: a car on the first bay."""

    url: str
    settings: Settings
    provider: Provider
    board: Process
    database: Database

    def free(self) -> int:
        """How many bays of the site are known to be free."""
        with urllib.request.urlopen(f"{self.url}/api/parking/bays?site={SITE}", timeout=10) as answer:
            return sum(bay["state"] == "free" for bay in json.load(answer)["bays"])

    def has_seen(self, plate: str) -> bool:
        """Whether the worker knows that this car stands on its bay."""
        with self.database.read() as session:
            seen = session.execute(text("SELECT occupied_at FROM parking_stay WHERE plate = :plate"), {"plate": plate})
            return any(one is not None for one in seen.scalars())

    def drive(self, bay: int, occupied: bool) -> None:
        """A car comes or goes."""
        self.board.say(f"{bay + 4} {int(occupied)}")


@contextmanager
def street(directory: Path) -> Iterator[Street]:
    """Everything as processes of their own."""
    running: list[Process] = []
    with provider(directory) as cashier, Mosquitto(directory / "mosquitto") as broker:
        port = free_port()
        settings = Settings(
            state_dir=directory,
            port=port,
            live_port=free_port(),
            demo=True,
            public_url=f"http://localhost:{port}",
            payment_sandbox_url=cashier.url,
            parking_grace_s=GRACE_S,
            parking_objection_s=OBJECTION_S,
        )
        (directory / "sandbox.key").write_bytes(KEY)
        for prepare in (ready.migrate, setup.seed, setup.seed_personas):
            prepare(settings)
        environment = {f"HUB_{name.upper()}": str(getattr(settings, name)) for name in _NAMES}
        environment |= {"HUB_STATE_DIR": str(directory), "HUB_DEMO": "1", "HUB_BROKER_URL": broker.url}
        parts = (["ingest"], *(["serve", "--only", part] for part in ("web", "live", "worker")))
        database = Database(settings.database)
        config = agent_config(directory, BOARD, BAYS, broker.port)
        try:
            running += [Process(["-m", "hub", *part], {**os.environ, **environment}) for part in parts]
            running.append(Process(["-m", "edge", "--mock", "--config", str(config)]))
            assert wait_for_port(settings.port)
            assert wait_for_port(settings.live_port)
            yield Street(settings.public_url, settings, cashier, running[-1], database)
        finally:
            database.close()
            for process in running:
                process.stop()
