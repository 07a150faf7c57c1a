"""One thread that keeps every agent of a process going: a node has one agent, the simulated town has dozens."""

import logging
import threading
import time
from typing import Protocol

_log = logging.getLogger(__name__)


class Ticking(Protocol):
    """What the ticker calls; `now` is monotonic seconds."""

    def tick(self, now: float) -> None:
        """Regular work."""

    def pump(self, now: float) -> None:
        """Only send what waits."""


class Ticker:
    """Calls `tick` of everything added, every `every_s` seconds, and `pump` at once for who asks with `wake`."""

    def __init__(self, every_s: float = 0.5) -> None:
        self._every_s = every_s
        self._members: tuple[Ticking, ...] = ()
        self._awake: set[Ticking] = set()
        self._condition = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def add(self, member: Ticking) -> None:
        """From now on `member` is called."""
        with self._condition:
            self._members += (member,)

    def remove(self, member: Ticking) -> None:
        """`member` is not called again, once a call that is running has ended."""
        with self._condition:
            self._members = tuple(other for other in self._members if other is not member)

    def wake(self, member: Ticking) -> None:
        """`member.pump` is wanted now."""
        with self._condition:
            self._awake.add(member)
            self._condition.notify()

    def stop(self) -> None:
        """Ends the thread after the present call."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join(2)

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            with self._condition:
                while not (self._stopping or self._awake or time.monotonic() >= due):
                    self._condition.wait(max(0.0, due - time.monotonic()))
                awake, self._awake = self._awake, set()
            for member in awake:
                self._call(member, pump=True)
            if time.monotonic() >= due:
                due = max(due + self._every_s, time.monotonic())
                for member in self._members:
                    self._call(member, pump=False)
            if self._stopping:
                return

    def _call(self, member: Ticking, *, pump: bool) -> None:
        if self._stopping:
            return
        try:
            (member.pump if pump else member.tick)(time.monotonic())
        except Exception:
            _log.exception("a tick failed")  # the next one may succeed; the node must go on
