"""A node's identity: a key of its own, and the certificate that the hub gives for a one-time code.

The key never leaves the node. The code ends with the beginning of the authority's SHA-256 fingerprint, so nobody in
between can hand out a certificate of another authority.
"""

import hashlib
import json
import ssl
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from edge import files, wire

RENEW_BEFORE_MS = 30 * 86_400_000
CERTIFICATE, AUTHORITY, ABOUT = "node.pem", "hub-ca.crt", "certificate.json"  # node.pem holds the key, too
_TIMEOUT_S = 20.0
_KEY_BEGINS = b"-----BEGIN PRIVATE KEY"


class EnrolmentError(RuntimeError):
    """The hub gave no certificate; the text says why and what to do."""


@dataclass(frozen=True)
class Identity:
    """What the hub answered: the node's name, the broker's address, and until when the certificate is good (ms)."""

    name: str
    broker: str
    until: int


def certificate_until(directory: Path) -> str | None:
    """Until when this node's certificate is good, as it was said with it; None without one."""
    try:
        until = json.loads((directory / ABOUT).read_text())["until"]
        wire.parse_ms(until)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(until)


def enrol(hub: str, code: str, directory: Path) -> Identity:
    """Asks the hub for the first certificate; EnrolmentError or OSError, and then nothing was changed."""
    code = code.strip().upper()
    key, request = _request_for("new")
    answer = _ask(hub, "/api/fleet/enrol", {"code": code, "csr": request})
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(str(answer["authority"]))).hexdigest()[:12].upper()
    if not "".join(letter for letter in code if letter.isalnum()).endswith(fingerprint):
        raise EnrolmentError("Not the hub answered: its authority does not fit the code. Nothing was kept.")
    return _keep(directory, key, answer)


def renew(hub: str, directory: Path, name: str) -> Identity:
    """A new key and certificate for a node that has good ones; the old key signs the request."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pair = (directory / CERTIFICATE).read_bytes()
    old = serialization.load_pem_private_key(pair[pair.index(_KEY_BEGINS) :], None)
    if not isinstance(old, ec.EllipticCurvePrivateKey):
        raise EnrolmentError(f"{directory / CERTIFICATE} holds no key that the hub gave a certificate for")
    key, request = _request_for(name)
    proof = old.sign(request.encode(), ec.ECDSA(hashes.SHA256())).hex()
    certificate = pair[: pair.index(_KEY_BEGINS)].decode()
    body = {"certificate": certificate, "csr": request, "proof": proof}
    return _keep(directory, key, _ask(hub, "/api/fleet/renew", body))


def renew_in_background(config_file: Path, directory: Path, now_ms: int) -> bool:
    """Starts the renewal in a process of its own when the certificate ends within 30 days; True when it did."""
    until = certificate_until(directory)
    if until is None or wire.parse_ms(until) - now_ms > RENEW_BEFORE_MS:
        return False
    subprocess.Popen([sys.executable, "-m", "edge", "renew", "--config", str(config_file)], stdin=subprocess.DEVNULL)
    return True


def _request_for(name: str) -> tuple[bytes, str]:
    """(private key, certificate request), both PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, request.public_bytes(encoding).decode()


def _ask(hub: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    if not hub.startswith(("https://", "http://")):
        raise EnrolmentError("the hub's address ([node] hub) must begin with https://")
    request = Request(hub.rstrip("/") + path, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310 (checked above)
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 (scheme checked above)
            found = json.loads(answer.read(1 << 20))
    except HTTPError as error:
        raise EnrolmentError(_reason(error)) from None
    except ValueError:
        raise EnrolmentError(f"{hub} answered something that is no certificate; is it the hub's address?") from None
    if not isinstance(found, dict) or not {"certificate", "authority", "node", "broker", "until"} <= set(found):
        raise EnrolmentError(f"{hub} answered something that is no certificate; is it the hub's address?")
    return found


def _reason(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read(10_000))["error"])
    except (ValueError, KeyError, TypeError):
        return f"the hub answered {error.code}"


def _keep(directory: Path, key: bytes, answer: dict[str, Any]) -> Identity:
    """Writes the authority, then key and certificate in one file: a power cut leaves a pair that fits, old or new."""
    found = Identity(str(answer["node"]), str(answer["broker"]), wire.parse_ms(str(answer["until"])))
    directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    files.replace(directory / AUTHORITY, str(answer["authority"]).encode())
    files.replace(directory / CERTIFICATE, str(answer["certificate"]).encode() + key, 0o600)
    files.replace(directory / ABOUT, json.dumps({"until": answer["until"]}).encode())
    return found
