"""Small secrets that leave the process or rest in the database: sealed with a key that is derived for one purpose.

Fernet (AES-128-CBC and HMAC-SHA-256) with subkeys by HKDF of the hub's own key, so that a ticket for one purpose is
worthless for another.
"""

import base64
import json
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


@cache
def subkey(key: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose; what is signed with them is worthless for another (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"stadtknoten {purpose}".encode()).derive(key)


class Sealer:
    """Seals and opens for one purpose; `key` has 32 bytes."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key, self._purpose = key, purpose

    @cached_property
    def _fernet(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(subkey(self._key, self._purpose)))

    def seal(self, text: str) -> str:
        """The text, unreadable for others; about 4/3 as long and 100 characters more."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again; ValueError when it was not sealed with this key for this purpose.

        One seal has one spelling, so that its digest can name it where it counts once.
        """
        try:
            text = self._fernet.decrypt(sealed.encode()).decode()
            is_spelled_well = base64.urlsafe_b64encode(base64.urlsafe_b64decode(sealed)).decode() == sealed
        except (InvalidToken, ValueError):
            raise ValueError("this seal is not ours") from None
        if not is_spelled_well:  # Fernet passes over blanks and foreign characters
            raise ValueError("this seal is not ours")
        return text

    def ticket(self, facts: Mapping[str, Any], until: int) -> str:
        """Facts that a browser may carry but neither read nor change; `until` in ms."""
        return self.seal(json.dumps({"until": until, "facts": dict(facts)}, separators=(",", ":")))

    def read_ticket(self, ticket: str, now: int) -> dict[str, Any]:
        """The facts; ValueError when the ticket is false or over."""
        content = json.loads(self.open(ticket))
        if now >= content["until"]:
            raise ValueError("this ticket is over")
        facts: dict[str, Any] = content["facts"]
        return facts
