"""The agent of one node: bays -> rules -> reference log -> outbox -> uplink, and the portal's reports beside them."""

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import VERSION, bays, files, status, wire
from edge.config import Config
from edge.intake import Intake
from edge.outbox import CHANGE, REPEAT, REPORT, Message, Outbox, Row
from edge.rules import Bay, is_settled, observe
from edge.ticker import Ticker
from edge.uplink import Uplink

_log = logging.getLogger(__name__)
_MOST_GRANTS = 1000  # files that no gate took; more are dropped, the visitor presses the button again
_AGENT_FIELDS = ("outbox", "seq", "ts", "synced")  # the agent says these, nobody else


class StartError(RuntimeError):
    """The agent cannot run; the text is one sentence for the technician."""


@dataclass
class _Slot:
    """A bay, what the rules think of it, and what was reported last."""

    reader: bays.AnyBay
    bay: Bay = Bay()
    distance_m: float | None = None
    reported: str | None = None
    reported_at: float = 0.0


class Agent:
    """Opens the node's state directory, pins and socket at once (StartError); `start` begins to connect and read."""

    def __init__(self, config: Config, ticker: Ticker, pinger: bays.Pinger, factory: Any = None) -> None:
        self.config, self._ticker, self._pinger = config, ticker, pinger
        directory = config.state.directory
        self._clock = status.Clock()
        self._clients: int | None = None
        self._status_due = 0.0
        self._broken = False
        self._connection = threading.Lock()
        with contextlib.ExitStack() as opened:
            try:
                directory.mkdir(parents=True, exist_ok=True, mode=0o750)
                opened.callback(os.close, _lock(directory))
                self._log = _ReferenceLog(config.state.reference_log) if config.state.reference_log else None
                self.outbox = Outbox(
                    directory / "outbox.db",
                    max_rows=config.state.max_rows,
                    max_bytes=config.state.max_bytes,
                    journal=self._log.write if self._log else None,
                )
                opened.callback(self.outbox.close)
                self._slots = [_Slot(bay) for bay in bays.open_bays(config.bays, factory)]
                for slot in self._slots:
                    opened.callback(slot.reader.close)
                self._intake = Intake(directory, self.accept) if config.portal else None
            except (OSError, sqlite3.Error, bays.PinError) as error:
                raise StartError(f"{config.name}: {error}") from error
            self._opened = opened.pop_all()
        self.uplink = Uplink(
            config.name,
            config.broker,
            self.outbox,
            self.status,
            self._keep_bulletin if config.portal else None,
            self._keep_grant if config.portal else None,
            self._connection_changed,
            lambda: ticker.wake(self),
        )

    def start(self) -> None:
        """Begins to read bays, take reports and connect."""
        if self.outbox.replaced:
            body = self._stamped({"code": "outbox_replaced", "text": "The outbox file was damaged; a new one began."})
            self.outbox.put([Message("alarm", body, REPORT)])
        self._write_connection(connected=False)
        if self._intake is not None:
            self._intake.start()
        self._pinger.watch(slot.reader for slot in self._slots)
        self.uplink.start()
        self._ticker.add(self)

    def stop(self) -> None:
        """Says goodbye to the hub and gives everything back, within about 1.5 s."""
        self._ticker.remove(self)
        if self._intake is not None:
            self._intake.close()
        self.uplink.stop()
        self._opened.close()
        _log.info("%s: ended", self.config.name)

    def tick(self, now: float) -> None:
        """Reads the bays, stores what changed, sends what waits; `now` is monotonic seconds."""
        changed = [slot for slot in self._slots if self._sample(slot, now)]
        repeated = [slot for slot in self._slots if slot not in changed and self._repeat_due(slot, now)]
        if changed or repeated:
            self._store(changed, repeated, now)
        self.uplink.pump(now)
        if now >= self._status_due:
            self._status_due = now + self.config.status_s
            self.uplink.report_status()

    def pump(self, now: float) -> None:
        """Only sends what waits."""
        self.uplink.pump(now)

    def accept(self, kind: str, fields: dict[str, object]) -> int:
        """Stores a report of another program on this node and returns its seq; ValueError says what is wrong.

        A session is sent at once or not at all (seq 0): without the line no other node could hear of it.
        """
        known = {key: fields[key] for key in wire.FIELDS[kind] if key in fields and key not in _AGENT_FIELDS}
        body = self._stamped(known)
        if kind == "session":
            body = {"ts": body["ts"], **known}
            wire.check(kind, body)
            self.uplink.say(kind, body)
            return 0
        wire.check(kind, {**body, "outbox": "", "seq": 1})
        if isinstance(clients := body.get("clients"), int):
            self._clients = clients
        return self.outbox.put([Message(kind, body, REPORT)])[-1].seq

    def status(self, state: str, protocol: str) -> dict[str, object]:
        """The body of a status message."""
        figures: dict[str, object] = {
            "ts": wire.format_ms(self._clock.now_ms()),
            "state": state,
            "outbox": self.outbox.id,
            "software": "stadtknoten " + VERSION,
            "protocol": protocol,
        }
        if state == "offline":
            return figures
        figures |= {
            "synced": self._clock.synced(time.monotonic()),
            "uptime_s": status.uptime_s(),
            "waiting": self.outbox.waiting,
            "temperature_c": status.temperature_c(),
            "memory_mb": status.memory_mb(),
            "clients": self._clients,
            "capacity": self.config.capacity,
            "bays": [slot.reader.id for slot in self._slots],
        }
        return {key: value for key, value in figures.items() if value is not None}

    def _sample(self, slot: _Slot, now: float) -> bool:
        """Lets the rules see one sample; True when there is news to store."""
        reading = slot.reader.read(slot.bay.level)
        if reading is not None:
            slot.distance_m = reading.distance_m
            if not is_settled(slot.bay, reading.level):
                slot.bay = observe(slot.bay, reading.level, now, self.config.limits)
        return slot.bay.decided and slot.bay.state != slot.reported

    def _repeat_due(self, slot: _Slot, now: float) -> bool:
        # Without a hub that listens a repetition is worth nothing: it is not even made.
        if slot.reported is None or now - slot.reported_at < self.config.repeat_s:
            return False
        return self.uplink.connected and self.outbox.waiting < self.config.broker.window

    def _store(self, changed: list[_Slot], repeated: list[_Slot], now: float) -> None:
        messages = [self._reading(slot, CHANGE) for slot in changed]
        messages += [self._reading(slot, REPEAT) for slot in repeated]
        try:
            self.outbox.put(messages)
        except (sqlite3.Error, OSError) as error:
            if not self._broken:  # tried again at every tick, said once
                _log.error("%s: readings cannot be stored: %s", self.config.name, error)
            self._broken = True
            return
        self._broken = False
        for slot in changed:
            _log.info("%s: bay %s is %s", self.config.name, slot.reader.id, slot.bay.state)
        for slot in (*changed, *repeated):
            slot.reported, slot.reported_at = slot.bay.state, now

    def _reading(self, slot: _Slot, rank: int) -> Message:
        body: dict[str, object] = {"bay": slot.reader.id, "state": slot.bay.state}
        if slot.distance_m is not None:
            body["distance_m"] = slot.distance_m
        return Message("bay", self._stamped(body), rank)

    def _stamped(self, body: dict[str, object]) -> dict[str, object]:
        synced = self._clock.synced(time.monotonic())
        return {"ts": wire.format_ms(self._clock.now_ms()), "synced": synced, **body}

    def _keep_bulletin(self, payload: bytes) -> None:
        wire.decode("bulletin", payload)
        file = self.config.state.directory / "bulletin.json"
        try:
            if not file.exists() or file.read_bytes() != payload:
                files.replace(file, payload)
        except OSError as error:
            _log.error("%s: the bulletin cannot be written: %s", self.config.name, error)

    def _keep_grant(self, payload: bytes) -> None:
        """Hands the hub's word to the gate as a file; the gate checks the signature and takes the file away."""
        wire.decode("grant", payload)
        folder = self.config.state.directory / "grants"
        try:
            folder.mkdir(exist_ok=True, mode=0o750)
            if sum(1 for _ in folder.iterdir()) < _MOST_GRANTS:
                fresh = folder / "grant.new"
                fresh.write_bytes(payload)
                fresh.rename(folder / f"{time.time_ns()}.json")
        except OSError as error:
            _log.error("%s: a grant cannot be written: %s", self.config.name, error)

    def _connection_changed(self, connected: bool) -> None:
        self._status_due = time.monotonic() + self.config.status_s  # the birth status has just been sent
        self._write_connection(connected=connected)
        if connected:
            self._ticker.wake(self)

    def _write_connection(self, *, connected: bool) -> None:
        if not self.config.portal:
            return
        body = {"connected": connected, "since": wire.format_ms(self._clock.now_ms())}
        try:
            with self._connection:
                files.replace(self.config.state.directory / "uplink.json", json.dumps(body).encode())
        except OSError as error:
            _log.error("%s: uplink.json cannot be written: %s", self.config.name, error)


class _ReferenceLog:
    """One JSON line for each durable message, on disk before the outbox commits it.

    A kill between the two leaves a line whose seq is given again to the next message: of two lines with one
    (outbox, seq) the last is true.
    """

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def write(self, outbox: str, rows: list[Row]) -> None:
        lines = [json.dumps({"kind": row.kind, **row.body(outbox)}, separators=(",", ":")) for row in rows]
        os.write(self._descriptor, ("\n".join(lines) + "\n").encode())
        os.fsync(self._descriptor)


def _lock(directory: Path) -> int:
    """Keeps a second agent out of the directory for as long as the descriptor is open."""
    descriptor = os.open(directory / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StartError(f"another agent is already running with the state directory {directory}") from None
    return descriptor
