"""Two ingest workers share the messages of a real broker on PostgreSQL; one of them is killed, nothing is lost."""

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from hub import setup
from hub.core.db import Database
from hub.fleet import api as fleet
from hub.ingest import api as ingest
from hub.parking import api as parking
from hub.settings import Settings
from tests.hub import town
from tests.hub.conftest import postgres_url  # noqa: F401 (a fixture)
from tests.servers import Mosquitto
from tests.spine.processes import Process, agent_config, reference, wait_until, waiting

pytestmark = [pytest.mark.process, pytest.mark.postgres]

BAYS = 10
NODES = ("lake-b1", "hall-b1")


def test_two_workers_store_everything_once_though_one_is_killed(
    tmp_path: Path,
    mosquitto: Mosquitto,
    postgres_url: str,  # noqa: F811 (the fixture)
) -> None:
    facts = town.write(tmp_path / "town", BAYS)
    settings = Settings(state_dir=tmp_path, database_url=postgres_url)
    database = Database(postgres_url)
    database.write(lambda session: session.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public")) and None)
    setup.migrate(settings)
    database.write(lambda session: fleet.seed(session, facts))
    database.write(lambda session: parking.seed(session, facts))
    environment = {
        "HUB_STATE_DIR": str(tmp_path),
        "HUB_DATABASE_URL": postgres_url,
        "HUB_BROKER_URL": mosquitto.url,
    }
    workers = [Process(["-m", "hub", "ingest", "--worker", str(number)], environment) for number in (1, 2)]
    assert wait_until(lambda: mosquitto.log_file.read_text().count("SUBSCRIBE from stadtknoten-ingest-") >= 2, 20)
    configs = [
        agent_config(tmp_path, node, [f"{node[:4]}-{n:03d}" for n in range(1, BAYS + 1)], mosquitto.port)
        for node in NODES
    ]
    agents = [Process(["-m", "edge", "--mock", "--config", str(file)]) for file in configs]
    chance = random.Random(3)
    try:
        for turn in range(300):
            for agent in agents:
                agent.say(f"{chance.randrange(4, BAYS + 4)} {chance.randrange(2)}")
            time.sleep(0.02)
            if turn == 120:
                workers[0].kill()
            if turn == 200:
                workers[0].start()
        assert wait_until(lambda: not any(waiting(tmp_path, node) for node in NODES), 90)
    finally:
        for process in (*agents, *workers):
            process.stop()
    with database.read() as session:
        rows = session.execute(text("SELECT node, outbox, seq FROM ingest_message")).all()
        shares = dict(
            session.execute(
                text("SELECT worker, sum(value) FROM ingest_counter WHERE name = 'stored' GROUP BY 1")
            ).all()
        )
        assert ingest.missing(session) == 0
    database.close()
    meant = {(node, *key) for node in NODES for key in reference(tmp_path, node)}
    assert len(meant) > 100, "the load was too small to prove anything"
    assert sorted(tuple(row) for row in rows) == sorted(meant)
    assert set(shares) == {1, 2}, "both had their share"


def test_several_workers_on_sqlite_are_refused_with_a_plain_line(tmp_path: Path) -> None:
    from hub import intake

    with pytest.raises(ValueError, match="postgresql"):
        intake.run(Settings(state_dir=tmp_path, broker_url="mqtt://127.0.0.1:1"), 1)
