"""Signatures: those of phones and tills are checked here, and the hub makes codes for phones without scripts."""

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.core.sealing import subkey

_SIZE = 32  # bytes of r and of s
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def public_text(key: ec.EllipticCurvePublicKey) -> str:
    """A public key as it travels: the point, 65 bytes, in base64url."""
    raw = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_public(text: str) -> ec.EllipticCurvePublicKey:
    """The key of its text; ValueError for anything else."""
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw)
    if public_text(key) != text:
        raise ValueError("a key has one spelling")
    return key


def fits(public_key: str, content: bytes, signature: bytes) -> bool:
    """Whether the owner of this key signed this content (r and s, 64 bytes)."""
    if len(signature) != 2 * _SIZE:
        return False
    pair = (int.from_bytes(signature[:_SIZE]), int.from_bytes(signature[_SIZE:]))
    try:
        read_public(public_key).verify(encode_dss_signature(*pair), content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer:
    """Signs as phones do; `hub` derives the hub's own key from its secret."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.public_key = public_text(key.public_key())

    @classmethod
    def hub(cls, secret: bytes) -> "Signer":
        """The hub's key: the same in each process, worthless for anything else."""
        seed = hashlib.sha512(subkey(secret, "codes of passes")).digest()
        return cls(ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, _CURVE))

    @classmethod
    def new(cls) -> "Signer":
        """A fresh key."""
        return cls(ec.generate_private_key(_CURVE))

    def sign(self, content: bytes) -> bytes:
        """r and s, 64 bytes."""
        r, s = decode_dss_signature(self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_SIZE) + s.to_bytes(_SIZE)
