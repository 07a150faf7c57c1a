"""The demo's real bulletin: the hub's own data of the town, composed by the hub itself."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edge.wire import format_ms
from hub import setup
from hub.bulletin import api
from hub.core.db import Database
from hub.parking import api as parking
from hub.settings import Settings
from tests import ready


@cache
def _composed(now_ms: int) -> str:
    with TemporaryDirectory() as directory:
        settings = Settings(state_dir=Path(directory))
        ready.migrate(settings)
        setup.seed(settings)
        database = Database(settings.database)
        with database.read() as session:
            sites = parking.sites(session, now_ms)
            body = api.compose(session, sites, "https://stadt.example", now_ms, demo=True)
        database.close()
    return json.dumps(body)


def demo_bulletin(now_ms: int) -> dict[str, Any]:
    """The bulletin as of `now_ms`; every car park has a figure, as in a demo that runs."""
    body = json.loads(_composed(now_ms))
    for number, car_park in enumerate(body["parking"]):
        car_park["free"] = car_park["capacity"] * (number % 5 + 1) // 7
    return {**body, "ts": format_ms(now_ms)}
