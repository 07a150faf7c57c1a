"""Remembers wrong log-ins in memory: one web process has them all, and a restart may forgive."""

import threading
from collections import OrderedDict

from hub.account import rules

_MAX_KEYS = 10_000  # the oldest are forgotten first


class Throttle:
    """Counts failures by (name, address) and by address; may be called from many threads."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, ...], tuple[int, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_ms(self, name: str, address: str, now: int) -> int:
        """How long this address must wait before it tries this name again; 0 = at once."""
        with self._lock:
            return max(rules.wait_ms(self._failures.get(key, ()), now, limit) for key, limit in _keys(name, address))

    def note_failure(self, name: str, address: str, now: int) -> None:
        """Counts one wrong log-in."""
        with self._lock:
            for key, limit in _keys(name, address):
                self._failures[key] = (*rules.recent(self._failures.get(key, ()), now, limit), now)
                self._failures.move_to_end(key)
            while len(self._failures) > _MAX_KEYS:
                self._failures.popitem(last=False)

    def forgive(self, name: str, address: str) -> None:
        """Forgets the failures of somebody who has now logged in; those of the address with other names stay."""
        with self._lock:
            self._failures.pop((name, address), None)


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, ...], rules.Limit], ...]:
    return ((name, address), rules.NAME_AND_ADDRESS), ((address,), rules.ADDRESS)
