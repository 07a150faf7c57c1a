"""The agent of one node: bays -> rules -> reference log -> outbox -> uplink, and the portal's reports beside them."""

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edge import VERSION, files, handover, status, wire
from edge.bays import Board, PinError, Pinger, open_bays
from edge.config import Config
from edge.enrolment import certificate_until
from edge.intake import Intake
from edge.light import Light
from edge.outbox import REPORT, Message, Outbox
from edge.referencelog import ReferenceLog
from edge.remote import Commands, RemoteConfig
from edge.section import ConfigError
from edge.services import Services
from edge.ticker import Ticker
from edge.updates import Updates, release_in_use
from edge.uplink import Uplink
from edge.watch import BayWatch, stamp

_log = logging.getLogger(__name__)
_BASELINES_S = 600.0
_BACKUP_S = 3600.0  # said once and may be lost, so it is said often
_MOST_GRANTS = 1000  # files that no gate took; more are dropped, the visitor presses the button again
_AGENT_FIELDS = ("outbox", "seq", "ts", "synced", "boot", "up_ms")  # the agent says these, nobody else


class StartError(RuntimeError):
    """The agent cannot run; the text is one sentence for the technician."""


class Agent:
    """Opens the node's state directory, pins and socket at once (StartError); `start` begins to connect and read.

    `on_restart` is called when the hub asks for a new start of the program; `own_file` is what the hub keeps a copy of.
    """

    def __init__(
        self,
        config: Config,
        ticker: Ticker,
        pinger: Pinger,
        board: Board | None = None,
        on_restart: Callable[[], None] = lambda: None,
        reread: Callable[[], object] = lambda: None,
        own_file: Path | None = None,
        machine: status.Machine | None = None,
    ) -> None:
        self.config, self._ticker, self._pinger = config, ticker, pinger
        self._on_restart, self._reread, self._own_file = on_restart, reread, own_file
        self._machine = machine or status.Machine()
        self._clock = status.Clock(kept=config.host_clock)
        self._release = release_in_use()
        self._clients: int | None = None
        self._status_due = self._baselines_due = self._backup_due = 0.0
        self._broken = False
        self._connection = threading.Lock()
        self._directory = config.state.directory
        self._opened = self._open_all(board or Board())
        self.remote = RemoteConfig(config, self._configure)
        self.remote.load()
        self._services = Services(self._directory)
        self._commands = Commands(self._directory / "commands.json", self._actions())
        self._updates = Updates(self._directory, self._report)
        self.uplink = self._line(config)

    def _open_all(self, board: Board) -> contextlib.ExitStack:
        """What must be given back; StartError, and then it was."""
        with contextlib.ExitStack() as opened:
            try:
                self._directory.mkdir(parents=True, exist_ok=True, mode=0o750)
                opened.callback(os.close, _lock(self._directory))
                self._open(opened, board)
            except (OSError, sqlite3.Error, PinError) as error:
                raise StartError(f"{self.config.name}: {error}") from error
            return opened.pop_all()

    def _actions(self) -> dict[str, Callable[[], str]]:
        return {
            "identify": self._light.identify,
            "restart": self._restart,
            "reread": self._read_again,
            "restart_wifi": self._restart_wifi,
        }

    def _line(self, config: Config) -> Uplink:
        takers: dict[str, Callable[[bytes], None]] = {
            "config": self._take_config,
            "command": self._obey,
            "update": self._updates.receive,
        }
        if config.portal:
            takers |= {"bulletin": self._keep_bulletin, "grant": self._keep_grant}
        return Uplink(
            config.name,
            config.broker,
            self.outbox,
            self.status,
            takers,
            self._connection_changed,
            lambda: self._ticker.wake(self),
        )

    def _open(self, opened: contextlib.ExitStack, board: Board) -> None:
        state = self.config.state
        journal = ReferenceLog(state.reference_log).write if state.reference_log else None
        self.outbox = Outbox(
            self._directory / "outbox.db",
            max_rows=state.max_rows,
            max_bytes=state.max_bytes,
            hard_bytes=state.hard_bytes,
            keep_days=state.keep_days,
            journal=journal,
        )
        opened.callback(self.outbox.close)
        self._light = Light(self.config.led, board.factory)
        opened.callback(self._light.close)
        self._sensors = open_bays(self.config.bays, board)
        self._watch = BayWatch(self._sensors, self.config)
        opened.callback(self._watch.close)
        self._watch.restore(self._kept_baselines(), time.monotonic())
        self._intake = Intake(self._directory, self.accept, self.show)

    def start(self) -> None:
        """Begins to read bays, take reports and connect."""
        if self.outbox.replaced:
            body: dict[str, object] = {
                "code": "outbox_replaced",
                "text": "The outbox file was damaged; a new one began.",
            }
            self.outbox.put([stamp(Message("alarm", body, REPORT), self._clock.stamps())])
        self._write_connection(connected=False)
        self._intake.start()
        self._pinger.watch(self._sensors)
        self.uplink.start()
        self._updates.begin()
        self._ticker.add(self)

    def stop(self) -> None:
        """Says goodbye to the hub and gives everything back, within about 1.5 s."""
        self._ticker.remove(self)
        self._intake.close()
        self._updates.stop()
        self.uplink.stop()
        self._opened.close()
        _log.info("%s: ended", self.config.name)

    def tick(self, now: float) -> None:
        """Reads the bays, stores what changed, sends what waits; `now` is monotonic seconds."""
        self._watch.sample(now)
        messages = self._watch.news()
        # Without a hub that listens a repetition is worth nothing: it is not even made.
        if self.uplink.connected and self.outbox.waiting < self.config.broker.window:
            messages += self._watch.repeats(now)
        if messages:
            self._store(messages, now)
        self.uplink.pump(now)
        if now >= self._status_due:
            self._status_due = now + self.config.status_s
            self._tell_clock(now)
            self.uplink.report_status()
        self._updates.tick(now)
        if now >= self._backup_due and self.uplink.connected:
            self._backup_due = now + _BACKUP_S
            self._send_backup()
        if now >= self._baselines_due:
            self._baselines_due = now + _BASELINES_S
            self._keep_baselines()

    def pump(self, now: float) -> None:
        """Only sends what waits."""
        self.uplink.pump(now)

    def accept(self, kind: str, fields: dict[str, object]) -> int:
        """Stores a report of another program on this node and returns its seq; ValueError says what is wrong.

        A session is sent at once or not at all (seq 0): without the line no other node could hear of it.
        """
        known = {key: fields[key] for key in wire.FIELDS[kind] if key in fields and key not in _AGENT_FIELDS}
        stamps = self._clock.stamps()
        if kind == "session":
            body = {"ts": stamps["ts"], **known}
            wire.check(kind, body)
            self.uplink.say(kind, body)
            return 0
        message = stamp(Message(kind, known, REPORT), stamps)
        wire.check(kind, {**message.body, "outbox": "", "seq": 1})
        if isinstance(clients := message.body.get("clients"), int):
            self._clients = clients
        return self.outbox.put([message])[-1].seq

    def show(self) -> dict[str, object]:
        """What the doctor asks: each bay's state, whether the hub listens and takes it, how much waits for it."""
        line = {"connected": self.uplink.connected, "refused": self.uplink.refusal, "waiting": self.outbox.waiting}
        return {"bays": self._watch.states, **line}

    def status(self, state: str, protocol: str) -> dict[str, object]:
        """The body of a status message."""
        figures: dict[str, object] = {
            **self._clock.stamps(),
            "state": state,
            "outbox": self.outbox.id,
            "software": "stadtknoten " + VERSION,
            "protocol": protocol,
        }
        if state == "offline":
            return {key: figures[key] for key in ("ts", "state", "outbox", "software", "protocol")}
        verdict = self.remote.verdict
        figures |= {
            "waiting": self.outbox.waiting,
            "clients": self._clients,
            "capacity": self.config.capacity,
            "bays": self._watch.ids,
            "config_v": verdict.applied_v or None,
            "refused_v": verdict.refused_v or None,
            "refused_why": verdict.why or None,
            "certificate_until": certificate_until(self._directory),
            **self._machine.figures(self._directory),
            "release": self._release,
            "update": self._updates.status(),
            **handover.obeyed(self.config),
        }
        return {key: value for key, value in figures.items() if value is not None}

    def _store(self, messages: list[Message], now: float) -> None:
        stamps = self._clock.stamps()
        try:
            self.outbox.put([stamp(message, stamps) for message in messages])
        except (sqlite3.Error, OSError) as error:
            if not self._broken:  # tried again at every tick, said once
                _log.error("%s: readings cannot be stored: %s", self.config.name, error)
            self._broken = True
            return
        self._broken = False
        self._watch.told(messages, now)

    def _configure(self, config: Config) -> None:
        self.config = config
        self._watch.configure(config)
        handover.write_wifi(config, self._clock.setting(time.monotonic()))

    def _tell_clock(self, now: float) -> None:
        """Opening times are judged only with a clock that was set; the gate hears when it was."""
        if not self.config.wifi_v:
            return  # there are none
        try:
            handover.write_wifi(self.config, self._clock.setting(now))
        except OSError as error:
            _log.error("%s: wifi.json cannot be written: %s", self.config.name, error)

    def _take_config(self, payload: bytes) -> None:
        self.remote.receive(payload)
        self._backup_due = 0.0  # the hub is there
        self.uplink.report_status()

    def _obey(self, payload: bytes) -> None:
        answer = self._commands.receive(payload, self._clock.now_ms(), self._clock.synced(time.monotonic()))
        if answer is not None:
            self.uplink.say("answer", answer)

    def _report(self) -> None:
        self.uplink.report_status()

    def _restart(self) -> str:
        self._on_restart()
        return "The agent starts anew."

    def _restart_wifi(self) -> str:
        if not self.config.portal:
            raise ConfigError("this node has no WiFi services")
        command = self._commands.asked

        def tell(ok: bool, text: str) -> None:
            now = wire.format_ms(self._clock.now_ms())
            self.uplink.say("answer", {"ts": now, "id": command, "ok": ok, "text": text})

        return self._services.restart(tell)

    def _send_backup(self) -> None:
        body = handover.own_file(self._own_file, self.config.name)
        if body is not None:
            self.uplink.say("backup", {"ts": wire.format_ms(self._clock.now_ms()), **body})

    def _read_again(self) -> str:
        self._reread()
        self._on_restart()
        return "The configuration file is right; the agent starts anew with it."

    def _kept_baselines(self) -> dict[str, object]:
        try:
            kept = json.loads((self._directory / "baselines.json").read_text())
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _keep_baselines(self) -> None:
        baselines = self._watch.baselines()
        if baselines:
            try:
                files.replace(self._directory / "baselines.json", json.dumps(baselines).encode())
            except OSError as error:
                _log.error("%s: baselines cannot be written: %s", self.config.name, error)

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


def _lock(directory: Path) -> int:
    """Keeps a second agent out of the directory for as long as the descriptor is open."""
    descriptor = os.open(directory / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StartError(f"another agent is already running with the state directory {directory}") from None
    return descriptor
