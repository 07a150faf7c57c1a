"""A small town with two WiFi nodes and one sensor board, and an application that shows it."""

import json
from collections.abc import Iterator
from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from edge import wire
from hub.account import api as account
from hub.app import EVENTS, create_app
from hub.core import events
from hub.core.clock import now_ms
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.parking import api as parking
from hub.settings import Settings
from tests import ready
from tests.hub.payments.statements import IBAN

MARKET, LAKE, BOARD = "rathausplatz", "kurpark_see", "thermarium-b1"
NODES = [
    {"id": MARKET, "role": "wifi", "name": {"de": "Rathausplatz", "en": "Town hall"}, "lat": 49.24, "lon": 9.1},
    {"id": LAKE, "role": "wifi", "name": {"de": "Kurpark am See", "en": "Spa lake"}, "lat": 49.242, "lon": 9.104},
    {
        "id": BOARD,
        "role": "sensors",
        "site": "thermarium",
        "name": {"de": "Thermarium, Tafel 1", "en": "Thermarium, board 1"},
        "lat": 49.24,
        "lon": 9.1,
        "bays": ["thermarium-001", "thermarium-003"],
    },
]
SITES = [{"id": "thermarium", "name": {"de": "Thermarium", "en": "Thermarium"}, "lat": 49.24, "lon": 9.1}]
PARK = {"type": "Polygon", "coordinates": [[[9.1, 49.24], [9.101, 49.24], [9.101, 49.241], [9.1, 49.24]]]}
MAP = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"kind": "park"}, "geometry": PARK}]}


class Town:
    """What happens in the town, through the real ingest."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._directory = {MARKET: frozenset[str](), LAKE: frozenset[str](), BOARD: self._bays()}

    def _bays(self) -> frozenset[str]:
        with self.database.read() as session:
            return parking.directory(session)[BOARD]

    def receive(self, node: str, kind: str, payload: bytes | dict[str, object], at: int | None = None) -> None:
        now = at if at is not None else now_ms()
        if isinstance(payload, dict):
            payload = json.dumps({"ts": wire.format_ms(now), **payload}).encode()
        message = ingest.Incoming(f"node/v1/{node}/{kind}", payload, now)
        self.database.write(ingest.Batch([message], self._directory, now).store)

    def bay(self, seq: int, state: str = "free", bay: str = "thermarium-001", **other: object) -> None:
        self.receive(BOARD, "bay", {"outbox": "a", "seq": seq, "bay": bay, "state": state, **other})

    def status(self, node: str, at: int | None = None, **said: object) -> None:
        self.receive(node, "status", {"state": "online", **said}, at)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    town = tmp_path / "town"
    town.mkdir()
    (town / "nodes.json").write_text(json.dumps({"nodes": [{"capacity": 100, **node} for node in NODES]}))
    (town / "sites.json").write_text(json.dumps({"sites": SITES}))
    (town / "town.json").write_text(json.dumps({"name": "Bad Rappenau", "address": "Kirchplatz 4"}))
    (town / "map.geojson").write_text(json.dumps(MAP))
    (town / "till.json").write_text((Settings().town_dir / "till.json").read_text())
    return Settings(state_dir=tmp_path, town=str(town), bank_iban=IBAN, bank_name="Stadt")


@pytest.fixture
def town(settings: Settings) -> Iterator[Town]:
    ready.migrate(settings)
    database = Database(settings.database)
    for module in (fleet, parking):
        database.write(lambda session, module=module: module.seed(session, settings.town_dir))
    events.wire(EVENTS)
    yield Town(database)
    events.wire({})
    database.close()


@pytest.fixture
def app(settings: Settings, town: Town) -> flask.Flask:
    return create_app(settings)


@pytest.fixture
def admin(app: flask.Flask, town: Town) -> FlaskClient:
    """A browser that is logged in as admin."""
    password = account.create_admin(town.database, "leitstelle")
    person = account.login.authenticate(town.database, "leitstelle", password, "127.0.0.1", now_ms())
    assert person is not None
    client = app.test_client()
    client.set_cookie(
        "sk_session", town.database.write(lambda session: account.sessions.open_session(session, person, now_ms()))
    )
    return client
