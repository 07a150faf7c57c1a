"""Remembers wrong log-ins and sent mails in memory: one web process has them all, and a restart may forgive."""

import threading
from collections import OrderedDict, defaultdict

from hub.account import rules
from hub.account.rules import Limit

_MAX_KEYS = 10_000  # of each kind; the oldest are forgotten first
Key = tuple[str, ...]


class Throttle:
    """Counts by any key, whose first word is its kind; may be called from many threads."""

    def __init__(self) -> None:
        # a map for each kind, so that a flood of one kind makes nothing of another forgotten
        self._kinds: defaultdict[str, OrderedDict[Key, tuple[int, ...]]] = defaultdict(OrderedDict)
        self._lock = threading.Lock()

    def wait_ms(self, keys: dict[Key, Limit], now: int) -> int:
        """How long to wait until every one of these allows another try; 0 = at once."""
        with self._lock:
            return self._wait_ms(keys, now)

    def take(self, keys: dict[Key, Limit], now: int) -> int:
        """Counts a try before it is made, so that many at once cannot share one; how long to wait if there is none."""
        with self._lock:
            wait_ms = self._wait_ms(keys, now)
            if not wait_ms:
                self._note(keys, now)
            return wait_ms

    def give_back(self, keys: dict[Key, Limit], now: int) -> None:
        """The try that was taken at `now` was a right one."""
        with self._lock:
            for key in keys:
                tries = list(self._kinds[key[0]].get(key, ()))
                if now in tries:
                    tries.remove(now)
                    self._kinds[key[0]][key] = tuple(tries)

    def note(self, keys: dict[Key, Limit], now: int) -> None:
        """Counts one wrong try (or one mail) for each key."""
        with self._lock:
            self._note(keys, now)

    def forgive(self, key: Key) -> None:
        """Forgets the failures of one key."""
        with self._lock:
            self._kinds[key[0]].pop(key, None)

    def _wait_ms(self, keys: dict[Key, Limit], now: int) -> int:
        return max(rules.wait_ms(self._kinds[key[0]].get(key, ()), now, limit) for key, limit in keys.items())

    def _note(self, keys: dict[Key, Limit], now: int) -> None:
        for key, limit in keys.items():
            known = self._kinds[key[0]]
            known[key] = (*rules.recent(known.get(key, ()), now, limit), now)
            known.move_to_end(key)
            if len(known) > _MAX_KEYS:
                known.popitem(last=False)


def login_keys(name: str, address: str) -> dict[Key, Limit]:
    """By name and address together, and by address alone."""
    return {name_key(name, address): rules.NAME_AND_ADDRESS, ("address", rules.network(address)): rules.ADDRESS}


def name_key(name: str, address: str) -> Key:
    """The tries for one name from one address."""
    return ("name", name, rules.network(address))


def code_keys(person_id: int, address: str) -> dict[Key, Limit]:
    """Second factors: who guesses them knows the password, so a limit on the person locks nobody else out."""
    one, network = str(person_id), rules.network(address)
    return {("code", one): rules.ADDRESS, ("code from", one, network): rules.NAME_AND_ADDRESS}


def upstream_keys(address: str) -> dict[Key, Limit]:
    """Trips to the upstream provider that ended badly."""
    return {("upstream", rules.network(address)): rules.ADDRESS}


def mail_keys(mail: str, purpose: str, address: str) -> dict[Key, Limit]:
    """Mails that somebody has sent to an address; others keep their own tries."""
    network = rules.network(address)
    return {("mail", purpose, mail, network): rules.MAIL_RECIPIENT, ("mails from", network): rules.MAIL_ADDRESS}


def recipient_keys(mail: str, purpose: str) -> dict[Key, Limit]:
    """Mails to one address, whoever has them sent."""
    return {("mails to", purpose, mail): rules.MAIL_RECIPIENT_FROM_ALL}


def recovery_keys(mail: str, address: str) -> dict[Key, Limit]:
    """Codes of the citizens' office: their 50 bits need no limit on the address of the account."""
    network = rules.network(address)
    return {("recovery", mail, network): rules.NAME_AND_ADDRESS, ("recoveries from", network): rules.ADDRESS}


def held_keys(person_id: int | None, address: str) -> dict[Key, Limit]:
    """Forms that wait for a log-in."""
    if person_id is not None:
        return {("held", str(person_id)): rules.HELD_PERSON}
    return {("held from", rules.network(address)): rules.HELD_ADDRESS}


def plate_keys(stay: str, address: str) -> dict[Key, Limit]:
    """Number plates that somebody types without a log-in: who may try them all learns which cars are here."""
    keys: dict[Key, Limit] = {("plates from", rules.network(address)): rules.PLATES_ADDRESS}
    return keys | ({("plates", stay): rules.PLATES_STAY} if stay else {})
