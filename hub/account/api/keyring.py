"""The hub's key as the account uses it: seals for tickets and secrets, digests of codes."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from hub.core.sealing import Sealer, subkey


@dataclass(frozen=True)
class Keyring:
    """`secret` has 32 bytes."""

    secret: bytes

    def sealer(self, purpose: str) -> Sealer:
        """Seals that only this purpose can open."""
        return Sealer(self.secret, f"account {purpose}")

    def digest(self, *parts: str) -> str:
        """64 hexadecimal digits; worthless to who has the database but not the key."""
        key, text = subkey(self.secret, "account digests"), "\0".join(parts).encode()
        return hmac.new(key, text, hashlib.sha256).hexdigest()


def token_digest(token: str) -> str:
    """SHA-256 of a long random token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_handle() -> str:
    """A random user handle for WebAuthn, base64url of 32 bytes; says nothing about the person."""
    return secrets.token_urlsafe(32)
