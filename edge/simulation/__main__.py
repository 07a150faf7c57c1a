"""Command line of the simulated town."""

import argparse
import json
import logging
import signal
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.agent import Agent, StartError
from edge.bays import Pinger
from edge.mock import MockBoard
from edge.simulation import demand, town
from edge.simulation.faults import Faults, Wire
from edge.simulation.machine import SimulatedMachine
from edge.simulation.visitors import Visitors
from edge.ticker import Ticker

_STEP_S = 0.5
_START_PAUSE_S = 0.08  # between two agents, so that their first readings do not come all at once


def main(arguments: list[str] | None = None) -> int:
    """Runs the town until SIGTERM or Ctrl-C; returns the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        simulation = Simulation(options)
    except StartError as error:
        print(f"simulation: {error}", file=sys.stderr)
        return 1
    simulation.run(ended)
    return 0


class Simulation:
    """Every agent of the town in this process, and the world around them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._speed = options.speed
        zone = json.loads((options.town / "town.json").read_text(encoding="utf-8"))["timezone"]
        self._start = datetime.now(ZoneInfo(zone))
        found = demand.parse(json.loads((options.town / "demand.json").read_text(encoding="utf-8")), options.seed)
        places = town.places(options.town, options.nodes)
        self._ticker, self._pinger = Ticker(_STEP_S), Pinger(2.0)
        self._wires: dict[str, Wire] = {}
        self._agents: list[Agent] = []
        self._visitors: list[Visitors] = []
        for place in places:
            self._add(place, options)
        boards = [agent for agent in self._agents if agent.config.bays]
        self._faults = Faults(list(self._wires.values()), boards, options.seed)
        self._car_parks = self._fill(found, places)

    def _add(self, place: town.Place, options: argparse.Namespace) -> None:
        where = (place, options.broker, options.state_dir, options.speed)
        config, file = town.config(*where), options.state_dir / "nodes" / place.id / "node.toml"
        board, machine = MockBoard(config.bays), SimulatedMachine(place.id, options.seed)
        self._wires |= {bay.id: Wire(bay, board) for bay in config.bays}
        self._agents.append(Agent(config, self._ticker, self._pinger, board, own_file=file, machine=machine))
        file.write_text(town.own_file(*where), encoding="utf-8")
        if place.role == "wifi":
            directory = config.state.directory
            self._visitors.append(Visitors(place.id, place.capacity, directory, options.seed, self._start))

    def _fill(self, found: demand.Demand, places: list[town.Place]) -> list[demand.CarPark]:
        """The cars that stand there already."""
        bays: dict[str, list[str]] = {}
        for place in places:
            bays.setdefault(place.site, []).extend(place.bays)
        parks = [demand.CarPark(found, site, members, self._start) for site, members in bays.items() if members]
        for park in parks:
            self._move([(bay, True) for bay in sorted(park.taken)])
        return parks

    def run(self, ended: threading.Event) -> None:
        """Starts the agents one after the other, then lets time pass."""
        self._ticker.start()
        for agent in self._agents:
            agent.start()
            if ended.wait(_START_PAUSE_S):
                break
        for visitors in self._visitors:
            visitors.begin()
        begin = before = time.monotonic()
        while not ended.wait(_STEP_S):
            now = time.monotonic()
            self._advance(now - begin, (now - before) * self._speed / 3600)
            before = now
        self._ticker.stop()
        self._pinger.stop()
        self._stop_agents()

    def _advance(self, seconds: float, hours: float) -> None:
        moment = self._start + timedelta(seconds=seconds * self._speed)
        for park in self._car_parks:
            self._move(park.advance(moment, hours))
        for visitors in self._visitors:
            visitors.advance(moment, hours)
        self._faults.advance(seconds)

    def _move(self, changes: list[tuple[str, bool]]) -> None:
        for bay, taken in changes:
            if bay not in self._faults.bays:
                wire = self._wires[bay]
                wire.board.occupy(wire.bay, taken)

    def _stop_agents(self) -> None:
        """All at once, because each may take a second to say goodbye."""
        threads = [threading.Thread(target=agent.stop) for agent in self._agents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(3)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge.simulation",
        description="A simulated town: cars and visitors drive the real node agents through mock pins.",
    )
    parser.add_argument("--town", type=Path, required=True, metavar="DIR", help="folder with the town's data files")
    parser.add_argument("--broker", required=True, metavar="URL", help="mqtt://host:port")
    parser.add_argument(
        "--state-dir", type=Path, required=True, metavar="DIR", help="the nodes' states go into DIR/nodes"
    )
    parser.add_argument("--nodes", type=int, default=6, help="WiFi nodes besides the sensor boards (default 6)")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real time cars come and go")
    parser.add_argument("--seed", type=int, default=2030, help="another number, another town day (default 2030)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
