"""A day without the line: 25 nodes with full outboxes come back at once, and cars still come and go."""

import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from edge import wire
from edge.agent import Agent
from edge.bays import Pinger
from edge.config import Broker, Config, State
from edge.mock import MockBoard
from edge.outbox import CHANGE, Message, Outbox
from edge.ticker import Ticker
from tests.bench.bigtown import make_hub, part
from tests.servers import Mosquitto

HOUR_MS = 3_600_000
NODES, BAYS_A_NODE, CHANGES_A_BAY = 25, 16, 24  # 400 bays, 9,600 events
LIVE_S = 12.0


def backlog(directory: Path, name: str, site: str) -> int:
    """Fills a node's outbox with a day's changes; repetitions were made only where the line was there. Returns rows."""
    chance, now = random.Random(name), time.time_ns() // 1_000_000
    outbox = Outbox(directory / "outbox.db")
    moments = sorted(now - chance.randrange(24 * HOUR_MS) for _ in range(BAYS_A_NODE * CHANGES_A_BAY))
    messages = [
        Message("bay", _body(f"{site}-{number % BAYS_A_NODE + 1:03d}", number // BAYS_A_NODE, moment), CHANGE)
        for number, moment in enumerate(moments)
    ]
    outbox.put(messages)
    rows = outbox.last
    outbox.close()
    return rows


def _body(bay: str, number: int, ts: int) -> dict[str, object]:
    return {"ts": wire.format_ms(ts), "synced": True, "bay": bay, "state": wire.BAY_STATES[number % 2]}


class Watch:
    """When live readings became visible in the database: (node, seq) -> seconds after they were made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._made: dict[tuple[str, int], float] = {}
        self.delays: list[float] = []
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def made(self, node: str, seq: int) -> None:
        with self._lock:
            self._made[node, seq] = time.monotonic()

    def end(self) -> list[float]:
        time.sleep(1.5)
        self._ended.set()
        self._thread.join()
        return sorted(self.delays)

    def _look(self) -> None:
        with sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, check_same_thread=False) as database:
            while not self._ended.wait(0.005):
                with self._lock:
                    waiting = list(self._made)
                for key in waiting:
                    query = "SELECT 1 FROM ingest_message WHERE node = ? AND seq = ?"
                    if database.execute(query, key).fetchone():
                        with self._lock:
                            self.delays.append(time.monotonic() - self._made.pop(key))


def run_nodes(directory: str, port: str) -> None:
    """The load process: 25 agents with full outboxes that connect when told to, and live readings when told to."""
    base = Path(directory)
    ticker, pinger = Ticker(0.5), Pinger(5.0)
    agents = []
    for number in range(NODES):
        name = f"site{number:03d}-b1"
        bays = ()
        state = State(base / "nodes" / name)
        config = Config(name, name, Broker("127.0.0.1", int(port)), state, bays, portal=False, status_s=3600)
        agents.append(Agent(config, ticker, pinger, MockBoard(bays)))
    ticker.start()
    print("ready", flush=True)
    chance = random.Random(1)
    connected = False
    for line in sys.stdin:
        if line.strip() == "connect" and not connected:
            connected = True
            for agent in agents:
                agent.start()
        elif line.strip() == "live":
            agent = chance.choice(agents)
            number = agents.index(agent)
            body = _body(
                f"site{number:03d}-{chance.randint(1, 16):03d}", chance.randint(0, 1), time.time_ns() // 1_000_000
            )
            row = agent.outbox.put([Message("bay", body, CHANGE)])[-1]
            ticker.wake(agent)
            print(f"{agent.config.name} {row.seq}", flush=True)


def replay() -> tuple[float, list[float], list[float]]:
    """(seconds to replay the day, live delays during it, live delays afterwards), of one run."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Mosquitto(directory / "mosquitto", extra=("max_inflight_messages 2000",)) as broker:
            environment = make_hub(directory, broker.port, NODES, BAYS_A_NODE)
            rows = 0
            for number in range(NODES):
                folder = directory / "nodes" / f"site{number:03d}-b1"
                folder.mkdir(parents=True)
                rows += backlog(folder, folder.name, f"site{number:03d}")
            ingest = part(environment, "ingest")
            load = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.replay", name, str(broker.port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert load.stdin is not None
            assert load.stdout is not None
            load.stdout.readline()
            time.sleep(2)
            watch = Watch(directory / "hub.db")
            began = time.monotonic()
            print("connect", file=load.stdin, flush=True)
            took = _live_until_stored(load, watch, directory / "hub.db", rows, began)
            during = watch.end()
            after_watch = Watch(directory / "hub.db")
            _live(load, after_watch, LIVE_S / 2)
            after = after_watch.end()
            for process in (load, ingest):
                process.kill()
                process.wait()
    return took, during, after


def _live_until_stored(load: "subprocess.Popen[str]", watch: Watch, file: Path, rows: int, began: float) -> float:
    took = 0.0
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        while time.monotonic() - began < LIVE_S:
            _live(load, watch, 0.1)
            stored = database.execute("SELECT count(*) FROM ingest_message").fetchone()[0]
            if not took and stored >= rows:
                took = time.monotonic() - began
    return took or float("inf")


def _live(load: "subprocess.Popen[str]", watch: Watch, seconds: float) -> None:
    assert load.stdin is not None
    assert load.stdout is not None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        print("live", file=load.stdin, flush=True)
        node, seq = load.stdout.readline().split()
        watch.made(node, int(seq))
        time.sleep(0.1)


if __name__ == "__main__":
    run_nodes(*sys.argv[1:3])
