"""Signed notices: HMAC-SHA-256 over the moment and the body, `t=<seconds>,v1=<hexadecimal>`."""

import hashlib
import hmac

from hub.payments.gateway import ForgedError

TOLERANCE_S = 300


def sign(secret: bytes, body: bytes, now: int) -> str:
    """The header's value for a body that is sent at `now` (ms)."""
    at = now // 1000
    return f"t={at},v1={_seal(secret, body, at)}"


def check(secret: bytes, header: str, body: bytes, now: int) -> None:
    """ForgedError unless the header belongs to the body and is not older (or newer) than five minutes."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at = parts.get("t", "")
    if not at.isascii() or not at.isdigit() or len(at) > 12:
        raise ForgedError("the notice is not signed")
    if not hmac.compare_digest(_seal(secret, body, int(at)).encode(), parts.get("v1", "").encode()):
        raise ForgedError("the signature does not fit")
    if abs(now // 1000 - int(at)) > TOLERANCE_S:
        raise ForgedError("the notice is too old")


def _seal(secret: bytes, body: bytes, at: int) -> str:
    return hmac.new(secret, str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
