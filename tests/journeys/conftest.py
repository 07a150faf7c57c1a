"""Chromium and a whole town of processes: broker, ingest, web, live and one board with mock pins."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from hub import setup
from hub.settings import Settings
from tests import ready
from tests.journeys.pages import CHROMIUM
from tests.servers import Mosquitto, free_port, wait_for_port
from tests.spine.processes import Process, agent_config

BOARD = "thermarium-b1"
FIRST_BAY, FIRST_PIN = "thermarium-001", 4


@dataclass(frozen=True)
class LiveTown:
    """A running town; `board` reads `pin value` lines."""

    url: str
    board: Process
    live: Process
    settings: Settings


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture(scope="module")
def live_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveTown]:
    directory: Path = tmp_path_factory.mktemp("town")
    settings = Settings(state_dir=directory, port=free_port(), live_port=free_port())
    ready.migrate(settings)
    setup.seed(settings)
    running: list[Process] = []
    with Mosquitto(directory / "mosquitto") as broker:
        environment = {
            "HUB_STATE_DIR": str(directory),
            "HUB_BROKER_URL": broker.url,
            "HUB_PORT": str(settings.port),
            "HUB_LIVE_PORT": str(settings.live_port),
            "HUB_PUBLIC_URL": f"http://localhost:{settings.port}",
        }
        parts = (["ingest"], ["serve", "--only", "web"], ["serve", "--only", "live"])
        try:
            running += [Process(["-m", "hub", *part], environment) for part in parts]
            bays = [f"thermarium-{number:03d}" for number in range(1, 5)]
            config = agent_config(directory, BOARD, bays, broker.port)
            running.append(Process(["-m", "edge", "--mock", "--config", str(config)]))
            assert wait_for_port(settings.port)
            assert wait_for_port(settings.live_port)
            yield LiveTown(f"http://localhost:{settings.port}", running[-1], running[2], settings)
        finally:
            for process in running:
                process.stop()
