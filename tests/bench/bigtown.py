"""Towns of any size for benches, and the hub's processes on them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from hub import setup
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.settings import Settings
from tests.servers import free_port


def town(directory: Path, sites: int, bays: int) -> Path:
    """Data files of a town with so many car parks, one board each."""
    directory.mkdir(parents=True)
    names = [f"site{number:03d}" for number in range(sites)]
    place = {"lat": 49.24, "lon": 9.1}
    facts = [
        {"id": name, "name": {"de": name, "en": name}, "short": {"de": name, "en": name}, **place} for name in names
    ]
    boards = [
        {"id": f"{name}-b1", "role": "sensors", "site": name, "name": {"de": name, "en": name}, **place}
        | {"bays": [f"{name}-001", f"{name}-{bays:03d}"]}
        for name in names
    ]
    (directory / "sites.json").write_text(json.dumps({"sites": facts}))
    (directory / "nodes.json").write_text(json.dumps({"nodes": boards}))
    return directory


def make_hub(directory: Path, port: int, sites: int, bays: int) -> dict[str, str]:
    """A migrated database with the town; the environment of the hub's processes."""
    facts = town(directory / "town", sites, bays)
    settings = Settings(state_dir=directory)
    setup.migrate(settings)
    database = Database(settings.database)
    database.write(lambda session: fleet.seed(session, facts))
    database.write(lambda session: parking.seed(session, facts))
    database.close()
    live = {"HUB_LIVE_PORT": str(free_port()), "HUB_PUBLIC_URL": "http://localhost:8080"}
    return {**os.environ, "HUB_STATE_DIR": str(directory), "HUB_BROKER_URL": f"mqtt://127.0.0.1:{port}", **live}


def part(environment: dict[str, str], *words: str) -> subprocess.Popen[bytes]:
    """A process of the hub."""
    return subprocess.Popen([sys.executable, "-m", "hub", *words], env=environment, stderr=subprocess.DEVNULL)
