"""Everything that an agent meant to report stands in the database exactly once, whoever is killed in between."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import Mosquitto
from tests.spine.processes import Process, agent_config, lost, make_hub, reference, stored, wait_until, waiting

pytestmark = pytest.mark.process

BAYS = 20
NODES = ("lake-b1", "hall-b1")
ACK_FIRST = Path(__file__).with_name("ack_first.py")


class Town:
    """Broker, hub and two agents as processes, and cars that come and go."""

    def __init__(self, directory: Path, broker: Mosquitto, ingest: list[str]) -> None:
        self.directory, self.broker = directory, broker
        environment = make_hub(directory, broker.port, BAYS)
        self.ingest = Process(ingest, environment)
        assert wait_until(lambda: "SUBSCRIBE from stadtknoten-ingest" in broker.log_file.read_text(), 20)
        self.agents = [Process(["-m", "edge", "--mock", "--config", str(file)]) for file in self._configs()]
        self._ended = threading.Event()
        self._cars = threading.Thread(target=self._drive)

    def _configs(self) -> list[Path]:
        return [
            agent_config(self.directory, node, [f"{node[:4]}-{n:03d}" for n in range(1, BAYS + 1)], self.broker.port)
            for node in NODES
        ]

    def _drive(self) -> None:
        chance = random.Random(7)
        while not self._ended.wait(0.02):
            for agent in self.agents:
                agent.say(f"{chance.randrange(4, BAYS + 4)} {chance.randrange(2)}")

    def start(self) -> None:
        """Cars begin to move."""
        self._cars.start()

    def rest(self) -> None:
        """Cars stop."""
        self._ended.set()
        self._cars.join()
        time.sleep(0.5)

    def settle(self) -> None:
        """Cars stop; waits until nothing waits in any outbox."""
        self.rest()
        empty = wait_until(lambda: not any(waiting(self.directory, node) for node in NODES), 60)
        assert empty, [len(waiting(self.directory, node)) for node in NODES]

    def stop(self) -> None:
        """Ends every process."""
        self._ended.set()
        for process in (*self.agents, self.ingest):
            process.stop()


def kill_and_revive(process: Process) -> None:
    process.kill()
    time.sleep(0.3)
    process.start()


def kill_and_revive_broker(broker: Mosquitto) -> None:
    broker.kill()
    time.sleep(0.3)
    broker.restart()


def test_everything_exactly_once_over_twenty_kills_of_ingest_agents_and_broker(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    town = Town(tmp_path, mosquitto, ["-m", "hub", "ingest"])
    accidents: list[Callable[[], None]] = [
        lambda: kill_and_revive(town.ingest),
        lambda: kill_and_revive(town.agents[0]),
        lambda: kill_and_revive_broker(mosquitto),
    ]
    try:
        town.start()
        time.sleep(3)
        chance = random.Random(20)
        for accident in accidents + chance.choices(accidents, k=17):
            accident()
            time.sleep(chance.uniform(0.2, 1.5))
        town.settle()
    finally:
        town.stop()
    for node in NODES:
        meant, found = reference(tmp_path, node), stored(tmp_path, node)
        assert len(meant) > 100, "the load was too small to prove anything"
        assert lost(tmp_path, node) == set()
        assert found == meant


def test_the_same_comparison_goes_red_when_the_ack_is_sent_before_the_commit(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    town = Town(tmp_path, mosquitto, [str(ACK_FIRST)])
    try:
        town.start()
        time.sleep(3)
        for _ in range(3):
            kill_and_revive(town.ingest)
            time.sleep(2)
        town.rest()
    finally:
        town.stop()
    assert any(lost(tmp_path, node) for node in NODES), "this mistake must lose readings, else nothing is proven"
