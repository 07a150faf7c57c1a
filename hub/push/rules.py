"""Whom the hub may knock at, what it says there, and what the answers mean."""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum

INBOX_PATH, PROBE_PATH = "/konto/postfach", "/konto/hinweise"
TOPICS = {INBOX_PATH: "inbox", PROBE_PATH: "probe"}  # of several notices with one topic the device gets the newest
MAX_DEVICES = 20
MAX_FAILURES = 20  # in a row, then the device is forgotten
MAX_TRIES = 6
MAX_POSTPONED = 6  # how often a service may say "later" with a time
SECOND, HOUR = 1000, 3_600_000
LIFE_MS = 24 * HOUR  # an older notice helps nobody
FORGOTTEN_MS = 180 * 24 * HOUR  # a device that was not logged in so long
_ENDPOINT = re.compile(
    r"https://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::(?P<port>[0-9]{1,5}))?"
    r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*"
)
_MAX_ENDPOINT = 1000
_POINT_BYTES, _SECRET_BYTES = 65, 16


@dataclass(frozen=True)
class Subscription:
    """What a browser gave: its address at the push service, its public key and a secret (both base64url)."""

    endpoint: str
    p256dh: str
    auth: str


class Verdict(Enum):
    """What the push service's answer means."""

    DELIVERED = "delivered"
    GONE = "gone"
    LATER = "later"
    REFUSED = "refused"


def is_push_service(endpoint: str, hosts: Iterable[str]) -> bool:
    """True for https at one of `hosts`: a name, .name for everything below it, name:port for another port than 443.

    Else a "subscription" could make the hub send requests to any machine that it can reach.
    """
    found = _ENDPOINT.fullmatch(endpoint)
    if found is None or len(endpoint) > _MAX_ENDPOINT or ".." in found["host"]:
        return False
    port = found["port"] or "443"
    return any(_fits(found["host"], port, allowed) for allowed in hosts)


def _fits(host: str, port: str, allowed: str) -> bool:
    name, _, wanted = allowed.partition(":")
    if port != (wanted or "443"):
        return False
    return host.endswith(name) and host != name if name.startswith(".") else host == name


def host_of(endpoint: str) -> str:
    """The push service's name, for people."""
    found = _ENDPOINT.fullmatch(endpoint)
    return found["host"] if found else ""


def has_whole_keys(given: Subscription) -> bool:
    """True when key and secret have the right length and form; whether the point is on the curve is for others."""
    point, secret = decode(given.p256dh), decode(given.auth)
    return len(point) == _POINT_BYTES and point[0] == 4 and len(secret) == _SECRET_BYTES  # 4: uncompressed


def decode(text: str) -> bytes:
    """base64url with or without padding; empty for anything else."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}={0,2}", text):
        return b""
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError:
        return b""


def payload(path: str, language: str) -> bytes:
    """All that a notice says; the sentence itself stands in the service worker."""
    return json.dumps({"path": path, "lang": language}, separators=(",", ":")).encode()


def judge(status: int) -> Verdict:
    """RFC 8030: 201 is the usual answer; 404 and 410 say that the subscription is over."""
    if status in (200, 201, 202, 204):
        return Verdict.DELIVERED
    if status in (404, 410):
        return Verdict.GONE
    return Verdict.LATER if status == 429 or status >= 500 else Verdict.REFUSED


def retry_after_ms(value: str, now: int) -> int | None:
    """How long a Retry-After asks to wait, at least a second, at most an hour; None when it says nothing."""
    if re.fullmatch(r"[0-9]{1,9}", value):
        wait = int(value) * SECOND
    else:
        try:
            then = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        wait = int(then.replace(tzinfo=then.tzinfo or UTC).timestamp() * 1000) - now
    return min(max(wait, SECOND), HOUR)
