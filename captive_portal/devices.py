"""Keyed hashes of devices, and the grants with which the town's nodes hand a visitor on.

Every node of the town holds the same key of the day. Tomorrow's key is the hash of today's, so the nodes agree without
talking to each other, and nobody can go back: once a key is gone, the hashes of that day name no device any more.
"""

import hashlib
import hmac
import json
import logging
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from captive_portal.sessions import read_or_make

_log = logging.getLogger(__name__)
_LONGEST_GRANT_MS = 24 * 3600 * 1000
_OLDEST_GRANT_MS = 10 * 60 * 1000
_MOST_DAYS = 400


class GrantError(ValueError):
    """A grant that this node does not believe; the text says why."""


@dataclass(frozen=True)
class DayKeys:
    """The key of `day` and of the day before."""

    day: date
    key: bytes
    before: bytes


def advanced(keys: DayKeys, today: date) -> DayKeys:
    """The keys of `today`; earlier days cannot be reached, more than 400 days ahead is not believed."""
    if (today - keys.day).days > _MOST_DAYS:
        return keys
    while keys.day < today:
        keys = DayKeys(keys.day + timedelta(days=1), hashlib.sha256(b"next day" + keys.key).digest(), keys.key)
    return keys


def device_hash(key: bytes, mac: str) -> str:
    """32 hexadecimal digits that name a device under this key."""
    return hmac.digest(key, mac.encode(), hashlib.sha256)[:16].hex()


class Devices:
    """Hashes of devices under today's key, kept in a file of mode 0600."""

    def __init__(self, path: Path, today: Callable[[], date]) -> None:
        """OSError if `path` is unusable. A clock in the past changes nothing, as a Pi without a clock chip starts."""
        self._path, self._today = path, today
        self._keys = self._read(today())
        self._renew()

    def current(self, mac: str) -> str:
        """The hash under today's key."""
        self._renew()
        return device_hash(self._keys.key, mac)

    def names(self, mac: str) -> tuple[str, str]:
        """The hashes under today's and under yesterday's key."""
        return self.current(mac), device_hash(self._keys.before, mac)

    def _renew(self) -> None:
        today = self._today()
        if self._keys.day >= today:
            return
        self._keys = advanced(self._keys, today)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        read_or_make(fresh, _written(self._keys))
        fresh.replace(self._path)

    def _read(self, today: date) -> DayKeys:
        first = DayKeys(today, os.urandom(32), os.urandom(32))
        try:
            fields = json.loads(read_or_make(self._path, _written(first)))
            key = bytes.fromhex(fields["key"])
            return DayKeys(date.fromisoformat(fields["day"]), key, bytes.fromhex(fields.get("before") or key.hex()))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise OSError(f"{self._path} does not hold a day and a key") from None


def _written(keys: DayKeys) -> bytes:
    return json.dumps({"day": keys.day.isoformat(), "key": keys.key.hex(), "before": keys.before.hex()}).encode()


def read_grants(message: bytes, node: str, hub_key: bytes, now_ms: int) -> dict[str, int]:
    """device hash -> end (UTC ms) out of a signed message of the hub for this node; GrantError otherwise.

    {"body": "{\"node\":...,\"ts\":ms,\"grants\":[[hash, ms], ...]}", "signature": hex of Ed25519 over the body's bytes}
    """
    try:
        fields = json.loads(message)
        body = fields["body"]
        Ed25519PublicKey.from_public_bytes(hub_key).verify(bytes.fromhex(fields["signature"]), body.encode())
        content = json.loads(body)
        grants = {str(name): int(until) for name, until in content["grants"]}
        sent = int(content["ts"])
    except InvalidSignature:
        raise GrantError("the signature is not the hub's") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise GrantError("it cannot be read") from None
    if content.get("node") != node:
        raise GrantError("it is meant for another node")
    if not now_ms - _LONGEST_GRANT_MS < sent < now_ms + _OLDEST_GRANT_MS:
        raise GrantError("it is from another day")
    return {name: until for name, until in grants.items() if now_ms < until <= now_ms + _LONGEST_GRANT_MS}


class Grants:
    """Grants in memory, fed by the files that the agent puts into a folder."""

    def __init__(self, folder: Path | None, node: str, hub_key: bytes | None) -> None:
        self._folder, self._node, self._hub_key = folder, node, hub_key
        self._until: dict[str, int] = {}

    def collect(self, now_ms: int) -> None:
        """Take in and delete what lies in the folder; forget what is over."""
        self._until = {name: until for name, until in self._until.items() if until > now_ms}
        if self._folder is None or not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json"))[:100]:
            self._take(path, now_ms)

    def until_ms(self, names: tuple[str, ...]) -> int | None:
        """When the grant of a device ends, given its hashes; None without one."""
        return max((self._until[name] for name in names if name in self._until), default=None)

    def __bool__(self) -> bool:
        return bool(self._until)

    def _take(self, path: Path, now_ms: int) -> None:
        try:
            message = regular_content(path)
            path.unlink()
            if self._hub_key is not None:
                self._until |= read_grants(message, self._node, self._hub_key, now_ms)
        except GrantError as error:
            _log.warning("a grant was not believed: %s", error)
        except OSError as error:
            _log.warning("a grant could not be read: %s", error.strerror)


def regular_content(path: Path) -> bytes:
    """At most 64 KiB of a regular file; b"" for a link, a pipe or whatever else another user put there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(64 * 1024) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
