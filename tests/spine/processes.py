"""The parts of the spine as real processes, each of which a test may kill at any moment."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hub.core.db import Database
from hub.fleet import api as fleet
from hub.parking import api as parking
from hub.settings import Settings
from tests import ready
from tests.hub import town


class Process:
    """A process that can be killed and started again."""

    def __init__(self, arguments: list[str], environment: dict[str, str] | None = None) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self) -> None:
        """Starts it (again)."""
        self.process = subprocess.Popen(
            [sys.executable, *self._arguments],
            env=self._environment,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def say(self, line: str) -> None:
        """Writes a line to its standard input; lost when it is dead."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return

    def kill(self) -> None:
        """SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not listen."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()


def make_hub(directory: Path, port: int, bays: int) -> dict[str, str]:
    """A migrated database with the tiny town; returns the environment of the hub's processes."""
    facts = town.write(directory / "town", bays)
    settings = Settings(state_dir=directory)
    ready.migrate(settings)
    database = Database(settings.database)
    database.write(lambda session: fleet.seed(session, facts))
    database.write(lambda session: parking.seed(session, facts))
    database.close()
    return {
        "HUB_STATE_DIR": str(directory),
        "HUB_BROKER_URL": f"mqtt://127.0.0.1:{port}",
    }


def agent_config(directory: Path, node: str, bays: list[str], port: int) -> Path:
    """Writes the configuration of an agent whose bays react at once; bay n is at pin 4 + n."""
    state = directory / node
    state.mkdir()
    lines = [
        f'[node]\nname = "{node}"\n',
        f'[broker]\nurl = "mqtt://127.0.0.1:{port}"\n',
        f'[state]\ndirectory = "{state}"\nreference_log = "{state / "reference.jsonl"}"\n',
        "[rules]\noccupied_after_s = 0\nfree_after_s = 0\nmax_flips = 1000000\nsample_s = 0.05\nstatus_s = 2\n",
    ]
    lines += [
        f'[[bays]]\nid = "{bay}"\nsensor = "digital"\npin = {number + 4}\nactive = "high"\n'
        for number, bay in enumerate(bays)
    ]
    file = directory / f"{node}.toml"
    file.write_text("\n".join(lines))
    return file


def reference(directory: Path, node: str) -> dict[tuple[str, int], dict[str, object]]:
    """What the agent meant to report: (outbox, seq) -> line; of two lines with one number the last is true."""
    file = directory / node / "reference.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")]
    return {(line["outbox"], line["seq"]): line for line in lines}


def stored(directory: Path, node: str) -> dict[tuple[str, int], dict[str, object]]:
    """What the hub's database holds of a node: (outbox, seq) -> body with kind."""
    with sqlite3.connect(directory / "hub.db") as connection:
        rows = connection.execute("SELECT outbox, seq, kind, body FROM ingest_message WHERE node = ?", (node,))
        return {(outbox, seq): {"kind": kind, **json.loads(body)} for outbox, seq, kind, body in rows}


def waiting(directory: Path, node: str) -> set[int]:
    """The numbers of the messages that wait in the agent's outbox."""
    with sqlite3.connect(directory / node / "outbox.db") as connection:
        return {row[0] for row in connection.execute("SELECT seq FROM waiting")}


def lost(directory: Path, node: str) -> set[int]:
    """The numbers of the messages that neither the agent nor the hub has."""
    meant = {seq for _, seq in reference(directory, node)}
    return meant - {seq for _, seq in stored(directory, node)} - waiting(directory, node)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """True as soon as the condition holds, False after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False
