"""argon2id in one thread of low priority, so that log-ins never slow the pages down.

A hash costs about 0.1 s and 64 MiB. Beyond four waiting callers the next one is refused at once.
"""

import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

MAX_WAITING = 4
_NICENESS = 10


class BusyError(Exception):
    """Too many log-ins at this moment; the next one should try again in some seconds."""


class Hasher:
    """Makes and checks password hashes; RFC 9106's second choice with one lane (3 passes, 64 MiB)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._argon2 = hasher or PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
        self._thread = ThreadPoolExecutor(1, "argon2", initializer=_be_nice)
        self._seats = threading.BoundedSemaphore(1 + MAX_WAITING)
        self._nobody = self._thread.submit(self._argon2.hash, secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """The hash to store. BusyError when too many wait."""
        return self._run(lambda: self._argon2.hash(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """True when `password` belongs to `stored`; takes the same time for None (an unknown name)."""
        against = self._nobody.result() if stored is None else stored
        return self._run(lambda: self._matches(against, password)) and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """True when `stored` was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _run(self, work: Callable[[], T]) -> T:
        if not self._seats.acquire(blocking=False):
            raise BusyError
        try:
            return self._thread.submit(work).result()
        finally:
            self._seats.release()


def _be_nice() -> None:
    """Lowers the priority of this thread alone (on Linux a thread has its own)."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
