"""Runs processes side by side and restarts one that ends: on one machine without systemd and in the demo."""

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 8.0
_MAX_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0


@dataclass(frozen=True)
class Program:
    """One process: `arguments` follow the Python interpreter, `environment` is the whole environment.

    `is_once`: its work has an end, it is not started again.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    is_once: bool = False


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 1.0
    due: float = field(default=0.0)


class Supervisor:
    """Starts programs, restarts what ends (after 1 to 30 s), stops all on SIGTERM or SIGINT."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._children = [_Child(program) for program in programs]
        self._stop = threading.Event()

    def start(self) -> None:
        """Starts every program at once."""
        for child in self._children:
            self._launch(child)

    def add(self, program: Program) -> None:
        """Starts one more."""
        child = _Child(program)
        self._children.append(child)
        self._launch(child)

    def run(self) -> None:
        """Watches until a signal comes (call it in the main thread); then ends the children, last one first."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        try:
            while not self._stop.wait(0.3):
                for child in tuple(self._children):
                    self._watch(child)
        finally:
            self.stop()

    def stop(self) -> None:
        """Asks every child to end and kills what has not ended after some seconds."""
        self._stop.set()
        running = [child.process for child in self._children if child.process and child.process.poll() is None]
        for process in reversed(running):
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _launch(self, child: _Child) -> None:
        child.started = time.monotonic()
        child.process = subprocess.Popen(
            [sys.executable, *child.program.arguments],
            env=dict(child.program.environment),
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (no threads before start)
        )

    def _watch(self, child: _Child) -> None:
        process = child.process
        now = time.monotonic()
        if process is not None and process.poll() is not None and child.program.is_once:
            self._children.remove(child)
        elif process is not None and process.poll() is not None:
            steady = now - child.started > _STEADY_SECONDS
            child.pause = 1.0 if steady else min(child.pause * 2, _MAX_PAUSE_SECONDS)
            child.due, child.process = now + child.pause, None
            log.warning(
                "%s ended with code %s, starting again in %.0f s", child.program.name, process.returncode, child.pause
            )
        elif process is None and now >= child.due:
            self._launch(child)


def _die_with_parent() -> None:
    """In the child: end when the supervisor is gone, and leave Ctrl-C to the supervisor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
