"""A visitor accepts at one node; the hub tells the others, signed, and the accepting node hears nothing."""

import json
import socket
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from captive_portal.devices import GrantError, read_grants
from edge.wire import format_ms
from hub.core.db import Database
from hub.core.signing import Signer
from hub.settings import Settings
from tests.servers import Mosquitto
from tests.spine.processes import Process, agent_config, make_hub, wait_until

pytestmark = pytest.mark.process
DEVICE = "5f0c1e0a9b7d4c3382aa61f0d2e4b896"


def report(state: Path, body: dict[str, object]) -> dict[str, object]:
    """What the portal says to its agent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(state / "agent.sock"))
        connection.sendall(json.dumps(body).encode() + b"\n")
        return dict(json.loads(connection.makefile().readline()))


def connected(state: Path) -> bool:
    file = state / "uplink.json"
    return file.exists() and bool(json.loads(file.read_text())["connected"])


def grants(state: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((state / "grants").glob("*.json"))]


def test_a_visitor_of_one_node_is_granted_to_the_others_and_kept_nowhere(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        environment = make_hub(tmp_path, broker.port, 1)
        database = Database(Settings(state_dir=tmp_path).database)
        with database.engine.begin() as connection:
            columns = "(id, role, name_de, name_en, lat, lon, capacity, assumed, status, sightings, accepts)"
            for name in ("kurpark", "bahnhof"):
                values = f"('{name}', 'wifi', 'x', 'x', 49, 9, 10, 1, '{{}}', '[]', 0)"
                connection.execute(text(f"INSERT INTO fleet_node {columns} VALUES {values}"))
        states = {name: tmp_path / name for name in ("kurpark", "bahnhof")}
        hub = [["-m", "hub", "ingest"], ["-m", "hub", "serve", "--only", "worker"]]
        agents = [["-m", "edge", "--config", str(agent_config(tmp_path, name, [], broker.port))] for name in states]
        running = [Process(command, environment) for command in (*hub, *agents)]
        try:
            assert wait_until(lambda: all(connected(state) for state in states.values()), 30)
            until = int(time.time() * 1000) + 3_600_000
            said = {"kind": "session", "device": DEVICE, "until": format_ms(until)}
            # ingest may still be subscribing: a session is said once, so the test says it until it is heard
            assert wait_until(
                lambda: report(states["kurpark"], said) == {"ok": True, "seq": 0} and grants(states["bahnhof"]) != [],
                30,
            )
            message, now = grants(states["bahnhof"])[0], int(time.time() * 1000)
            key = bytes.fromhex(Signer(Settings(state_dir=tmp_path).grant_key()).public_key)
            assert read_grants(message, "bahnhof", key, now) == {DEVICE: until}
            with pytest.raises(GrantError):
                read_grants(message, "kurpark", key, now)
            assert grants(states["kurpark"]) == []
            assert report(states["kurpark"], {**said, "device": "02:77:00:00:00:01"})["ok"] is False
            time.sleep(2.5)
            with database.engine.connect() as connection:
                assert connection.execute(text("SELECT count(*) FROM fleet_grant")).scalar_one() == 0
                assert DEVICE not in str(connection.execute(text("SELECT body FROM ingest_message")).all())
        finally:
            for process in running:
                process.stop()
            database.close()
