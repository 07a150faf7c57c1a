"""The key pair with which the hub names itself to push services (VAPID, RFC 8292)."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def private_key(seed: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of 32 random bytes; ValueError for another number of bytes."""
    if len(seed) != 32:
        raise ValueError("the key for push services has 32 bytes")
    return ec.derive_private_key(int.from_bytes(seed) % (_ORDER - 1) + 1, ec.SECP256R1())


def public_key(seed: bytes) -> str:
    """What a browser subscribes with: base64url of the uncompressed point."""
    point = private_key(seed).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def as_pem(seed: bytes) -> tuple[bytes, bytes]:
    """(private, public) in PEM."""
    key = private_key(seed)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def is_point(encoded: bytes) -> bool:
    """Whether a browser's key lies on the curve."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded)
    except ValueError:
        return False
    return True
