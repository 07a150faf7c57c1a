"""Ingest against a bare loop, both from a real Mosquitto to durable SQLite rows: `make bench-ingest`.

The bare loop is the least that could work: paho with manual acknowledgements, a batch, executemany, commit,
acknowledge. It has no contract, no ledger, no counters, no bays. It stays as it is, as the measure of later work.
Node-RED runs beside them in the same run, where npm can install it.
"""

import platform
import queue
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge import wire
from tests.bench import nodered
from tests.servers import Mosquitto
from tests.spine.processes import make_hub

MESSAGES, NODES, RUNS = 20_000, ("lake-b1", "hall-b1"), 5
PAYLOAD_BYTES, BAYS, WANTED = 147, 20, 0.7
WANTED_NODE_RED = 5


def payload(node: str, seq: int) -> bytes:
    """A bay message of exactly 147 bytes."""
    body: dict[str, object] = {
        "outbox": "3f9a2c41d07b4e55",
        "seq": seq,
        "ts": wire.format_ms(time.time_ns() // 1_000_000),
        "bay": f"{node[:4]}-{seq % BAYS + 1:03d}",
        "state": wire.BAY_STATES[seq % 2],
        "synced": True,
    }
    missing = PAYLOAD_BYTES - len(wire.encode("bay", body)) - len(',"pad":""')
    return wire.encode("bay", {**body, "pad": "x" * missing})


def publish(port: int) -> None:
    """Hands every message to the broker, which keeps them for its sleeping subscriber."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench", protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(2000)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent = [
        client.publish(wire.up(node, "bay"), payload(node, seq), qos=1)
        for seq in range(1, MESSAGES // len(NODES) + 1)
        for node in NODES
    ]
    for info in sent:
        info.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def bare(port: int, file: str) -> None:
    """The bare loop; runs until it is killed."""
    waiting: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, "stadtknoten-ingest", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    client.on_message = lambda _client, _data, message: waiting.put(message)
    client.on_connect = lambda *_: client.subscribe("node/+/+/+", qos=1)
    database = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE IF NOT EXISTS ingest_message (id INTEGER PRIMARY KEY, topic TEXT, payload BLOB)")
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_start()
    while True:
        batch = [waiting.get()]
        while len(batch) < 500 and not waiting.empty():
            batch.append(waiting.get())
        database.execute("BEGIN IMMEDIATE")
        rows = [(message.topic, message.payload) for message in batch]
        database.executemany("INSERT INTO ingest_message (topic, payload) VALUES (?, ?)", rows)
        database.execute("COMMIT")
        for message in batch:
            client.ack(message.mid, message.qos)


def run(command: list[str], environment: dict[str, str], file: Path) -> tuple[float, float]:
    """(messages per second, peak MB) from the first to the last row of one run."""
    subscriber = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="."
    )
    process = psutil.Process(subscriber.pid)
    try:
        while not (first := rows(file)):
            time.sleep(0.005)
        began, peak = time.monotonic(), 0.0
        while (done := rows(file)) < MESSAGES:
            peak = max(peak, process.memory_info().rss / 2**20)
            time.sleep(0.02)
        return (done - first) / (time.monotonic() - began), peak
    finally:
        subscriber.kill()
        subscriber.wait()


def rows(file: Path) -> int:
    """How many messages are durable."""
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT coalesce(max(id), 0) FROM ingest_message").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def prepare(broker: Mosquitto) -> None:
    """Makes the subscriber's session, so that the broker keeps what is published for it."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "stadtknoten-ingest", protocol=MQTTProtocolVersion.MQTTv5)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    subscribed: queue.Queue[bool] = queue.Queue()
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.connect("127.0.0.1", broker.port, clean_start=True, properties=properties)
    client.loop_start()
    client.subscribe("node/+/+/+", qos=1)
    subscribed.get(timeout=10)
    client.disconnect()
    client.loop_stop()
    publish(broker.port)


def one(kind: str) -> tuple[float, float]:
    """One run of either kind in an empty directory with its own broker."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Mosquitto(directory / "mosquitto", extra=("max_inflight_messages 2000",)) as broker:
            environment = {**make_hub(directory, broker.port, BAYS), "PATH": "/usr/bin", "PYTHONPATH": "."}
            prepare(broker)
            if kind == "bare":
                file = directory / "bare.db"
                code = f"from tests.bench.ingest import bare; bare({broker.port}, {str(file)!r})"
                return run([sys.executable, "-c", code], environment, file)
            if kind == "Node-RED":
                file, home = directory / "nodered.db", directory / "nodered"
                home.mkdir()
                return run(nodered.command(home, broker.port, file), environment, file)
            return run([sys.executable, "-m", "hub", "ingest"], environment, directory / "hub.db")


def main() -> None:
    """Prints both rates, the ratio of the medians, and the peak memory."""
    print(f"machine: {platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}")
    results: dict[str, list[tuple[float, float]]] = {"bare": [], "hub": []}
    if (reason := nodered.why_not()) is None:
        results["Node-RED"] = []
    else:
        print(f"without Node-RED: {reason}")
    for number in range(1, RUNS + 1):
        for kind, found in results.items():
            found.append(one(kind))
        print(
            f"run {number}: " + ", ".join(f"{kind} {found[-1][0]:,.0f}/s" for kind, found in results.items()),
            flush=True,
        )
    medians = {kind: statistics.median(rate for rate, _ in found) for kind, found in results.items()}
    for kind, found in results.items():
        print(f"{kind:8} median {medians[kind]:,.0f} messages/s, peak {max(peak for _, peak in found):.0f} MB RSS")
    print(f"hub : bare {medians['hub'] / medians['bare']:.2f} (at least {WANTED} wanted)")
    if "Node-RED" in medians:
        print(f"hub : Node-RED {medians['hub'] / medians['Node-RED']:.2f} (at least {WANTED_NODE_RED} wanted)")


if __name__ == "__main__":
    main()
