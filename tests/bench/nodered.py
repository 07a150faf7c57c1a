"""Node-RED with its SQLite node beside the same messages: installed from npm into .bench, by the bench alone.

The flow is the plainest that stores a message: MQTT in (QoS 1, kept session) -> function -> SQLite node with a prepared
INSERT into a file in WAL mode. Node-RED acknowledges to the broker when a message arrives, not when it is stored.
"""

import json
import shutil
import sqlite3
import subprocess
from pathlib import Path

PACKAGES = ("node-red@4.1.8", "node-red-node-sqlite@1.1.1")
HOME = Path(".bench/nodered").absolute()


def why_not() -> str | None:
    """Installs Node-RED when it is not there yet; a sentence when that is not possible."""
    if (HOME / "node_modules/node-red/red.js").exists():
        return None
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "package.json").write_text('{"name": "bench", "private": true}\n')
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", *PACKAGES], cwd=HOME, capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else "Node-RED could not be installed: " + done.stderr[-300:]


def command(directory: Path, port: int, file: Path) -> list[str]:
    """Writes settings and flow into a directory; the command that runs them."""
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE ingest_message (id INTEGER PRIMARY KEY, topic TEXT, payload TEXT)")
    settings = {"uiPort": 0, "uiHost": "127.0.0.1", "httpAdminRoot": False, "httpNodeRoot": False}
    quiet = {"logging": {"console": {"level": "error", "metrics": False, "audit": False}}}
    (directory / "settings.js").write_text(
        "module.exports = " + json.dumps({**settings, **quiet, "flowFile": "flow.json"})
    )
    (directory / "flow.json").write_text(json.dumps(_flow(port, file)))
    user = ["--userDir", str(directory), "--settings", str(directory / "settings.js")]
    modules = directory / "node_modules"
    modules.symlink_to(HOME / "node_modules")
    return [shutil.which("node") or "node", str(HOME / "node_modules/node-red/red.js"), *user]


def _flow(port: int, file: Path) -> list[dict[str, object]]:
    broker: dict[str, object] = {
        "id": "broker",
        "type": "mqtt-broker",
        "broker": "127.0.0.1",
        "port": str(port),
        "clientid": "stadtknoten-ingest",
        "autoConnect": True,
        "usetls": False,
        "protocolVersion": "5",
        "keepalive": "60",
        "cleansession": False,
        "autoUnsubscribe": False,
        "sessionExpiry": "3600",
    }
    listen = {"id": "in", "type": "mqtt in", "z": "tab", "topic": "node/+/+/+", "qos": "1", "datatype": "utf8"}
    store = {"id": "out", "type": "sqlite", "z": "tab", "mydb": "db", "sqlquery": "prepared", "wires": [[]]}
    return [
        {"id": "tab", "type": "tab", "label": "ingest"},
        broker,
        {"id": "db", "type": "sqlitedb", "db": str(file), "mode": "RWC"},
        {**listen, "broker": "broker", "nl": False, "rap": False, "inputs": 0, "wires": [["fn"]]},
        {
            "id": "fn",
            "type": "function",
            "z": "tab",
            "func": "msg.params = {$topic: msg.topic, $payload: msg.payload};\nreturn msg;",
            "outputs": 1,
            "wires": [["out"]],
        },
        {**store, "sql": "INSERT INTO ingest_message (topic, payload) VALUES ($topic, $payload)"},
    ]
