"""The hub's own signature (Ed25519): nodes know its public half and believe nobody else."""

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Signer:
    """Signs with a private key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        """ValueError when it is no key."""
        self._key = Ed25519PrivateKey.from_private_bytes(key)

    @property
    def public_key(self) -> str:
        """64 hexadecimal digits, for [roaming] hub_key in a node's configuration."""
        return self._key.public_key().public_bytes_raw().hex()

    def sealed(self, content: object) -> dict[str, object]:
        """{"body": JSON text, "signature": hexadecimal}."""
        body = json.dumps(content, separators=(",", ":"))
        return {"body": body, "signature": self._key.sign(body.encode()).hex()}
