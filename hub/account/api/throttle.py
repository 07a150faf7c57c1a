"""Remembers wrong log-ins and sent mails in memory: one web process has them all, and a restart may forgive."""

import threading
from collections import OrderedDict

from hub.account import rules
from hub.account.rules import Limit

_MAX_KEYS = 10_000  # the oldest are forgotten first
Key = tuple[str, ...]


class Throttle:
    """Counts by any key; may be called from many threads."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Key, tuple[int, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_ms(self, keys: dict[Key, Limit], now: int) -> int:
        """How long to wait until every one of these allows another try; 0 = at once."""
        with self._lock:
            return max(rules.wait_ms(self._failures.get(key, ()), now, limit) for key, limit in keys.items())

    def note(self, keys: dict[Key, Limit], now: int) -> None:
        """Counts one wrong try (or one mail) for each key."""
        with self._lock:
            for key, limit in keys.items():
                self._failures[key] = (*rules.recent(self._failures.get(key, ()), now, limit), now)
                self._failures.move_to_end(key)
            while len(self._failures) > _MAX_KEYS:
                self._failures.popitem(last=False)

    def forgive(self, key: Key) -> None:
        """Forgets the failures of one key."""
        with self._lock:
            self._failures.pop(key, None)


def login_keys(name: str, address: str) -> dict[Key, Limit]:
    """By name and address together, and by address alone."""
    return {("name", name, address): rules.NAME_AND_ADDRESS, ("address", address): rules.ADDRESS}


def code_keys(person_id: int, address: str) -> dict[Key, Limit]:
    """Second factors: who guesses them knows the password, so a limit on the person locks nobody else out."""
    return {("code", str(person_id)): rules.ADDRESS, ("code", str(person_id), address): rules.NAME_AND_ADDRESS}


def upstream_keys(address: str) -> dict[Key, Limit]:
    """Trips to the upstream provider that ended badly."""
    return {("upstream", address): rules.ADDRESS}


def mail_keys(mail: str, address: str) -> dict[Key, Limit]:
    """Mails that somebody has sent to an address."""
    return {("mail", mail): rules.MAIL_RECIPIENT, ("mails from", address): rules.MAIL_ADDRESS}
