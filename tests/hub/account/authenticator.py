"""A passkey in software, which answers as a malicious or an honest device would."""

import hashlib
import json
import os
import struct

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url as b64

_PRESENT_VERIFIED, _ATTESTED = 0x05, 0x40


class Authenticator:
    """One key pair for the hub's usual address."""

    def __init__(self, origin: str = "http://localhost:8080", host: str = "localhost") -> None:
        self.origin, self.host = origin, host
        self.id, self.key = os.urandom(32), ec.generate_private_key(ec.SECP256R1())
        self.handle = ""

    def create(self, options: str) -> str:
        """The answer to navigator.credentials.create()."""
        asked = json.loads(options)
        self.handle = asked["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        data = self._data(_PRESENT_VERIFIED | _ATTESTED) + bytes(16) + struct.pack(">H", 32) + self.id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": b64(client), "attestationObject": b64(attestation)})

    def get(self, options: str, *, handle: str | None = None) -> str:
        """The answer to navigator.credentials.get(); an empty `handle` leaves the userHandle out."""
        client, data = self._client("webauthn.get", json.loads(options)["challenge"]), self._data(_PRESENT_VERIFIED)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        named = self.handle if handle is None else handle
        return self._answer(said | ({"userHandle": named} if named else {}))

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + struct.pack(">I", 0)

    def _client(self, kind: str, challenge: str) -> bytes:
        facts = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(facts).encode()

    def _answer(self, response: dict[str, str]) -> str:
        facts = {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response}
        return json.dumps(facts | {"clientExtensionResults": {}})
